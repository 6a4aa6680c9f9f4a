"""The address of a database in, a `Source` of its tables out. Statements are in `sql/`.

`session.py` holds one snapshot that every pull reads; `database_tables.py` finds the tables, `poll_tables.py` pulls
their polls.
"""

# Every column is cast in its query, to text, boolean or bytes: ConnectorX does not know all types of PostgreSQL.

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

os.environ.setdefault("RUST_LOG", "off")  # ConnectorX raises what it would log to stderr; it reads this when imported
import psycopg
from psycopg.sql import Literal as Value

from store_uptime.pipeline.data_warnings import DataWarning, SourceRemark
from store_uptime.pipeline.mapping.mapping import AS_NAMED, SourceMapping
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.source.postgres.catalogue import FoundTable
from store_uptime.pipeline.source.postgres.connection import connect, connection_name, redacted
from store_uptime.pipeline.source.postgres.database_tables import DatabaseTable, database_table, qualified_name
from store_uptime.pipeline.source.postgres.patience import RUN
from store_uptime.pipeline.source.postgres.poll_tables import ACCEPTED, LoosePollTable, TypedPollTable, poll_table
from store_uptime.pipeline.source.postgres.session import Pull, Session, Target
from store_uptime.pipeline.source.protocol import ALL_TABLES
from store_uptime.pipeline.storage.addresses import ObjectAddress
from store_uptime.pipeline.tables import COLUMNS, Table

if TYPE_CHECKING:
    from store_uptime.pipeline.clean.raw import PollRows, RawFrames, RawTables
    from store_uptime.pipeline.packing import StoreCodes

LARGE_TABLE = 1_000_000
ROW_STATEMENTS: dict[str, Table] = {"hours": "menu_hours", "zones": "timezones"}


class Postgres:
    """The three tables in a PostgreSQL database; only the horizon and the needed columns of the polls are pulled.

    Its methods are those of `Source`.

    Raises SourceUnreachable, SourceBusy, SourceRefused, AddressNotUnderstood, SourceMismatch when opened and read, and
    SourceBusy when it is closed and its tables have been replaced meanwhile: the rows are not of one state.
    """

    counts_outside_horizon = False
    is_of_files = False
    files_not_opened = 0
    files: Sequence[Path | ObjectAddress] = ()
    newest_limit: float = 10_000
    version: str | None = None

    def __init__(
        self,
        address: str,
        schema: str | None = None,
        application: str | None = None,
        mapping: SourceMapping = AS_NAMED,
        patience: timedelta | None = None,
    ) -> None:
        self.name = redacted(address)
        self.mapping = mapping
        self.warnings: list[DataWarning] = []
        self._address, self._schema, self._patience = address, schema, patience
        self._application = application or f"store-uptime {secrets.token_hex(8)}"

    @contextmanager
    def opened(self, tables: Sequence[Table] = ALL_TABLES) -> Iterator[Self]:
        with closing(connect(self._address, self._application, self._patience or RUN)) as connection:
            self.name = self._name_of(connection)
            self.warnings = []
            vars(self).pop("codes", None)  # those of another run
            self._tables: dict[Table, DatabaseTable] = {}
            target = Target(self.name, self._address, self._application, self._patience, self._grants())
            with Session(
                connection, target, [self._qualified(table) for table in tables if table in COLUMNS]
            ) as self._session:
                self.version = self._version()
                yield self

    @property
    def connection(self) -> psycopg.Connection:
        """The connection of the open source, in a read-only transaction."""
        return self._session.connection

    @cached_property
    def codes(self) -> "StoreCodes":
        """The numbers of the stores; the first look at it imports Polars."""
        from store_uptime.pipeline.packing import StoreCodes

        return StoreCodes()

    def read(self, horizon: Horizon, store: str | None) -> "RawTables":
        # All tables are looked up before the first pull starts: a pull may occupy the connection for a while.
        tables = {table: self._table(table) for table in COLUMNS}
        polls = self._polls.start(horizon, store)
        hours, zones = (start_rows(name, tables[table], store) for name, table in ROW_STATEMENTS.items())
        from store_uptime.pipeline.clean.raw import RawTables

        return RawTables(lambda: polls(self.codes), lambda: [hours.frame().lazy()], lambda: [zones.frame().lazy()])

    def polls(self, horizon: Horizon, store: str | None) -> "Sequence[PollRows]":
        return self._polls.start(horizon, store)(self.codes)

    def hours(self, store: str | None) -> "RawFrames":
        return [start_rows("hours", self._table("menu_hours"), store).frame().lazy()]

    def zones(self, store: str | None) -> "RawFrames":
        return [start_rows("zones", self._table("timezones"), store).frame().lazy()]

    def stores_table(self) -> "RawFrames":
        return []

    def reasons(self, horizon: Horizon, store: str | None) -> "RawFrames":
        return []

    def newest_poll_us(self, ceiling_us: int) -> int | None:
        return self._polls.newest_poll_us(ceiling_us)

    def has_polled(self, store: str) -> bool:
        table = self._table("store_status")
        return bool(table.rows("has_polled", of_store=table.of_store(store))[0][0])

    def stores(self, horizon: Horizon) -> list[str]:
        """See `Source`; where times are text, also ids with polls on the days before and after."""
        table = self._table("store_status")
        within = table.found.times.within(horizon.start_us, horizon.now_us)
        return sorted(str(row[0]) for row in table.rows("stores", within=within, **ACCEPTED))

    def poll_span_us(self) -> tuple[int, int] | None:
        return self._polls.poll_span_us()

    def newest_polls(self) -> "RawFrames":
        table, name = self._table("store_status"), self._polls.newest_statement
        return [table.start(name, None, most=Value(self.newest_limit)).frame().lazy()]

    @property
    def _polls(self) -> TypedPollTable | LoosePollTable:
        return poll_table(self._table("store_status"), self.name, self.mapping)

    def _table(self, table: Table) -> DatabaseTable:
        if table not in self._tables:
            self._tables[table] = database_table(self._session, self._schema, self.mapping, table)
            self.warnings += missing_index(self._tables[table].found)
        return self._tables[table]

    def _qualified(self, table: Table) -> str:
        return qualified_name(table, self._schema, self.mapping)

    def _version(self) -> str | None:
        # Another mapping reads other rows out of the same tables, so it is part of the version.
        version = self._session.share_snapshot([self._qualified(table) for table in COLUMNS])
        if version is None or self.mapping == AS_NAMED:
            return version
        database, _, snapshot = version.partition(" ")
        return f"{database}/{self.mapping.digest} {snapshot}"

    def _grants(self) -> str:
        if self._schema is None:
            return "Ask its owner: grant select on the tables, and on what views read, to this user."
        return f"Ask its owner: grant usage on schema {self._schema} to this user, and select on its tables."

    def _name_of(self, connection: psycopg.Connection) -> str:
        return connection_name(connection)


def start_rows(name: str, table: DatabaseTable, store: str | None) -> Pull:
    return table.start(name, store, of_store=table.of_store(store))


def missing_index(polls: FoundTable) -> Iterator[SourceRemark]:
    if polls.rows > LARGE_TABLE and polls.unindexed_time:
        yield SourceRemark(
            f"{polls.full_name} has about {polls.rows:,} rows and no index on the time, so all of them are read: "
            f"create index concurrently on {polls.full_name} ({polls.columns['timestamp_utc']});"
        )
