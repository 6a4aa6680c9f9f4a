"""The address of a database in, a `Source` of its tables out. Statements are in `sql/`.

`session.py` holds one snapshot that every pull reads; `database_tables.py` finds the tables, `poll_tables.py` pulls
their polls.
"""

# Every column is cast in its query, to text, boolean or bytes: ConnectorX does not know all types of PostgreSQL.

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
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
from store_uptime.pipeline.source.postgres.catalogue import DATE_COLUMNS, FoundTable
from store_uptime.pipeline.source.postgres.connection import connect, connection_name, redacted
from store_uptime.pipeline.source.postgres.database_tables import DatabaseTable, database_table, qualified_name
from store_uptime.pipeline.source.postgres.locks import OptionalTable
from store_uptime.pipeline.source.postgres.patience import RUN
from store_uptime.pipeline.source.postgres.poll_tables import ACCEPTED, LoosePollTable, TypedPollTable, poll_table
from store_uptime.pipeline.source.postgres.session import Session, Target
from store_uptime.pipeline.source.postgres.stores_table import STORES, stores_table
from store_uptime.pipeline.source.protocol import ALL_TABLES
from store_uptime.pipeline.storage.addresses import ObjectAddress
from store_uptime.pipeline.tables import COLUMNS, SPACE, Table

if TYPE_CHECKING:
    import polars as pl

    from store_uptime.pipeline.clean.raw import PollRows, RawFrames, RawTables
    from store_uptime.pipeline.packing import StoreCodes

LARGE_TABLE = 1_000_000
Rows = Callable[[], "RawFrames"]
ROW_STATEMENTS: dict[str, Table] = {"hours": "menu_hours", "zones": "timezones"}


class Postgres:
    """The tables in a PostgreSQL database; only the horizon and the needed columns of the polls are pulled.

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
            for of_another_run in ("codes", "_stores"):
                vars(self).pop(of_another_run, None)
            self._tables: dict[Table, DatabaseTable] = {}
            target = Target(self.name, self._address, self._application, self._patience, self._grants())
            locked = [self._qualified(table) for table in tables]
            optional = {self._qualified(STORES): self.mapping.column_name(STORES, "store_id")}
            with Session(connection, target, locked, optional) as self._session:
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
        tables, described = {table: self._table(table) for table in COLUMNS}, self._stores
        polls = self._polls.start(horizon, store)
        hours, zones = (start_rows(name, tables[table], store) for name, table in ROW_STATEMENTS.items())
        stores = start_stores(described)
        from store_uptime.pipeline.clean.raw import RawTables

        # The reasons are pulled when they are asked for: most reports have no use for them.
        return RawTables(lambda: polls(self.codes), hours, zones, stores, lambda: self.reasons(horizon, store))

    def polls(self, horizon: Horizon, store: str | None) -> "Sequence[PollRows]":
        return self._polls.start(horizon, store)(self.codes)

    def hours(self, store: str | None) -> "RawFrames":
        return start_rows("hours", self._table("menu_hours"), store)()

    def zones(self, store: str | None) -> "RawFrames":
        return start_rows("zones", self._table("timezones"), store)()

    def stores_table(self) -> "RawFrames":
        return start_stores(self._stores)()

    def reasons(self, horizon: Horizon, store: str | None) -> "RawFrames":
        table = self._table("store_status")
        if "reason" not in table.found.columns:
            return []
        table.found.require_readable("reason")
        within = table.found.times.within(horizon.start_us, horizon.now_us)
        pull = table.start("reasons", store, within=within, of_store=table.of_store(store), space=Value(SPACE))
        return [pull.frame().lazy()]

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

    @cached_property
    def _stores(self) -> DatabaseTable | None:
        found = stores_table(self._session, self._schema, self.mapping)
        self.warnings += found.remarks
        return found.table

    def _qualified(self, table: Table) -> str:
        return qualified_name(table, self._schema, self.mapping)

    def _version(self) -> str | None:
        # Another mapping reads other rows out of the same tables, so it is part of the version.
        is_there = self._session.optional(self._qualified(STORES)) is OptionalTable.READABLE
        tables = (*COLUMNS, STORES) if is_there else COLUMNS
        version = self._session.share_snapshot([self._qualified(table) for table in tables])
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


def start_rows(name: str, table: DatabaseTable, store: str | None) -> Rows:
    """The rows of hours or zones, started; the call waits for them."""
    pull = table.start(name, store, of_store=table.of_store(store))
    return lambda: [with_dates(pull.frame()).lazy()]


def start_stores(table: DatabaseTable | None) -> Rows:
    """The rows of the table of stores, likewise; no frame where there is none."""
    if table is None:
        return list
    pull = table.start("stores_table", None)

    def rows() -> "RawFrames":
        # The first row of a store counts, and a table has no order: it must not be another one the next time.
        found = pull.frame()
        return [found.sort(found.columns).rename(table.found.attributes).lazy()]

    return rows


def with_dates(rows: "pl.DataFrame") -> "pl.DataFrame":
    """Rows without the columns of dates that hold none: tables that `load` made have them, whatever it has read."""
    return rows.drop(name for name in DATE_COLUMNS if name in rows.columns and rows[name].null_count() == rows.height)


def missing_index(polls: FoundTable) -> Iterator[SourceRemark]:
    if polls.rows > LARGE_TABLE and polls.unindexed_time:
        yield SourceRemark(
            f"{polls.full_name} has about {polls.rows:,} rows and no index on the time, so all of them are read: "
            f"create index concurrently on {polls.full_name} ({polls.columns['timestamp_utc']});"
        )
