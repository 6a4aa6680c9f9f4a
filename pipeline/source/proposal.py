"""A source in, a mapping to edit out, proposed by its names and values: docs/semantics.md, "Mapping".

What is certain is written; what is doubtful is commented out, with the reason. People read it before it counts.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from store_uptime.pipeline.calendar.tzdata import known_zones
from store_uptime.pipeline.clean.instants import instant_of_text
from store_uptime.pipeline.clean.local_times import local_time_us
from store_uptime.pipeline.durations import UNIT_US
from store_uptime.pipeline.instants import iso
from store_uptime.pipeline.mapping.likeness import ACTIVE, INACTIVE, SURE, USUAL, YES_OR_NO, likeness, optional_columns
from store_uptime.pipeline.mapping.mapping_rules import toml_value, word_text
from store_uptime.pipeline.mapping.time_units import YEARS_US
from store_uptime.pipeline.source.probable_tables import ROWS, ProbableTable, probable_tables
from store_uptime.pipeline.tables import COLUMNS, NEEDED_COLUMNS, SPACE, Table
from store_uptime.pipeline.text import counted, most_frequent_first

WORDS_SHOWN, SAMPLES = 20, 3
LETTERS, SAMPLE_LETTERS = 100, 36  # of a text in a comment; a UUID is shown whole
# The columns that are recognised by their values alone: other columns rarely have such values.
TELLING = ("timestamp_utc", "status", "start_time_local", "end_time_local", "timezone_str")
# The columns whose values must have a form that no mapping can change.
FORMED = ("timestamp_utc", "start_time_local", "end_time_local", "timezone_str")
NOT_NEEDED = ("# No mapping is needed: tables, columns, statuses, weekdays and times are as usual.",)
HEADING = (
    "# What this source calls things, for --map: as far as its names and values tell.",
    "# Read each line. One that is doubtful is commented out: take the # away if it is right.",
)


@dataclass(frozen=True)
class Entry:
    """A line of a mapping: key, value as TOML, and a note on its values. doubt: why it is commented out, if it is."""

    key: str
    value: str
    note: str = ""
    doubt: str | None = None

    def __str__(self) -> str:
        line = f"{self.key} = {self.value}" if self.key else self.value
        if self.doubt is not None:
            return f"# {line}  # doubtful: {self.doubt}{self.note and f'; {self.note}'}"
        return f"{line}  # {self.note}" if self.note else line


def proposed_mapping(address: str, schema: str | None = None) -> str:
    """A mapping for a source, as TOML with comments on what its tables hold. Raises what opening the source raises.

    address, schema: as for `open_source`. Where a source has the usual names and words it says that none is needed.
    """
    found = probable_tables(address, schema)
    entries = {
        table: list(entries_of(found[table])) if table in found else [absent_table_entry(table)]
        for table in NEEDED_COLUMNS
        if table in COLUMNS or table in found
    }
    lines = list(HEADING if any(entries.values()) else NOT_NEEDED)
    for table, table_entries in entries.items():
        lines += ["", f"[{table}]{location_comment(found.get(table))}", *map(str, table_entries)]
    return "\n".join(lines) + "\n"


def location_comment(table: ProbableTable | None) -> str:
    if table is None:
        return ""
    first = "the first " if table.rows.height == ROWS else ""
    return f"  # {in_comment(table.location)}, {first}{counted(table.rows.height, 'row')}"


def absent_table_entry(table: Table) -> Entry:
    """That no table is like one of ours."""
    return Entry("store_id", '"…"', doubt=f"nothing is like {table} ({', '.join(COLUMNS[table])})")


def entries_of(table: ProbableTable) -> Iterator[Entry]:
    """The lines of a mapping for a table."""
    if table.name not in {None, table.table}:
        yield Entry("table", toml_value(table.name or ""))
    if table.table == "stores":
        yield from stores_entries(table)
        return
    for column in COLUMNS[table.table]:
        yield from column_entries(table, column)
    for column, name in optional_columns(table.table, table.present).items():
        yield Entry(column, toml_value(name))
    if table.table == "store_status":
        yield from unit_entries(table)
        yield from word_entries(table)
    elif table.table == "menu_hours":
        yield from monday_entries(table)


def stores_entries(table: ProbableTable) -> Iterator[Entry]:
    """The lines of a mapping for a table of stores, which has further columns of any names."""
    for column, name in table.columns.items():
        if likeness(column, name) < USUAL:
            yield Entry(column, toml_value(name), samples(table, column) if column in table.rows.columns else "")


# Names ----------------------------------------------------------------------------------------------------------------


def column_entries(table: ProbableTable, column: str) -> Iterator[Entry]:
    """The line with the name of a column, unless it has its standard name."""
    name = table.columns.get(column)
    if name is None:
        yield Entry(column, '"…"', doubt=f"no column is like it; there are {in_comment(', '.join(table.present))}")
    elif likeness(column, name) < USUAL:
        yield Entry(column, toml_value(name), samples(table, column), doubt_of(table, column, name))
    elif column in FORMED and not fits(table, column):
        yield Entry("", f"{column}: {samples(table, column)}", doubt="no form that is read, and no mapping says how")


def doubt_of(table: ProbableTable, column: str, name: str) -> str | None:
    """Why a column may be the wrong one."""
    near = likeness(column, name)
    if near < SURE and not speaks_for(table, column, name):
        return "the names are only somewhat alike"
    taken = table.columns.values()
    rivals = [other for other in table.present if other not in taken and likeness(column, other) >= min(near, SURE)]
    if rivals:
        return f"it may also be {in_comment(', '.join(rivals))}"
    return None if fits(table, column) else "its values do not look like it"


def speaks_for(table: ProbableTable, column: str, name: str) -> bool:
    """Whether all values are such as only this column has, and the name is not that of another of our columns."""
    other_columns = [other for other in COLUMNS[table.table] if other != column]
    if column not in TELLING or any(may_be(table, other, name, likeness(column, name)) for other in other_columns):
        return False
    rows = table.rows.drop_nulls(column)
    return not rows.is_empty() and rows.select(telling_test_of(column, rows.schema).all()).item()


def may_be(table: ProbableTable, column: str, name: str, least: float) -> bool:
    """Whether the likeness of a name to a column is at least so much, and that of no other name is higher."""
    found = table.columns.get(column)
    return likeness(column, name) >= max(least, 0 if found is None else likeness(column, found))


def telling_test_of(column: str, kinds: pl.Schema) -> pl.Expr:
    """Whether a value is one that only this column has."""
    match column:
        case "timestamp_utc":
            return instant_of_text(pl.col(column)).is_not_null()
        case "status":
            words = sorted({*ACTIVE, *INACTIVE} - YES_OR_NO)
            return pl.col(column).str.strip_chars(SPACE).str.to_lowercase().is_in(words)
        case _:
            return test_of(column, kinds)


def fits(table: ProbableTable, column: str) -> bool:
    """Whether at least half of a column's values are of the kind that it should have."""
    rows = table.rows.drop_nulls(column)
    return rows.is_empty() or 2 * rows.filter(test_of(column, rows.schema)).height >= rows.height


