"""The schema of the registry, brought up to date.

Numbered files of `sql/migrations/` are applied in order, each once, under a lock: of two servers that start at once,
one waits for the other and finds nothing left to do.
"""

from collections.abc import Callable
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
"""The number of the schema that this version knows."""
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
    "or name another place with --registry."
)
PRIMARY = "It is a standby, or was made read-only: name the primary with --registry."


def settled(database: str, registry: str | None, url: Callable[[str], str], told: Callable[[str], None]) -> str:
    """The address of a registry that is up to date: the one named, else the database if it lets us, else the built-in
    server. `url` makes an address of one that may be `embedded:`; `told` hears why the database is not used.

    Raises RegistryRefused, SourceUnreachable, SourceRefused, psycopg.OperationalError, and what `url` raises.
    """
    if registry:
        return migrated(url(registry))
    try:
        return migrated(url(database))
    except RegistryRefused as refused:
        if database == EMBEDDED:
            raise
        told(str(refused))
        return migrated(url(EMBEDDED))


def migrated(address: str) -> str:
    """The address itself, once its schema is up to date."""
    migrate(address)
    return address


def migrate(address: str) -> None:
    """Bring the registry at an address up to date.

    Raises RegistryRefused, SourceUnreachable, SourceRefused, psycopg.OperationalError.
    """
    with pipeline.connect(address, "store-uptime migration", LONGEST) as connection:
        place = f"the database {connection.info.dbname} at {connection.info.host}"
        try:
            with connection.transaction():
                apply(connection)
        except errors.InsufficientPrivilege as error:
            raise RegistryRefused(place, error.diag.message_primary or "permission denied", REMEDY) from None
        except errors.ReadOnlySqlTransaction:
            raise RegistryRefused(place, "nothing can be written there", PRIMARY) from None
        except NewerSchema:
            raise RegistryRefused(place, "a newer store-uptime has been here", "Update this one.") from None


def apply(connection: psycopg.Connection) -> None:
    """Apply what is missing, all or nothing; what is complete already needs no right but to read."""
    connection.execute(PATIENCE)
    if exists(connection, "to_regclass('store_uptime.migration')") and not missing(connection):
        return
    connection.execute(LOCK)
    if not exists(connection, "to_regnamespace('store_uptime')"):
        connection.execute("create schema store_uptime")
    connection.execute(APPLIED)
    for path in missing(connection):
        connection.execute(cast("LiteralString", path.read_text(encoding="utf-8")))
        connection.execute("insert into store_uptime.migration (number) values (%s)", [number(path)])


def exists(connection: psycopg.Connection, name: LiteralString) -> bool:
    """Whether the catalogue has it."""
    return connection.execute(f"select {name} is not null").fetchone() == (True,)


def missing(connection: psycopg.Connection) -> list[Path]:
    """The files that have not been applied, in order. Raises NewerSchema."""
    applied = {row[0] for row in connection.execute("select number from store_uptime.migration")}
    files = sorted(FOLDER.glob("*.sql"))
    if applied - {number(path) for path in files}:
        raise NewerSchema
    return [path for path in files if number(path) not in applied]


def number(path: Path) -> int:
    """Of 0001_registry.sql: 1."""
    return int(path.name.partition("_")[0])


class NewerSchema(Exception):
    """A migration that this version does not have has been applied."""
