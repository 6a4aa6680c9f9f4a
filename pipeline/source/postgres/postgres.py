"""Tables in PostgreSQL as a source, whoever made them.

A look at the catalogue says what there is; every column is cast in the query, so that a pull only meets text, booleans
and bytes. psycopg locks the tables and holds one snapshot, and every pull sees just that. Statements are in
`sql/postgres/`.

Polars is imported when the first pull is back: until then it would only be in the way.
"""

import os
import secrets
from collections.abc import Sequence
from concurrent.futures import Future, wait
from contextlib import ExitStack
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from threading import Lock
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, LiteralString, Self, cast

os.environ.setdefault("RUST_LOG", "off")  # ConnectorX raises what it would log to stderr; it reads this when imported
import psycopg
import pyarrow  # by ConnectorX too; here it is imported before the pull, not during it
from psycopg.sql import SQL, Composable, Composed, Identifier
from psycopg.sql import Literal as Value

from store_uptime.pipeline.data_warnings import DataWarning, SourceRemark
from store_uptime.pipeline.errors import SourceBusy, SourceMismatch, SourceRefused, StoreUptimeError
from store_uptime.pipeline.mapping.mapping import AS_NAMED, SourceMapping, mapping_line
from store_uptime.pipeline.options import DEFAULTS, EPOCH, Horizon, instant_us
from store_uptime.pipeline.plan.horizon import found_horizon
from store_uptime.pipeline.source.postgres.catalogue import FoundTable, found_table, needed
from store_uptime.pipeline.source.postgres.connection import (
    connect,
    connection_name,
    connectorx_url,
    end_statements,
    redacted,
    source_error,
)
from store_uptime.pipeline.source.postgres.locks import BEGIN, LockedTables
from store_uptime.pipeline.source.postgres.patience import RUN, NoAnswer, lock_wait_s, server_settings
from store_uptime.pipeline.source.postgres.pulls import PullFailed, by_connection, by_connectorx, in_thread
from store_uptime.pipeline.source.postgres.times import EVER, LooseTimes, Stretch
from store_uptime.pipeline.statements import statement
from store_uptime.pipeline.tables import COLUMNS, Table
from store_uptime.pipeline.waiting import PATIENCE_S

if TYPE_CHECKING:
    import polars as pl

    from store_uptime.pipeline.source.frames import FrameTables, RawFrames, RawPolls

LARGE_TABLE = 1_000_000
BEGINNING_US, END_US = instant_us(EPOCH.replace(year=1)), instant_us(EPOCH.replace(year=9999))
ACCEPTED = {"unreadable": Value("\ufffd")}
FRUGAL = ("set local max_parallel_workers_per_gather = 0", "set local work_mem = '64MB'")
"""A pull keeps one core of the server busy, and groups the polls of some thousand stores without a file."""


