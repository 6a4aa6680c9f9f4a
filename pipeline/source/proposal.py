"""A mapping to edit, proposed from what a source holds: docs/semantics.md, "Mapping".

What is certain is written; what is doubtful is commented out, with the reason. People read it before it counts.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from store_uptime.pipeline.calendar.tzdata import known_zones
from store_uptime.pipeline.clean.rules import instant_of_text, time_of_day
from store_uptime.pipeline.mapping.likeness import ACTIVE, INACTIVE, SURE, USUAL, YES_OR_NO, likeness
from store_uptime.pipeline.mapping.mapping_rules import toml_value, word_text
from store_uptime.pipeline.mapping.time_units import YEARS_US
from store_uptime.pipeline.options import UNIT_US, iso
from store_uptime.pipeline.source.seen import ROWS, SeenTable, seen_tables
from store_uptime.pipeline.tables import COLUMNS, SPACE, Table
from store_uptime.pipeline.text import counted, most_frequent_first

WORDS_SHOWN, SAMPLES = 20, 3
LETTERS, SAMPLE_LETTERS = 100, 36  # of a text in a comment; a UUID is shown whole
TELLING = ("timestamp_utc", "status", "start_time_local", "end_time_local", "timezone_str")
"""The columns whose values speak for them."""
FORMED = ("timestamp_utc", "start_time_local", "end_time_local", "timezone_str")


@dataclass(frozen=True)
class Entry:
    """A line of a mapping: key, value as TOML, and what was seen. doubt: why it is commented out, if it is."""

    key: str
    value: str
    seen: str = ""
    doubt: str | None = None

    def __str__(self) -> str:
        line = f"{self.key} = {self.value}" if self.key else self.value
        if self.doubt is not None:
            return f"# {line}  # doubtful: {self.doubt}{self.seen and f'; {self.seen}'}"
        return f"{line}  # {self.seen}" if self.seen else line


def proposed_mapping(address: str, schema: str | None = None) -> str:
    """A mapping for a source, as TOML with comments on what was seen. Raises what opening the source raises.

    address, schema: as for `open_source`. Where a source has the usual names and words it says that none is needed.
    """
    seen = seen_tables(address, schema)
    entries = {table: list(entries_of(seen[table])) if table in seen else [missing(table)] for table in COLUMNS}
    is_needed = any(entries.values())
    lines = [*heading(is_needed)]
    for table, found in entries.items():
        lines += ["", f"[{table}]{place(seen.get(table))}", *map(str, found)]
    return "\n".join(lines) + "\n"


def heading(is_needed: bool) -> Iterator[str]:
    """What the file is."""
    if not is_needed:
        yield "# No mapping is needed: tables, columns, statuses, weekdays and times are as usual."
        return
    yield "# What this source calls things, for --map: as far as its names and values tell."
    yield "# Read each line. One that is doubtful is commented out: take the # away if it is right."


def place(seen: SeenTable | None) -> str:
    """Where a table was found, as the comment behind its name."""
    if seen is None:
        return ""
    first = "the first " if seen.rows.height == ROWS else ""
    return f"  # {in_comment(seen.place)}, {first}{counted(seen.rows.height, 'row')}"


def missing(table: Table) -> Entry:
    """That no table is like one of ours."""
    return Entry("store_id", '"…"', doubt=f"nothing is like {table} ({', '.join(COLUMNS[table])})")


def entries_of(seen: SeenTable) -> Iterator[Entry]:
    """What a mapping has to say of a table."""
    if seen.name not in {None, seen.table}:
        yield Entry("table", toml_value(seen.name or ""))
    for column in COLUMNS[seen.table]:
        yield from column_entries(seen, column)
    if seen.table == "store_status":
        yield from unit_entries(seen)
        yield from word_entries(seen)
    elif seen.table == "menu_hours":
        yield from monday_entries(seen)


# Names ----------------------------------------------------------------------------------------------------------------


def column_entries(seen: SeenTable, column: str) -> Iterator[Entry]:
    """What a column is called, unless it has its usual name."""
    name = seen.columns.get(column)
    if name is None:
        yield Entry(column, '"…"', doubt=f"no column is like it; there are {in_comment(', '.join(seen.present))}")
    elif likeness(column, name) < USUAL:
        yield Entry(column, toml_value(name), samples(seen, column), doubt_of(seen, column, name))
    elif column in FORMED and not fits(seen, column):
        yield Entry("", f"{column}: {samples(seen, column)}", doubt="no form that is read, and no mapping says how")


def doubt_of(seen: SeenTable, column: str, name: str) -> str | None:
    """Why a column may be another one."""
    near = likeness(column, name)
    if near < SURE and not speaks_for(seen, column, name):
        return "the names are only somewhat alike"
    taken = seen.columns.values()
    rivals = [other for other in seen.present if other not in taken and likeness(column, other) >= min(near, SURE)]
    if rivals:
        return f"it may also be {in_comment(', '.join(rivals))}"
    return None if fits(seen, column) else "its values do not look like it"


def speaks_for(seen: SeenTable, column: str, name: str) -> bool:
    """Whether all values are such as hardly another column has, and no other of ours may be meant by the name."""
    others = [other for other in COLUMNS[seen.table] if other != column]
    if column not in TELLING or any(may_be(seen, other, name, likeness(column, name)) for other in others):
        return False
    rows = seen.rows.drop_nulls(column)
    return not rows.is_empty() and rows.select(telling_test_of(column, rows.schema).all()).item()


def may_be(seen: SeenTable, column: str, name: str, least: float) -> bool:
    """Whether a name is at least so much like a column, and no other name is more like it."""
    found = seen.columns.get(column)
    return likeness(column, name) >= max(least, 0 if found is None else likeness(column, found))


def telling_test_of(column: str, kinds: pl.Schema) -> pl.Expr:
    """Whether a value is one that hardly another column has."""
    match column:
        case "timestamp_utc":
            return instant_of_text(pl.col(column)).is_not_null()
        case "status":
            told = sorted({*ACTIVE, *INACTIVE} - YES_OR_NO)
            return pl.col(column).str.strip_chars(SPACE).str.to_lowercase().is_in(told)
        case _:
            return test_of(column, kinds)


def fits(seen: SeenTable, column: str) -> bool:
    """Whether at least half of a column's values are of the kind that it should have."""
    rows = seen.rows.drop_nulls(column)
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
            return time_of_day(column, kinds).is_not_null()
        case "timezone_str":
            return text.str.strip_chars(SPACE).is_in(sorted(known_zones()))
        case _:
            return pl.lit(True)