def test_of(column: str, kinds: pl.Schema) -> pl.Expr:
    """Whether a value is of the kind that a column should have."""
    text = pl.col(column)
    match column:
        case "timestamp_utc":
            return instant_of_text(text).is_not_null() | number_of(text).is_not_null()
        case "status":
            return text.n_unique() <= WORDS_SHOWN
        case "day_of_week":
            return text.str.strip_chars(SPACE).str.contains("^[0-9]$")
        case "start_time_local" | "end_time_local":
            return local_time_us(column, kinds).is_not_null()
        case "timezone_str":
            return text.str.strip_chars(SPACE).is_in(sorted(known_zones()))
        case _:
            return pl.lit(True)


# Values ---------------------------------------------------------------------------------------------------------------


def unit_entries(table: ProbableTable) -> Iterator[Entry]:
    """The line with the unit of timestamps that are numbers."""
    if table.is_typed or "timestamp_utc" not in table.columns:
        return
    numbers = table.rows.select(number_of(pl.col("timestamp_utc"))).to_series().drop_nulls()
    if 2 * len(numbers) <= table.rows.height:
        return
    smallest, largest = numbers.quantile(0.01, "nearest"), numbers.quantile(0.99, "nearest")
    for unit, unit_us in UNIT_US.items():
        first_us, last_us = int((smallest or 0) * unit_us), int((largest or 0) * unit_us)
        if YEARS_US[0] <= first_us and last_us < YEARS_US[1]:
            yield Entry("timestamp_unit", toml_value(unit), f"from {iso(first_us)} to {iso(last_us)}")
            return
    doubt = "numbers are no times between 1990 and 2100 in any unit"
    yield Entry("timestamp_unit", '"s"', samples(table, "timestamp_utc"), doubt)


