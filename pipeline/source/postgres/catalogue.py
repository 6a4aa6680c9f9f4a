"""Catalogue rows in, a table with its columns, their types and its kind of times out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import LiteralString, NamedTuple, cast

from psycopg.rows import TupleRow
from psycopg.sql import SQL, Composable, Composed, Identifier

from store_uptime.pipeline.errors import SourceMismatch, SourceRefused
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.source.postgres.times import FLOATS, NUMBERS, STAMPS, TEXT, Times, times_of
from store_uptime.pipeline.source.postgres.words import status_fragments
from store_uptime.pipeline.source.postgres.written import DATES, date_text, value_text
from store_uptime.pipeline.statements import statement
from store_uptime.pipeline.tables import ATTRIBUTE, NEEDED_COLUMNS, Table

SHORT = 10_000
DATE_COLUMNS = ("valid_from", "valid_to")
ALLOWED = {
    "timestamp_utc": (*STAMPS, *TEXT),
    "start_time_local": ("time without time zone", *TEXT),
    "end_time_local": ("time without time zone", *TEXT),
} | dict.fromkeys(DATE_COLUMNS, (*DATES, *TEXT))
NOT_IN_FIGURES = "reason"
"""The column that a user need not be allowed to read, as long as nobody asks for it."""


class CatalogueColumn(NamedTuple):
    """A row of `sql/catalogue.sql`: a column, and what holds for its whole table. type: as `format_type` writes it."""

    name: str
    type: str
    readable: bool
    indexed: bool
    estimated_rows: int
    is_table: bool
    full_table_name: str


class FoundTable:
    """A table as the catalogue describes it: the names of its columns, and its kind of times.

    columns: for each of ours that it has, and for each attribute of stores, its name there. attributes: by the names
    that they have in results. rows: about how many it has. is_short: they are few for certain, where it was analyzed
    since they came.
    """

    def __init__(self, described: list[CatalogueColumn], columns: dict[str, str], check: "ColumnCheck") -> None:
        self.columns = columns
        time = columns.get("timestamp_utc")
        self.unindexed_time = any(one.name == time and one.is_table and not one.indexed for one in described)
        self.rows = described[0].estimated_rows
        self.is_short = described[0].is_table and 0 < self.rows <= SHORT  # 0 or -1: nobody has counted
        self.full_name = described[0].full_table_name
        # Short names: with `ATTRIBUTE` before it, that of an attribute may have more than PostgreSQL's 63 bytes.
        self.attributes = {
            f"attribute_{number}": standard for number, standard in enumerate(columns) if standard.startswith(ATTRIBUTE)
        }
        self._described = {one.name: one for one in described}
        self._types = {one.name: one.type for one in described}
        self._check, self._mapping = check, check.mapping

    @cached_property
    def times(self) -> Times:
        """How the times of polls are read."""
        name = self.columns["timestamp_utc"]
        return times_of(Identifier(name), self._types[name], self._mapping)

    def require_readable(self, standard: str) -> None:
        """Raises SourceRefused where this user may not read one of its columns."""
        self._check.readable(self._described[self.columns[standard]])

    def composed(self, name: str, **values: Composable) -> Composed:
        """A statement of `sql/` over this table, with its columns under their standard names."""
        columns = {standard: self._column(standard) for standard in self.columns}
        polls: dict[str, Composable] = {}
        if "timestamp_utc" in columns:
            polls = self.times.fragments | status_fragments(columns["status"], self._mapping)
        table = SQL(cast("LiteralString", self.full_name))
        columns["optional"] = self._optional()
        return SQL(statement(__package__, name)).format(table=table, **polls, **columns, **values)

    def _optional(self) -> Composable:
        """The optional columns of hours, zones and stores that there are, as text; each has a comma before it."""
        texts = {
            standard: date_text(*self._typed(standard), standard)
            for standard in DATE_COLUMNS
            if standard in self.columns
        }
        described = {name: name for name in self.columns if name == "name"} | self.attributes
        texts |= {alias: value_text(*self._typed(standard)) for alias, standard in described.items()}
        return SQL("").join(SQL(", {} as {}").format(text, Identifier(alias)) for alias, text in texts.items())

    def _typed(self, standard: str) -> tuple[Identifier, str]:
        name = self.columns[standard]
        return Identifier(name), self._types[name]

    def _column(self, standard: str) -> Composable:
        # A number where text is expected loses the zeros after its point, as in files: 1.0 is the word 1.
        name = self.columns[standard]
        has_zeros = standard in {"status", "day_of_week", "reason"} and self._types[name] in (*FLOATS, "numeric")
        return value_text(Identifier(name), self._types[name]) if has_zeros else Identifier(name)


def found_table(
    source: str,
    table: Table,
    mapping: SourceMapping,
    rows: list[TupleRow],
    some_numbers: Callable[[str, str], Iterable[float]],
) -> FoundTable:
    """The table that catalogue rows describe. Raises SourceMismatch, SourceRefused.

    some_numbers: returns some values of a column, by the full name of its table and its own: their unit shows in them.
    """
    described = {column.name: column for column in (CatalogueColumn(*row) for row in rows)}
    found = mapping.found_columns(table, list(described))
    if found is None:
        raise missing_column(source, table, mapping, list(described))
    check = ColumnCheck(source, mapping.table_name(table), mapping, some_numbers)
    for standard, name in found.items():
        if standard != NOT_IN_FIGURES:
            check.readable(described[name])
        check.id_type(standard, described[name])
        check.type(standard, described[name])
    return FoundTable(list(described.values()), found, check)


def missing_column(source: str, table: Table, mapping: SourceMapping, present: list[str]) -> SourceMismatch:
    # Imported here: difflib is only needed where something is missing.
    from store_uptime.pipeline.mapping.likeness import mapping_remedy

    column = mapping.column_name(table, mapping.missing_columns(table, present)[0])
    return SourceMismatch(
        source,
        f"{mapping.table_name(table)} has no column {column}, but {', '.join(present)}",
        f"{needed(table)}; {mapping_remedy(table, present, mapping)}",
    )


@dataclass(frozen=True)
class ColumnCheck:
    """Checks of the columns of a table. Its methods raise SourceRefused and SourceMismatch."""

    source: str
    table_name: str
    mapping: SourceMapping
    some_numbers: Callable[[str, str], Iterable[float]]

    def readable(self, column: CatalogueColumn) -> None:
        """Whether this user may read it."""
        if not column.readable:
            remedy = f"Ask its owner: grant select on {column.full_table_name} to this user."
            raise SourceRefused(self.source, f"permission denied for {self.table_name}.{column.name}", remedy)

    def id_type(self, standard: str, column: CatalogueColumn) -> None:
        """Whether ids have a type that holds every digit."""
        if standard == "store_id" and column.type in FLOATS:
            lost = f"{self.table_name}.{column.name} is of type {column.type}, in which long ids lose digits"
            raise SourceMismatch(self.source, lost, "keep ids as text or whole numbers")

    def type(self, standard: str, column: CatalogueColumn) -> None:
        """Whether its type is one in which such values are read."""
        allowed = ALLOWED.get(standard, (column.type,))
        is_time = standard == "timestamp_utc"
        numbers = NUMBERS if is_time and self.mapping.timestamp_unit else ()
        if column.type in (*allowed, *numbers):
            return
        remedy = f"it must be {' or '.join(allowed)}"
        if is_time and column.type in NUMBERS:
            remedy += unit_remedy(self.some_numbers(column.full_table_name, column.name))
        raise SourceMismatch(self.source, f"{self.table_name}.{column.name} is of type {column.type}", remedy)


def unit_remedy(numbers: Iterable[float]) -> str:
    """How a mapping can say what numbers count, where times are numbers."""
    from store_uptime.pipeline.mapping.time_units import unit_lines

    return f", or a mapping (--map FILE) must say what it counts: {unit_lines(numbers)}"


def needed(table: Table) -> str:
    """That there must be such a table."""
    return f"a report needs {table} ({', '.join(NEEDED_COLUMNS[table])})"
