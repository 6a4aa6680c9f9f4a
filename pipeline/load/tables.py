"""The database that a load writes to, and its tables, which are created where they are missing.

ensure_tables    the three tables, with all of their columns
ensure_stores    the table of stores; add_attributes adds columns to it
"""

from collections.abc import Iterator, Sequence
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
from store_uptime.pipeline.tables import COLUMNS, Table, own_columns

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
    require_own(connection, list(COLUMNS))
    connection.execute("set local client_min_messages = warning")  # else: NOTICE "already exists, skipping"
    connection.execute(statement(__package__, "create_tables"))
    connection.execute(statement(__package__, "add_columns"))


def ensure_stores(connection: psycopg.Connection) -> None:
    """Make the table of stores where it is missing. Raises LoadRefused where it was not made by us."""
    require_own(connection, ["stores"])
    connection.execute(statement(__package__, "create_stores"))


def stores_columns(connection: psycopg.Connection) -> list[str]:
    """The columns of the table of stores."""
    return [row[0] for row in connection.execute(statement(__package__, "stores_columns")).fetchall()]


def add_attributes(connection: psycopg.Connection, names: Sequence[str]) -> None:
    """Add columns to the table of stores, for those of some attributes that it has not."""
    present = stores_columns(connection)
    added = [SQL("add column {} text").format(Identifier(name)) for name in names if name not in present]
    if added:
        connection.execute(SQL("alter table stores {}").format(SQL(",").join(added)))


def require_own(connection: psycopg.Connection, names: list[str]) -> None:
    """Raises LoadRefused where there are tables of these names that were not made by us."""
    foreign = [row[0] for row in connection.execute(statement(__package__, "foreign_tables"), {"names": names})]
    if foreign:
        raise foreign_tables_error(connection, foreign)


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
    return SQL(text).format(table=Identifier(table), columns=SQL(",").join(map(Identifier, own_columns(table))))


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
