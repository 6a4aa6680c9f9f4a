"""The database that a load writes to, and its three tables, which are created where they are missing."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import LiteralString

import psycopg
from psycopg.sql import SQL, Composed, Identifier

from store_uptime.pipeline.errors import LoadRefused
from store_uptime.pipeline.options import EMBEDDED
from store_uptime.pipeline.source.postgres.connection import connect, error_sentence
from store_uptime.pipeline.source.postgres.patience import LOCK_S, NoAnswer
from store_uptime.pipeline.statements import statement
from store_uptime.pipeline.tables import COLUMNS, Table

APPLICATION = "store-uptime load"
LONGEST_STATEMENT = timedelta(hours=6)  # also where the server is frozen and ends nothing itself


@contextmanager
def open_database(address: str) -> Iterator[psycopg.Connection]:
    """A connection to the database at an address; the embedded server runs as long as the block."""
    with ExitStack() as stack:
        if address == EMBEDDED:
            from store_uptime.pipeline.embedded.server import embedded_server

            address = stack.enter_context(embedded_server())
        yield stack.enter_context(connect(address, APPLICATION, LONGEST_STATEMENT))


def ensure_tables(connection: psycopg.Connection) -> None:
    """Wait for other loads, then make the tables that are missing. Raises LoadRefused where one was not made by us."""
    connection.execute("select pg_advisory_xact_lock(hashtext('store-uptime load'))")
    # Set after the lock, which may have to wait for another load.
    connection.execute(statement(__package__, "lock_timeout"), [f"{LOCK_S:g}s"])
    foreign = [row[0] for row in connection.execute(statement(__package__, "foreign_tables")).fetchall()]
    if foreign:
        raise foreign_tables_error(connection, foreign)
    connection.execute("set local client_min_messages = warning")  # else: NOTICE "already exists, skipping"
    connection.execute(statement(__package__, "create_tables"))


def foreign_tables_error(connection: psycopg.Connection, names: list[str]) -> LoadRefused:
    found, renamed, read = "was", "that table", "it as it is"
    if len(names) > 1:
        found, renamed, read = "were", "those tables", "them as they are"
    return LoadRefused(
        database_name(connection),
        f"{', '.join(names)} {found} not made by this command",
        f"Load into another database or schema (options=-csearch_path=NAME), or rename {renamed}; "
        f"a report can read {read}.",
    )


def in_table(text: LiteralString, table: Table) -> Composed:
    """A statement with the names of a table and its columns for `table` and `columns`."""
    return SQL(text).format(table=Identifier(table), columns=SQL(",").join(map(Identifier, COLUMNS[table])))


@contextmanager
def errors_as_refusals(connection: psycopg.Connection) -> Iterator[None]:
    """Raises LoadRefused for an error of the server, after the transaction has been rolled back."""
    try:
        yield
    except psycopg.Error as error:
        remedy = "Nothing was changed. A user who may create and write tables is needed, and disk space."
        if isinstance(error, psycopg.errors.LockNotAvailable):
            remedy = "Nothing was changed. Another session keeps its tables from being written; try again in a while."
        elif isinstance(error, NoAnswer):
            # The commit may have arrived. Loading twice is safe: polls are added once, hours and zones replaced.
            remedy = "It is not known whether anything was changed; load the same files once more, and it is done."
        raise LoadRefused(database_name(connection), error_sentence(error), remedy) from None


def database_name(connection: psycopg.Connection) -> str:
    return f"database {connection.info.dbname} of user {connection.info.user}"
