"""The schema of the registry, brought up to date.

Numbered files of `sql/migrations/` are applied in order, each once, under a lock: of two servers that start at once,
one waits for the other and finds nothing left to do.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import LiteralString, cast

import psycopg
from psycopg import errors

from store_uptime import pipeline
from store_uptime.pipeline import EMBEDDED
from store_uptime.service.errors import RegistryRefused

FOLDER = Path(__file__).parent / "sql/migrations"
NEWEST = max(int(path.name.partition("_")[0]) for path in FOLDER.glob("*.sql"))
"""The number of the newest migration that this version has."""
PATIENCE = "set local lock_timeout = '10s'; set local idle_in_transaction_session_timeout = '10s'"
LONGEST = timedelta(minutes=5)  # of a statement, also where the server is stopped
LOCK = "select pg_advisory_xact_lock(hashtext('store_uptime migrations'))"
APPLIED = """
    create table if not exists store_uptime.migration (
        number     integer     primary key,
        applied_at timestamptz not null default now()
    )
"""
REMEDY = (
    "The user needs the right to make the schema store_uptime there (grant create on database …); "
    "or name another database with --registry."
)
PRIMARY = "It is a standby, or was made read-only: name the primary with --registry."


def choose_registry(database: str, registry: str | None, url: Callable[[str], str], warn: Callable[[str], None]) -> str:
    """The address of a registry that is up to date: the one named, else the database if it lets us, else the built-in
    server, as always where the database is one of files. `url` makes an address of one that may be `embedded:`; `warn`
    gets the reason why the database is not used.

    Raises RegistryRefused, SourceUnreachable, SourceRefused, psycopg.OperationalError, and what `url` raises.
    """
    if registry:
        return migrated(url(registry))
    if pipeline.reads_files(database):
        return migrated(url(EMBEDDED))
    try:
        return migrated(url(database))
    except RegistryRefused as refused:
        if database == EMBEDDED:
            raise
        warn(str(refused))
        return migrated(url(EMBEDDED))


def migrated(address: str) -> str:
    migrate(address)
    return address


def migrate(address: str) -> None:
    """Bring the registry at an address up to date.

    Raises RegistryRefused, SourceUnreachable, SourceRefused, psycopg.OperationalError.
    """
    with (
        pipeline.connect(address, "store-uptime migration", LONGEST) as connection,
        registry_refusals(connection),
        connection.transaction(),
    ):
        apply(connection)


@contextmanager
def registry_refusals(connection: psycopg.Connection) -> Iterator[None]:
    """Raises RegistryRefused where the database is one that cannot hold the registry."""
    database = f"the database {connection.info.dbname} at {connection.info.host}"
    try:
        yield
    except errors.InsufficientPrivilege as error:
        raise RegistryRefused(database, error.diag.message_primary or "permission denied", REMEDY) from None
    except errors.ReadOnlySqlTransaction:
        raise RegistryRefused(database, "nothing can be written there", PRIMARY) from None
    except NewerSchema:
        raise RegistryRefused(database, "a newer store-uptime has been here", "Update this one.") from None


def apply(connection: psycopg.Connection) -> None:
    """Apply the missing migrations, all or none. Raises NewerSchema."""
    connection.execute(PATIENCE)
    # Looked at before the lock: a server whose user may only read starts over a schema that is complete.
    if is_in_catalogue(connection, "to_regclass('store_uptime.migration')") and not pending(connection):
        return
    connection.execute(LOCK)
    # Not `create schema if not exists`, which needs the right to create even where there is nothing to do.
    if not is_in_catalogue(connection, "to_regnamespace('store_uptime')"):
        connection.execute("create schema store_uptime")
    connection.execute(APPLIED)
    for path in pending(connection):  # again, as another server may have been here before the lock was ours
        connection.execute(cast("LiteralString", path.read_text(encoding="utf-8")))
        connection.execute("insert into store_uptime.migration (number) values (%s)", [migration_number(path)])


def is_in_catalogue(connection: psycopg.Connection, name: LiteralString) -> bool:
    return connection.execute(f"select {name} is not null").fetchone() == (True,)


def pending(connection: psycopg.Connection) -> list[Path]:
    applied = {row[0] for row in connection.execute("select number from store_uptime.migration")}
    files = sorted(FOLDER.glob("*.sql"))
    if applied - {migration_number(path) for path in files}:
        raise NewerSchema
    return [path for path in files if migration_number(path) not in applied]


def migration_number(path: Path) -> int:
    """The number of a migration: of 0001_registry.sql 1."""
    return int(path.name.partition("_")[0])


class NewerSchema(Exception):
    """A migration that this version does not have has been applied."""
