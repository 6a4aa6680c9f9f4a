"""What there is at a source, whatever it calls it: for a proposal of a mapping.

SeenTable      a table of the source that is probably one of ours
seen_tables    those of a source
likely_table   in PostgreSQL the one that is most like one of ours
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from store_uptime.pipeline.clean.rules import as_text
from store_uptime.pipeline.errors import SourceMismatch
from store_uptime.pipeline.mapping.likeness import PROBABLE, likely_columns, table_likeness
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.tables import COLUMNS, Table
from store_uptime.pipeline.text import printable

if TYPE_CHECKING:
    import psycopg

    from store_uptime.pipeline.source.folder.data_file import DataFile

ROWS = 200_000
"""So many are looked at of a table."""


@dataclass(frozen=True)
class SeenTable:
    """A table of a source that is probably one of ours.

    place: where it is, for people. name: what a mapping calls it; None: files need no name. present: all its columns.
    rows: the first rows, as text, under the names of our columns as far as there are any like them. is_typed: whether
    its times are typed as such.
    """

    table: Table
    place: str
    name: str | None
    present: list[str]
    rows: pl.DataFrame
    is_typed: bool

    @cached_property
    def columns(self) -> dict[str, str]:
        """For our columns the names that are most like theirs."""
        return likely_columns(self.table, self.present)


def seen_tables(address: str, schema: str | None = None) -> dict[Table, SeenTable]:
    """What is probably one of our tables. Raises what `open_source` and entering it raise."""
    from store_uptime.pipeline.options import EMBEDDED
    from store_uptime.pipeline.source import is_connection_string, is_path, open_source

    if is_path(address) or not (is_connection_string(address) or address == EMBEDDED or "://" in address):
        return seen_in_folder(Path(address))
    from store_uptime.pipeline.source.postgres.postgres import Postgres

    with open_source(address, schema) as source:
        if not isinstance(source, Postgres):
            raise TypeError(address)
        return seen_in_database(source.connection, schema)


# Files ----------------------------------------------------------------------------------------------------------------


class LikelyNames(SourceMapping):
    """A mapping by likeness, with which every file is read that is like one of our tables."""

    def found_columns(self, table: Table, present: Sequence[str]) -> dict[str, str] | None:
        """The likely columns of the table that the others are least like; one that is missing is any."""
        likeness = {one: table_likeness(one, present) for one in COLUMNS}
        if likeness[table] < PROBABLE or likeness[table] < max(likeness.values()):
            return None
        if any(present.count(name) > 1 for name in likely_columns(table, present).values()):
            return None
        return dict.fromkeys(COLUMNS[table], present[0]) | likely_columns(table, present)


def seen_in_folder(path: Path) -> dict[Table, SeenTable]:
    """The files that are probably our tables, those of a table together."""
    from store_uptime.pipeline.source.folder.data_file import NotRead
    from store_uptime.pipeline.source.folder.discovery import found_files, missing_table
    from store_uptime.pipeline.source.folder.folder import read_error
    from store_uptime.pipeline.source.frames import READ_ERRORS

    likely = LikelyNames()
    found = found_files(path, likely)
    has_repeated = any(file.why is NotRead.REPEATED_COLUMN for file in found.passed_over)
    seen: dict[Table, SeenTable] = {}
    for table, files in found.tables.items():
        if files:
            try:
                seen[table] = seen_in_files(table, files, likely)
            except READ_ERRORS as error:
                raise read_error(str(files[0].path), {table: files[:1]}, error, likely) from error
        elif has_repeated:
            raise missing_table(found, table, likely)
    return seen


def seen_in_files(table: Table, files: "Sequence[DataFile]", likely: LikelyNames) -> SeenTable:
    """The files of a table, by the rows of the first. Raises READ_ERRORS."""
    from store_uptime.pipeline.source.folder.folder import read

    frame, present = read(files[:1], table, likely), files[0].present
    kinds = frame.collect_schema()
    columns = [text_column(column, kinds, files[0]) for column in likely_columns(table, present)]
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return SeenTable(
        table=table,
        place=f"file {files[0].name}{more}",
        name=None,
        present=present,
        rows=first_rows_of(frame.select(columns)),
        is_typed=table == "store_status" and kinds["timestamp_utc"].is_temporal(),
    )


def first_rows_of(frame: pl.LazyFrame) -> pl.DataFrame:
    """The first rows. Of a file that is damaged `head` gives those before, or none, and no error."""
    rows = frame.head(ROWS).collect(engine="streaming")
    return rows if rows.height == ROWS else frame.collect(engine="streaming")


def text_column(name: str, kinds: pl.Schema, file: "DataFile") -> pl.Expr:
    """A column as text, whatever is in it. Raises SourceMismatch, which names the file."""
    from store_uptime.pipeline.source.frames import text_of_bytes

    if kinds[name] == pl.Binary:
        return text_of_bytes(name)
    try:
        return as_text(name, kinds)
    except SourceMismatch as error:
        raise SourceMismatch(f"{printable(file.path)}, column {error.source}", error.found, error.needed) from None


# PostgreSQL -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Described:
    """A table of a database: where it is, and its columns with their types."""

    schema: str
    name: str
    is_near: bool
    types: dict[str, str]

    @property
    def mapped_name(self) -> str:
        """What a mapping calls it."""
        return self.name if self.is_near else f"{self.schema}.{self.name}"


def seen_in_database(connection: "psycopg.Connection", schema: str | None) -> dict[Table, SeenTable]:
    """The tables of a database that are probably ours."""
    every = described_tables(connection, schema)
    seen: dict[Table, SeenTable] = {}
    for table in COLUMNS:
        described = likely_table(table, every)
        if described is not None:
            present = list(described.types)
            columns = likely_columns(table, present)
            seen[table] = SeenTable(
                table=table,
                place=f"table {described.schema}.{described.name}",
                name=described.mapped_name,
                present=present,
                rows=first_rows(connection, described, columns),
                is_typed=described.types.get(columns.get("timestamp_utc", ""), "").startswith("timestamp"),
            )
    return seen


def described_tables(connection: "psycopg.Connection", schema: str | None) -> list[Described]:
    """Every table that may be read."""
    from store_uptime.pipeline.statements import statement

    rows = connection.execute(
        statement("store_uptime.pipeline.source.postgres", "all_tables"), {"schema": schema}
    ).fetchall()
    return [
        Described(place, name, is_on_search_path or schema is not None, dict(zip(columns, types, strict=True)))
        for place, name, is_on_search_path, columns, types in rows
    ]


def likely_table(table: Table, every: Sequence[Described]) -> Described | None:
    """The table whose columns are most like those of one of ours; one of its very name if there is any like them."""

    def likeness(described: Described) -> tuple[bool, float]:
        return described.mapped_name == table, table_likeness(table, list(described.types))

    near = [described for described in every if table_likeness(table, list(described.types)) >= PROBABLE]
    return max(near, key=likeness, default=None)


def first_rows(connection: "psycopg.Connection", described: Described, columns: dict[str, str]) -> pl.DataFrame:
    """Some rows, as text, under our names."""
    from psycopg.sql import SQL, Identifier, Literal

    from store_uptime.pipeline.statements import statement

    texts = [SQL("{}::text as {}").format(Identifier(name), Identifier(column)) for column, name in columns.items()]
    query = SQL(statement("store_uptime.pipeline.source.postgres", "first_rows")).format(
        columns=SQL(", ").join(texts), table=Identifier(described.schema, described.name), rows=Literal(ROWS)
    )
    rows = connection.execute(query).fetchall()
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