class Postgres:
    """The three tables in a PostgreSQL database; only the horizon and the needed columns of the polls travel.

    Raises SourceUnreachable, SourceBusy, SourceRefused, AddressNotUnderstood, SourceMismatch when entered and read, and
    SourceBusy when it is left, where other tables are there by then: what was read is of no one state.
    """

    gives_all = False
    files: Sequence[Path] = ()
    newest_limit: float = 10_000
    version: str | None = None
    reads: Sequence[Table] = tuple(COLUMNS)

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
        self.remarks: list[DataWarning] = []
        self._address, self._schema, self._patience = address, schema, patience
        self._application = application or f"store-uptime {secrets.token_hex(8)}"

    def __enter__(self) -> Self:
        self._connection = connect(self._address, self._application, self._patience or RUN)
        self.name = self._place()
        self._has_pulled = False
        self._failure: StoreUptimeError | None = None
        self._one_at_a_time = Lock()
        try:
            self._begin()
            self._url = connectorx_url(self._connection, self.name, self._locks.unset)
        except BaseException:
            self._connection.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None and self._has_pulled:
                self._locks.require_unchanged()
            elif isinstance(error, SourceRefused | SourceMismatch):
                self._locks.require_same_names()
        except psycopg.Error as changed:
            raise source_error(self.name, changed, "") from None
        finally:
            if error is not None:
                end_statements(self._address, self._application)
            self._connection.close()

    @property
    def connection(self) -> psycopg.Connection:
        """The connection, once it is entered; in a transaction that reads."""
        return self._connection

    def newest_poll_us(self, ceiling_us: int) -> int | None:
        """See `Source`; with an index on the time it reads a handful of rows."""
        times = self._polls.times
        if isinstance(times, LooseTimes):
            return self._newest_of_loose(times, ceiling_us)
        bounds = {"ceiling": times.until(ceiling_us), "beginning": times.until(BEGINNING_US)}
        row = self._row("newest", self._polls, **bounds, **ACCEPTED)
        return None if row is None else times.us(row[0])

    def polls(self, horizon: Horizon, store: str | None) -> "RawPolls":
        """See `Source`. The usual rows travel packed, each id once; what is not usual follows as text."""
        polls, times, of_store = self._polls, self._polls.times, self._of_store("store_status", store)
        if isinstance(times, LooseTimes):
            last_us = horizon.now_us if horizon.ahead_us is None else None  # what is ahead is looked at too
            loose = self._loose_polls(times, Stretch(horizon.start_us, last_us), store)
            from store_uptime.pipeline.source.frames import NONE_USUAL, RawPolls

            return RawPolls(NONE_USUAL, [loose])
        bounds = {"start": times.since(horizon.start_us), "now": times.until(horizon.now_us), "of_store": of_store}
        ahead = Value(None) if horizon.ahead_us is None else times.until(horizon.ahead_us)
        coming = self._coming("usual_polls", polls, store, **bounds)
        strays = self._pulled(times.strays, polls, store, ahead=ahead, of_store=of_store)
        groups = self._arrived("usual_polls", coming)
        from store_uptime.pipeline.source.frames import RawPolls
        from store_uptime.pipeline.source.postgres.packed_polls import unpack_polls, valid_groups

        usual = valid_groups(groups)
        if usual.all():
            return RawPolls(unpack_polls(groups), [strays.lazy()])
        unusual = self._pulled("unusual_polls", polls, store, **bounds, **ACCEPTED)
        return RawPolls(unpack_polls(groups.filter(usual.to_arrow())), [strays.lazy(), unusual.lazy()])

    def hours(self, store: str | None) -> "RawFrames":
        """See `Source`."""
        table = self._table("menu_hours")
        return [self._pulled("hours", table, store, of_store=self._of_store("menu_hours", store)).lazy()]

    def zones(self, store: str | None) -> "RawFrames":
        """See `Source`."""
        table = self._table("timezones")
        return [self._pulled("zones", table, store, of_store=self._of_store("timezones", store)).lazy()]

    def has_polled(self, store: str) -> bool:
        """See `Source`."""
        row = self._row("has_polled", self._polls, of_store=self._of_store("store_status", store))
        return row is not None and row[0]

    def stores(self) -> list[str]:
        """See `Source`; where times are text, also ids of the days around."""
        horizon = found_horizon(self, DEFAULTS)
        within = self._polls.times.within(horizon.start_us, horizon.now_us)
        rows = self._rows("stores", self._polls, within=within, **ACCEPTED)
        return sorted(row[0] for row in rows)

    def poll_span_us(self) -> tuple[int, int] | None:
        """See `Source`."""
        times = self._polls.times
        if isinstance(times, LooseTimes):
            return self._loose_frames(times, EVER).poll_span_us()
        bounds = {"beginning": times.until(BEGINNING_US), "end": times.since(END_US)}
        row = self._row("span", self._polls, **bounds)
        return None if row is None or row[0] is None else (times.us(row[0]), times.us(row[1]))

    def newest_polls(self) -> "RawFrames":
        """See `Source`. Times that are text have no order: to sort them would take the whole history."""
        name = "some_polls" if isinstance(self._polls.times, LooseTimes) else "newest_polls"
        return [self._pulled(name, self._polls, None, most=Value(self.newest_limit)).lazy()]

    @cached_property
    def _polls(self) -> "FoundTable":
        polls = self._table("store_status")
        if polls.rows > LARGE_TABLE and polls.unindexed_time:
            remark = (
                f"{polls.full_name} has about {polls.rows:,} rows and no index on the time, so all of them are read: "
                f"create index concurrently on {polls.full_name} ({polls.columns['timestamp_utc']});"
            )
            self.remarks.append(SourceRemark(remark))
        return polls

    def _place(self) -> str:
        return connection_name(self._connection)

    def _table(self, table: Table) -> "FoundTable":
        try:
            asked = {"table": self._locks.oid(self._qualified(table))}
            rows = self._connection.execute(statement(__package__, "catalogue"), asked).fetchall()
        except psycopg.Error as error:
            raise source_error(self.name, error, self._grants()) from None
        if not rows:
            raise self._no_table(table)
        return found_table(self.name, table, self.mapping, rows, self._some_numbers)

    def _some_numbers(self, table: str, column: str) -> list[float]:
        query = SQL(statement(__package__, "some_numbers")).format(
            column=Identifier(column), table=SQL(cast("LiteralString", table))
        )
        return [float(row[0]) for row in self._fetched("some_numbers", query)]

    def _no_table(self, table: Table) -> SourceMismatch:
        from store_uptime.pipeline.source.probable_tables import described_tables, likely_table

        near = likely_table(table, described_tables(self._connection, self._schema))
        remedy = mapping_line(table, "table", near.mapped_name if near else "…")
        return SourceMismatch(
            self.name,
            f"there is no table {self.mapping.table_name(table)}",
            f"{needed(table)}; is it in another schema? A mapping (--map FILE) can name it: {remedy}",
        )

    def _qualified(self, table: Table) -> str:
        schema, _, name = self.mapping.table_name(table).rpartition(".")
        parts = [part for part in (schema or self._schema, name) if part]
        return Identifier(*parts).as_string()

    def _begin(self) -> None:
        names = [self._qualified(table) for table in self.reads]
        wait_s = lock_wait_s(self._patience)
        self._locks = LockedTables(self._connection, names, server_settings(self._patience), wait_s)
        try:
            self._locks.begin()
            snapshot, self.version = self._exported_snapshot()
        except psycopg.errors.LockNotAvailable:
            raise SourceBusy(self.name, self._locked_reason()) from None
        except psycopg.Error as error:
            raise source_error(self.name, error, self._grants()) from None
        self._opening = [BEGIN, f"set transaction snapshot '{snapshot}'", *FRUGAL]
        self._may_pull_apart = snapshot is not None and not self._locks.is_pooled

    def _exported_snapshot(self) -> tuple[str | None, str | None]:
        """The name of the snapshot that this connection sees, and the version of the data.

        None where the server cannot share its snapshot, and where the version cannot be told.
        """
        tables = [self._qualified(table) for table in COLUMNS]
        try:
            row = self._connection.execute(statement(__package__, "snapshot"), {"tables": tables}).fetchone()
        except psycopg.OperationalError:
            raise
        except psycopg.Error:
            self._locks.begin()
            return None, None
        name, version = cast("tuple[str, str | None]", row)
        return name, version and self._version_as_mapped(version)

    def _locked_reason(self) -> str:
        table = self._locks.held_by_others() or "a table"
        return f"{table} is locked by another session (VACUUM FULL, ALTER, TRUNCATE or a reload)"

    def _grants(self) -> str:
        if self._schema is None:
            return "Ask its owner: grant select on the tables, and on what views read, to this user."
        return f"Ask its owner: grant usage on schema {self._schema} to this user, and select on its tables."

    def _version_as_mapped(self, version: str) -> str:
        """A version that is another one where the same rows are read otherwise."""
        place, _, snapshot = version.partition(" ")
        return version if self.mapping == AS_NAMED else f"{place}/{self.mapping.digest} {snapshot}"

    def _newest_of_loose(self, times: LooseTimes, ceiling_us: int) -> int | None:
        bounds = times.bounds(Stretch(None, ceiling_us))
        seen_us = [
            us_of(row[0])
            for name, us_of in times.newest_statements.items()
            if (row := self._row(name, self._polls, **bounds)) is not None and row[0] is not None
        ]
        if not seen_us:
            return None
        newest = self._loose_frames(times, Stretch(max(seen_us), ceiling_us)).newest_poll_us(ceiling_us)
        return self._loose_frames(times, EVER).newest_poll_us(ceiling_us) if newest is None else newest

    def _loose_frames(self, times: LooseTimes, stretch: Stretch) -> "FrameTables":
        from store_uptime.pipeline.source.frames import FrameTables

        polls = self._loose_polls(times, stretch, None)
        return FrameTables({"store_status": [polls], "menu_hours": [], "timezones": []}, self.name, self.mapping)

    def _loose_polls(self, times: LooseTimes, stretch: Stretch, store: str | None) -> "pl.LazyFrame":
        bounds = times.bounds(stretch) | {"of_store": self._of_store("store_status", store)}
        return self._pulled(times.polls_statement, self._polls, store, **bounds).lazy()

    def _of_store(self, table: Table, store: str | None) -> Composable:
        column = Identifier(self.mapping.column_name(table, "store_id"))
        return SQL("true") if store is None else SQL("{}::text = {}").format(column, Value(store))

    def _row(self, name: str, table: "FoundTable", **values: Composable) -> tuple[Any, ...] | None:
        return next(iter(self._rows(name, table, **values)), None)

    def _rows(self, name: str, table: "FoundTable", **values: Composable) -> list[tuple[Any, ...]]:
        return self._fetched(name, table.composed(name, **values))

    def _fetched(self, name: str, query: Composed) -> list[tuple[Any, ...]]:
        try:
            # binary: as text, times would follow the DateStyle of the role
            return self._connection.execute(query, binary=True).fetchall()
        except psycopg.Error as error:
            raise (self._failure or self._failed(name, error)) from None

    def _failed(self, name: str, error: Exception) -> StoreUptimeError:
        return source_error(self.name, error, f"The statement was {name}.")

    def _pulled(self, name: str, table: "FoundTable", store: str | None, **values: Composable) -> "pl.DataFrame":
        """The result of a statement, within the snapshot. store: the only one that it is of."""
        table_here = self._arrived(name, self._coming(name, table, store, **values))
        import polars as pl

        return pl.DataFrame(table_here)

    def _coming(self, name: str, table: "FoundTable", store: str | None, **values: Composable) -> Future[pyarrow.Table]:
        """The same while it is on its way: in a thread, since Ctrl-C ends a wait but does not reach native code."""
        self._has_pulled = True
        query = table.composed(name, **values)
        is_large = store is None and self._may_pull_apart
        return in_thread(partial(self._pulled_apart if is_large else self._pulled_here, name, query))

    def _pulled_apart(self, name: str, query: Composed) -> pyarrow.Table:
        """By ConnectorX; where it cannot, over the connection that has the locks.

        Another connection has to wait for the tables behind a reload that waits for us to let them go.
        """
        try:
            return by_connectorx(self._url, self._opening, query.as_string(self._connection))
        except PullFailed:
            return self._pulled_here(name, query)

    def _pulled_here(self, name: str, query: Composed) -> pyarrow.Table:
        with self._one_at_a_time:
            if self._failure is None:
                try:
                    return by_connection(self._connection, query)
                except (psycopg.Error, UnicodeDecodeError) as error:
                    self._failure = self._failed(name, error)
            raise self._failure  # it has ended the transaction: of other statements that is all to be heard

    def _arrived(self, name: str, coming: Future[pyarrow.Table]) -> pyarrow.Table:
        patience = self._patience or RUN
        deadline = monotonic() + patience.total_seconds()
        while not wait([coming], PATIENCE_S).done:  # Polars would let a longer wait go on after Ctrl-C
            if self._connection.closed or monotonic() > deadline:
                raise self._failed(name, NoAnswer(f"it has not answered within {patience.total_seconds():g} s"))
        return coming.result()


class EmbeddedPostgres(Postgres):
    """The server that this package starts, kept running while it is read."""

    def __init__(
        self,
        schema: str | None = None,
        application: str | None = None,
        mapping: SourceMapping = AS_NAMED,
        patience: timedelta | None = None,
    ) -> None:
        super().__init__("", schema, application, mapping, patience)
        self.name = self._place()
        self._server = ExitStack()

    def __enter__(self) -> Self:
        from store_uptime.pipeline.embedded.server import embedded_server

        self._address = self._server.enter_context(embedded_server())
        try:
            return super().__enter__()
        except BaseException:
            self._server.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._server:
            super().__exit__(kind, error, trace)

    def _place(self) -> str:
        return "the embedded PostgreSQL server"
