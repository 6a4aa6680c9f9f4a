"""A table of a PostgreSQL database as its catalogue describes it: columns, types, how its times are kept."""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, LiteralString, cast

from psycopg.sql import SQL, Composable, Composed, Identifier

from store_uptime.pipeline.errors import SourceMismatch, SourceRefused
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.source.postgres.times import FLOATS, NUMBERS, STAMPS, TEXT, Times, times_of
from store_uptime.pipeline.source.postgres.words import status_fragments
from store_uptime.pipeline.statements import statement
from store_uptime.pipeline.tables import COLUMNS, Table

ALLOWED = {
    "timestamp_utc": (*STAMPS, *TEXT),
    "start_time_local": ("time without time zone", *TEXT),
    "end_time_local": ("time without time zone", *TEXT),
}


class FoundTable:
    """A table as the catalogue describes it: its real column names and how its times are kept."""

    def __init__(self, rows: list[tuple[Any, ...]], columns: dict[str, str], mapping: SourceMapping) -> None:
        self.columns = columns
        self.unindexed_time = any(row[0] == columns.get("timestamp_utc") and row[5] and not row[3] for row in rows)
        self.rows: int = rows[0][4]
        self.full_name: str = rows[0][6]
        self._kinds = {row[0]: row[1] for row in rows}
        self._mapping = mapping

    @cached_property
    def times(self) -> Times:
        """How the times of polls are read."""
        name = self.columns["timestamp_utc"]
        return times_of(Identifier(name), self._kinds[name], self._mapping)

    def composed(self, name: str, **values: Composable) -> Composed:
        """A statement of `sql/postgres/` over this table."""
        columns = {standard: self._column(standard) for standard in self.columns}
        polls: dict[str, Composable] = {}
        if "timestamp_utc" in columns:
            polls = self.times.fragments | status_fragments(columns["status"], self._mapping)
        table = SQL(cast("LiteralString", self.full_name))
        return SQL(statement(__package__, f"{name}")).format(table=table, **polls, **columns, **values)

    def _column(self, standard: str) -> Composable:
        """A column; a number in a text's place is without the zeros after its point, as in files."""
        name = self.columns[standard]
        has_zeros = standard in {"status", "day_of_week"} and self._kinds[name] in (*FLOATS, "numeric")
        return SQL("regexp_replace({}::text, '[.]0+$', '')").format(Identifier(name)) if has_zeros else Identifier(name)


def found_table(
    source: str,
    table: Table,
    mapping: SourceMapping,
    rows: list[tuple[Any, ...]],
    some_numbers: Callable[[str, str], Iterable[float]],
) -> FoundTable:
    """The table that catalogue rows describe. Raises SourceMismatch, SourceRefused.

    some_numbers: gives some values of a column, by the full name of its table and its own: they tell their unit.
    """
    name = mapping.table_name(table)
    described = {row[0]: row for row in rows}
    found = mapping.found_columns(table, list(described))
    if found is None:
        from store_uptime.pipeline.mapping.likeness import naming  # difflib is only needed where something is missing

        column = mapping.missing_columns(table, list(described))[0]
        present = ", ".join(described)
        raise SourceMismatch(
            source,
            f"{name} has no column {mapping.column_name(table, column)}, but {present}",
            f"{needed(table)}; {naming(table, list(described), mapping)}",
        )
    for column, found_name in found.items():
        _, kind, readable, *_ = described[found_name]
        if not readable:
            remedy = f"Ask its owner: grant select on {rows[0][6]} to this user."
            raise SourceRefused(source, f"permission denied for {name}.{found_name}", remedy)
        if column == "store_id" and kind in FLOATS:
            lost = f"{name}.{found_name} is of type {kind}, in which long ids lose digits"
            raise SourceMismatch(source, lost, "keep ids as text or whole numbers")
        allowed = ALLOWED.get(column, (kind,))
        counted = NUMBERS if column == "timestamp_utc" and mapping.timestamp_unit else ()
        if kind not in (*allowed, *counted):
            remedy = f"it must be {' or '.join(allowed)}"
            if column == "timestamp_utc" and kind in NUMBERS:
                remedy += unit_remedy(some_numbers(rows[0][6], found_name))
            raise SourceMismatch(source, f"{name}.{found_name} is of type {kind}", remedy)
    return FoundTable(rows, found, mapping)


def unit_remedy(numbers: Iterable[float]) -> str:
    """How a mapping can say what numbers count, where times are numbers."""
    from store_uptime.pipeline.mapping.time_units import unit_lines

    return f", or a mapping (--map FILE) must say what it counts: {unit_lines(numbers)}"


def needed(table: Table) -> str:
    """That there must be such a table."""
    return f"a report needs {table} ({', '.join(COLUMNS[table])})"