# Values ---------------------------------------------------------------------------------------------------------------


def unit_entries(seen: SeenTable) -> Iterator[Entry]:
    """What numbers among the timestamps count, if they are numbers."""
    if seen.is_typed or "timestamp_utc" not in seen.columns:
        return
    numbers = seen.rows.select(number_of(pl.col("timestamp_utc"))).to_series().drop_nulls()
    if 2 * len(numbers) <= seen.rows.height:
        return
    smallest, largest = numbers.quantile(0.01, "nearest"), numbers.quantile(0.99, "nearest")
    for unit, unit_us in UNIT_US.items():
        first_us, last_us = int((smallest or 0) * unit_us), int((largest or 0) * unit_us)
        if YEARS_US[0] <= first_us and last_us < YEARS_US[1]:
            yield Entry("timestamp_unit", toml_value(unit), f"from {iso(first_us)} to {iso(last_us)}")
            return
    doubt = "numbers are no times between 1990 and 2100 in any unit"
    yield Entry("timestamp_unit", '"s"', samples(seen, "timestamp_utc"), doubt)


def word_entries(seen: SeenTable) -> Iterator[Entry]:
    """Which words mean active and inactive."""
    if "status" not in seen.columns:
        return
    counts = word_counts(seen)
    if counts.keys() <= {"active", "inactive"}:
        return
    if len(counts) > WORDS_SHOWN:
        doubt = f"there are {len(counts):,} different words"
        yield Entry("active", '["active"]', samples(seen, "status"), doubt)
        return
    for key, known in (("active", ACTIVE), ("inactive", INACTIVE)):
        words: list[str] = [word for word in counts if word in known]
        listed = f"[{', '.join(map(word_toml, words or [key]))}]"
        yield Entry(key, listed, rows_of(counts, words), None if words else "no known word means it")
    others = [word for word in counts if word not in (*ACTIVE, *INACTIVE)]
    if others:
        yield Entry("", f"in neither, so rejected: {rows_of(counts, others)}", doubt="put each where it belongs")


def word_counts(seen: SeenTable) -> dict[str, int]:
    """How many rows there are of each word, the most frequent first."""
    counts: Counter[str] = Counter()
    for text, rows in seen.rows["status"].drop_nulls().value_counts(name="rows").iter_rows():
        counts[word_text(text)] += rows
    return most_frequent_first({word: rows for word, rows in counts.items() if word})


def word_toml(word: str) -> str:
    """A word as it is written in a mapping: numbers and booleans without quotes."""
    is_plain = word in {"true", "false"} or (word.isascii() and word.isdigit() and str(int(word)) == word)
    return word if is_plain else toml_value(word)


def rows_of(counts: dict[str, int], words: Sequence[str]) -> str:
    """Words with their numbers of rows."""
    return ", ".join(f"{in_comment(word)}: {counted(counts[word], 'row')}" for word in words)


def monday_entries(seen: SeenTable) -> Iterator[Entry]:
    """What number Monday has."""
    if "day_of_week" not in seen.columns:
        return
    text = pl.col("day_of_week").str.strip_chars(SPACE)
    digits = seen.rows.select(text.str.extract("^([0-9])$").cast(pl.Int8)).to_series().drop_nulls()
    if digits.is_empty():
        if seen.rows.height:
            yield Entry("monday", "1", samples(seen, "day_of_week"), "weekdays must be numbers")
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
    """The number that a text is, or null."""
    number = text.str.strip_chars(SPACE).cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)


# Comments -------------------------------------------------------------------------------------------------------------


def samples(seen: SeenTable, column: str) -> str:
    """A few values of a column, for a comment."""
    values = seen.rows[column].drop_nulls().unique(maintain_order=True).head(SAMPLES)
    return "such as " + ", ".join(in_comment(value, SAMPLE_LETTERS) for value in values) if len(values) else "no value"


def in_comment(text: str, most: int = LETTERS) -> str:
    """A text as a comment can hold it: on one line, and not long."""
    plain = json.dumps(text[:most], ensure_ascii=False)[1:-1].replace("\x7f", "")
    return plain if len(text) <= most else f"{plain}…"