def word_entries(table: ProbableTable) -> Iterator[Entry]:
    """The lines with the words for active and inactive."""
    if "status" not in table.columns:
        return
    counts = word_counts(table)
    if counts.keys() <= {"active", "inactive"}:
        return
    if len(counts) > WORDS_SHOWN:
        doubt = f"there are {len(counts):,} different words"
        yield Entry("active", '["active"]', samples(table, "status"), doubt)
        return
    for key, known in (("active", ACTIVE), ("inactive", INACTIVE)):
        words: list[str] = [word for word in counts if word in known]
        listed = f"[{', '.join(map(word_toml, words or [key]))}]"
        yield Entry(key, listed, with_counts(counts, words), None if words else "no known word means it")
    unknown = [word for word in counts if word not in (*ACTIVE, *INACTIVE)]
    if unknown:
        yield Entry("", f"in neither, so rejected: {with_counts(counts, unknown)}", doubt="put each where it belongs")


def word_counts(table: ProbableTable) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for text, rows in table.rows["status"].drop_nulls().value_counts(name="rows").iter_rows():
        counts[word_text(text)] += rows
    return most_frequent_first({word: rows for word, rows in counts.items() if word})


def word_toml(word: str) -> str:
    is_plain = word in {"true", "false"} or (word.isascii() and word.isdigit() and str(int(word)) == word)
    return word if is_plain else toml_value(word)


def with_counts(counts: dict[str, int], words: Sequence[str]) -> str:
    return ", ".join(f"{in_comment(word)}: {counted(counts[word], 'row')}" for word in words)


def monday_entries(table: ProbableTable) -> Iterator[Entry]:
    if "day_of_week" not in table.columns:
        return
    text = pl.col("day_of_week").str.strip_chars(SPACE)
    digits = table.rows.select(text.str.extract("^([0-9])$").cast(pl.Int8)).to_series().drop_nulls()
    if digits.is_empty():
        if table.rows.height:
            yield Entry("monday", "1", samples(table, "day_of_week"), "weekdays must be numbers")
        return
    first, last = digits.min(), digits.max()
    found = f"weekdays from {first} to {last}"
    if first == 0 and last == 7:
        yield Entry("monday", "1", found, "they are counted from 0 and from 1")
    elif last == 7:
        yield Entry("monday", "1", f"{found}; if 1 is Monday and 7 Sunday")
    elif first != 0:
        yield Entry("monday", "1", found, "they may be counted from 0, without Monday, or from 1, without Sunday")


def number_of(text: pl.Expr) -> pl.Expr:
    number = text.str.strip_chars(SPACE).cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)


# Comments -------------------------------------------------------------------------------------------------------------


def samples(table: ProbableTable, column: str) -> str:
    """A few values of a column, for a comment."""
    values = table.rows[column].drop_nulls().unique(maintain_order=True).head(SAMPLES)
    return "such as " + ", ".join(in_comment(value, SAMPLE_LETTERS) for value in values) if len(values) else "no value"


def in_comment(text: str, most: int = LETTERS) -> str:
    """A text for a comment: on one line, and cut where it is long."""
    plain = json.dumps(text[:most], ensure_ascii=False)[1:-1].replace("\x7f", "")
    return plain if len(text) <= most else f"{plain}…"
