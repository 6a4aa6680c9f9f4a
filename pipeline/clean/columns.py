"""The columns of raw rows: their names, and their values as text.

as_text          a column as text, whatever its type
storable         a text as every source can hold it
typed_instant    an instant as a literal of a type of timestamps
surplus_fields   the columns that hold what a row of CSV has beyond its header
surplus          all of these as one column
"""

import polars as pl

from store_uptime.pipeline.errors import SourceMismatch

SURPLUS = "surplus"  # what a row of CSV holds beyond its header, as a rejects file of ours says it
MISQUOTED = "misquoted"  # a whole line whose quotes do not match; only text that is read line by line has it
BEYOND_HEADER = tuple(f"{SURPLUS} {number}" for number in range(1, 5))  # what it holds there itself; each costs time
WRITABLE_US = 8_200_000_000_000_000_000
"""How far from 1970 Polars writes an instant as text: some 260 000 years."""
UNREADABLE = "\ufffd"
FILE, LINE = "file", "line"  # where a row stands; only rows of files have them


def as_text(name: str, kinds: pl.Schema) -> pl.Expr:
    """A column as the text that a CSV file would hold; a whole number has no decimals, whatever its type."""
    kind, column = kinds[name], pl.col(name)
    if kind == pl.String:
        return column
    if kind.is_nested() or kind in (pl.Object, pl.Duration):
        raise SourceMismatch(
            name, f"the column is of type {kind}", "it must be text, or a type that can be written as text"
        )
    if isinstance(kind, pl.Datetime):
        # Polars panics at an instant that its own calendar does not have: such a one is its number, with the unit, so
        # that nobody reads it as another time.
        written = column.is_between(typed_instant(-WRITABLE_US, kind), typed_instant(WRITABLE_US, kind))
        number = pl.format(f"{{}} {kind.time_unit} since 1970", column.to_physical())
        return pl.coalesce(pl.when(written).then(column).cast(pl.String), number)
    text = column.cast(pl.String)
    # Whole numbers become floats where a value is missing (pandas does so): 3.0 is the weekday 3.
    return text.str.replace(r"\.0+$", "") if kind.is_float() or kind.is_decimal() else text


def storable(text: pl.Expr) -> pl.Expr:
    """A text without NUL, which PostgreSQL cannot hold: `UNREADABLE` instead, as for bytes that are not UTF-8."""
    return text.str.replace_all("\0", UNREADABLE, literal=True)


def typed_instant(us: int, kind: pl.DataType) -> pl.Expr:
    """The first instant of a type of timestamps that is not before another: a literal of that type."""
    unit = kind.time_unit if isinstance(kind, pl.Datetime) else "us"
    steps = us * 1_000 if unit == "ns" else -(-us // 1_000) if unit == "ms" else us
    # Nanoseconds in int64 reach from 1677 to 2262: an instant before or after is before or after all of the column.
    return pl.lit(min(max(steps, -(2**63)), 2**63 - 1), pl.Int64).cast(kind)


def surplus_fields(kinds: pl.Schema) -> list[str]:
    """The columns with what a row has beyond its header, or with the whole row where its quotes do not match."""
    return [name for name in (SURPLUS, MISQUOTED, *BEYOND_HEADER) if name in kinds]


def surplus(kinds: pl.Schema) -> pl.Expr:
    """The column `surplus`: what a row has beyond its header, with commas between; null where that is nothing."""
    fields = [pl.col(name).fill_null("") for name in surplus_fields(kinds)]
    # A delimiter at the end of each row gives empty fields, which are no surplus.
    text = pl.concat_str(fields, separator=",").str.strip_chars_end(",") if fields else pl.lit("")
    return pl.when(text != "").then(text).alias(SURPLUS)
