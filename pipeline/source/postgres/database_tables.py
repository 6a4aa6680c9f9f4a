"""The three tables in a database: by the names of a mapping, as the catalogue describes them."""

from typing import LiteralString, cast

from psycopg.rows import TupleRow
from psycopg.sql import SQL, Composable, Identifier, Literal as Value

from store_uptime.pipeline.errors import SourceMismatch
from store_uptime.pipeline.mapping.mapping import SourceMapping, mapping_line
from store_uptime.pipeline.source.postgres.catalogue import FoundTable, found_table, needed
from store_uptime.pipeline.source.postgres.described import described_tables, likely_table
from store_uptime.pipeline.source.postgres.session import Pull, Session
from store_uptime.pipeline.statements import statement
from store_uptime.pipeline.tables import Table


class DatabaseTable:
    """One of the three tables, within a session: statements over it, with the names of its columns filled in."""

    def __init__(self, session: Session, found: FoundTable, mapping: SourceMapping, table: Table) -> None:
        self.found = found
        self._session = session
        self._id_column = Identifier(mapping.column_name(table, "store_id"))

    def of_store(self, store: str | None) -> Composable:
        """Whether a row is of a store; None: of any."""
        return SQL("true") if store is None else SQL("{}::text = {}").format(self._id_column, Value(store))

    def rows(self, name: str, **values: Composable) -> list[TupleRow]:
        """The rows of a small statement of `sql/`."""
        return self._session.rows(name, self.found.composed(name, **values))

    def start(self, name: str, store: str | None, **values: Composable) -> Pull:
        """The pull of a statement of `sql/`; store: the only store that it reads."""
        # ConnectorX and its connection take 10 ms of two cores, and leave three threads behind for half a minute.
        is_short = store is not None or self.found.is_short
        start = self._session.start_here if is_short else self._session.start_apart
        return start(name, self.found.composed(name, **values))


def database_table(session: Session, schema: str | None, mapping: SourceMapping, table: Table) -> DatabaseTable:
    """A table as the catalogue describes it. Raises SourceMismatch, SourceRefused."""

    def some_numbers(full_name: str, column: str) -> list[float]:
        query = SQL(statement(__package__, "some_numbers")).format(
            column=Identifier(column), table=SQL(cast("LiteralString", full_name))
        )
        return [float(row[0]) for row in session.rows("some_numbers", query)]

    rows = session.catalogue(qualified_name(table, schema, mapping))
    if not rows:
        raise no_table(session, schema, mapping, table)
    found = found_table(session.name, table, mapping, rows, some_numbers)
    return DatabaseTable(session, found, mapping, table)


def qualified_name(table: Table, schema: str | None, mapping: SourceMapping) -> str:
    """The qualified name of a table: the one of the mapping, in its schema or in that of the source."""
    own_schema, _, name = mapping.table_name(table).rpartition(".")
    return Identifier(*(part for part in (own_schema or schema, name) if part)).as_string()


def no_table(session: Session, schema: str | None, mapping: SourceMapping, table: Table) -> SourceMismatch:
    """The error for a missing table: it names the most similar one."""
    near = likely_table(table, described_tables(session.connection, schema))
    remedy = mapping_line(table, "table", near.mapped_name if near else "…")
    return SourceMismatch(
        session.name,
        f"there is no table {mapping.table_name(table)}",
        f"{needed(table)}; is it in another schema? A mapping (--map FILE) can name it: {remedy}",
    )
