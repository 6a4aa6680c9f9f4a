"""The tables of a source that are probably ours, under any name: for the proposal of a mapping.

ProbableTable    such a table, with its first rows
probable_tables  those of a source
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from store_uptime.pipeline.clean.columns import as_text
from store_uptime.pipeline.errors import SourceMismatch
from store_uptime.pipeline.mapping.likeness import PROBABLE, SURE, likely_columns, likeness, table_likeness
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.storage.addresses import ObjectAddress, files_at
from store_uptime.pipeline.tables import COLUMNS, Table

if TYPE_CHECKING:
    import psycopg

    from store_uptime.pipeline.source.folder.data_file import DataFile
    from store_uptime.pipeline.source.postgres.described import Described

ROWS = 200_000  # of a table, at most


@dataclass(frozen=True)
class ProbableTable:
    """A table of a source that is probably one of ours.

    location: where it is, for people. name: what a mapping calls it; None: files need no name. present: all its
    columns. rows: the first rows, as text, under the names of our columns as far as there are any like them. is_typed:
    whether its times are typed as such.
    """

    table: Table
    location: str
    name: str | None
    present: list[str]
    rows: pl.DataFrame
    is_typed: bool

    @cached_property
    def columns(self) -> dict[str, str]:
        """For our columns the names that are most like theirs."""
        return likely_columns(self.table, self.present)


def probable_tables(address: str, schema: str | None = None) -> dict[Table, ProbableTable]:
    """The tables that are probably ours. Raises what `open_source` and entering it raise."""
    from store_uptime.pipeline.options import EMBEDDED
    from store_uptime.pipeline.source import is_connection_string, open_source, reads_files

    is_database = is_connection_string(address) or address == EMBEDDED
    if reads_files(address) or not (is_database or "://" in address):
        return tables_in_folder(files_at(address))
    from store_uptime.pipeline.source.postgres.postgres import Postgres

    with open_source(address, schema).opened() as source:
        if not isinstance(source, Postgres):
            raise TypeError(address)
        return tables_in_database(source.connection, schema)


# Files ----------------------------------------------------------------------------------------------------------------


class LikelyNames(SourceMapping):
    """A mapping by likeness, with which every file is read that is like one of our tables."""

    def found_columns(self, table: Table, present: Sequence[str]) -> dict[str, str] | None:
        """The likely columns of the table that the others are least like; one that is missing is any."""
        alike = {one: table_likeness(one, present) for one in COLUMNS}
        if table == "stores":
            return likely_stores(present) if max(alike.values()) < PROBABLE else None
        if alike[table] < PROBABLE or alike[table] < max(alike.values()):
            return None
        if any(present.count(name) > 1 for name in likely_columns(table, present).values()):
            return None
        return dict.fromkeys(COLUMNS[table], present[0]) | likely_columns(table, present)


def likely_stores(present: Sequence[str]) -> dict[str, str] | None:
    """The columns of a table of stores; None where none is like an id. Without a telling id the name is left out, so
    that only what the file is called can decide."""
    found = likely_columns("stores", present)
    if "store_id" not in found:
        return None
    is_sure = likeness("store_id", found["store_id"]) >= SURE
    return found if is_sure else {"store_id": found["store_id"]}


def tables_in_folder(path: Path | ObjectAddress) -> dict[Table, ProbableTable]:
    """The files that are probably our tables, grouped by table."""
    from store_uptime.pipeline.source.folder.data_file import NotRead
    from store_uptime.pipeline.source.folder.discovery import found_files, missing_table

    likely = LikelyNames()
    found = found_files(path, likely)
    has_repeated = any(file.why is NotRead.REPEATED_COLUMN for file in found.passed_over)
    found_tables: dict[Table, ProbableTable] = {}
    for table, files in found.tables.items():
        if files:
            found_tables[table] = readable_table(table, files, likely)
        elif has_repeated and table in COLUMNS:
            raise missing_table(found, table, likely)
    return found_tables


def readable_table(table: Table, files: "list[DataFile]", likely: LikelyNames) -> ProbableTable:
    """The files of a table, by the rows of the first. Raises SourceMismatch where that is damaged."""
    from store_uptime.pipeline.source.folder.folder import read_error
    from store_uptime.pipeline.source.frames import READ_ERRORS

    try:
        return table_in_files(table, files, likely)
    except READ_ERRORS as error:
        raise read_error(files[0].place.printable_name, {table: files[:1]}, error, likely) from error


def table_in_files(table: Table, files: "Sequence[DataFile]", likely: LikelyNames) -> ProbableTable:
    from store_uptime.pipeline.source.folder.folder import read

    frame, present = read(files[:1], table, likely), files[0].present
    kinds = frame.collect_schema()
    columns = [text_column(column, kinds, files[0]) for column in likely_columns(table, present) if column in kinds]
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return ProbableTable(
        table=table,
        location=f"file {files[0].name}{more}",
        name=None,
        present=present,
        rows=first_rows_of(frame.select(columns)),
        is_typed=table == "store_status" and kinds["timestamp_utc"].is_temporal(),
    )


def first_rows_of(frame: pl.LazyFrame) -> pl.DataFrame:
    """The first rows. Raises READ_ERRORS where the table has fewer rows and is damaged."""
    # Of a damaged file `head` gives the rows before the damage, or none, and no error: so a short answer is read again.
    rows = frame.head(ROWS).collect(engine="streaming")
    return rows if rows.height == ROWS else frame.collect(engine="streaming")


def text_column(name: str, kinds: pl.Schema, file: "DataFile") -> pl.Expr:
    """A column as text. Raises SourceMismatch, which names the file."""
    from store_uptime.pipeline.source.frames import text_of_bytes

    if kinds[name] == pl.Binary:
        return text_of_bytes(name)
    try:
        return as_text(name, kinds)
    except SourceMismatch as error:
        raise SourceMismatch(f"{file.place.printable_name}, column {error.source}", error.found, error.needed) from None


# PostgreSQL -----------------------------------------------------------------------------------------------------------


def tables_in_database(connection: "psycopg.Connection", schema: str | None) -> dict[Table, ProbableTable]:
    """The tables of a database that are probably ours."""
    from store_uptime.pipeline.source.postgres.described import described_tables, likely_table

    every = described_tables(connection, schema)
    found_tables: dict[Table, ProbableTable] = {}
    for table in COLUMNS:
        described = likely_table(table, every)
        if described is not None:
            present = list(described.types)
            columns = likely_columns(table, present)
            found_tables[table] = ProbableTable(
                table=table,
                location=f"table {described.schema}.{described.name}",
                name=described.mapped_name,
                present=present,
                rows=first_rows(connection, described, columns),
                is_typed=described.types.get(columns.get("timestamp_utc", ""), "").startswith("timestamp"),
            )
    return found_tables


def first_rows(connection: "psycopg.Connection", described: "Described", columns: dict[str, str]) -> pl.DataFrame:
    """Some rows, as text, under our names."""
    from psycopg.sql import SQL, Identifier, Literal

    from store_uptime.pipeline.statements import statement

    texts = [SQL("{}::text as {}").format(Identifier(name), Identifier(column)) for column, name in columns.items()]
    query = SQL(statement("store_uptime.pipeline.source.postgres", "first_rows")).format(
        columns=SQL(", ").join(texts), table=Identifier(described.schema, described.name), rows=Literal(ROWS)
    )
    rows = connection.execute(query).fetchall()
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
