"""Tables in PostgreSQL as a source, whoever made them.

A look at the catalogue says what there is; every column is cast in the query, so that ConnectorX only meets text,
booleans and timestamps. psycopg holds one snapshot and every pull sees just that. Statements are in `sql/postgres/`.

Polars is imported when the first pull is back: until then it would only be in the way.
"""

import os
import secrets
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, LiteralString, Self, cast

os.environ.setdefault("RUST_LOG", "off")  # ConnectorX raises what it would log to stderr; it reads this when imported
import connectorx
import psycopg
import pyarrow  # by ConnectorX too; here it is imported before the pull, not during it
from psycopg.sql import SQL, Composable, Composed, Identifier
from psycopg.sql import Literal as Value

from pipeline.errors import SourceMismatch, SourceRefused
from pipeline.horizon import found_horizon
from pipeline.mapping import AS_NAMED
from pipeline.options import DAY_US, DEFAULTS, EPOCH, Horizon, instant_us
from pipeline.source.connection import (
    connected,
    connection_error,
    connectorx_url,
    end_statements,
    first_line,
    reached,
    shown,
)
from pipeline.statements import statement
from pipeline.tables import COLUMNS, SPACE, VARIANTS, Table
from pipeline.waiting import awaited

if TYPE_CHECKING:
    import polars as pl

    from pipeline.source.frames import Frames, RawFrames, RawPolls

TEXT = ("text", "character varying", "character")
TIMES = {"timestamp with time zone": "timestamptz", "timestamp without time zone": "timestamp"}
ALLOWED = {
    "timestamp_utc": (*TIMES, *TEXT),
    "start_time_local": ("time without time zone", *TEXT),
    "end_time_local": ("time without time zone", *TEXT),
}
LARGE_TABLE = 1_000_000
BEGINNING_US, END_US = instant_us(EPOCH.replace(year=1)), instant_us(EPOCH.replace(year=9999))
ACCEPTED = {"unreadable": Value("\ufffd"), "space": Value(SPACE)}
BEGIN = "begin isolation level repeatable read read only"
FRUGAL = ("set local max_parallel_workers_per_gather = 0", "set local work_mem = '64MB'")
"""A pull keeps one core of the server busy, and groups the polls of some thousand stores without a file."""
EVER = ("0000-00-00", "9999-99-99")


class Postgres:
    """The three tables in a PostgreSQL database; only the horizon and the needed columns of the polls travel.

    Raises SourceUnreachable, SourceRefused, SourceMismatch when entered and read.
    """

    gives_all = False
    files: Sequence[Path] = ()
    version: str | None = None

    def __init__(self, address: str, schema: str | None = None, application: str | None = None) -> None:
        self.name = shown(address)
        self.mapping = AS_NAMED
        self.remarks: list[str] = []
        self._address, self._schema = address, schema
        self._application = application or f"store-uptime {secrets.token_hex(8)}"

    def __enter__(self) -> Self:
        self._connection = connected(self._address, self._application)
        self.name = self._place()
        self._url = connectorx_url(self._connection, self.name)
        try:
            snapshot, self.version = self._exported_snapshot()
        except psycopg.OperationalError as error:
            raise connection_error(self.name, first_line(error)) from None
        seen = [] if snapshot is None else [f"set transaction snapshot '{snapshot}'"]
        self._opening = [BEGIN, *seen, *FRUGAL]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        if error is not None:
            end_statements(self._address, self._application)

    def newest_poll_us(self, ceiling_us: int) -> int | None:
        """See `Source`; with an index on the time it reads a handful of rows."""
        if self._polls.kind == "text":
            return self._newest_of_text(ceiling_us)
        bounds = {"ceiling": self._instant(ceiling_us), "beginning": self._instant(BEGINNING_US)}
        row = self._row("newest", self._polls, **bounds, **ACCEPTED)
        return None if row is None else instant_us(row[0])

    def polls(self, horizon: Horizon, store: str | None) -> "RawPolls":
        """See `Source`. The usual rows travel packed, each id once; what is not usual follows as text."""
        polls, of_store = self._polls, self._of_store(store)
        if polls.kind == "text":
            text = self._text_polls(*dates_around(horizon), of_store)
            from pipeline.source.frames import NONE_USUAL, RawPolls

            return RawPolls(NONE_USUAL, [text])
        bounds = {"start": self._instant(horizon.start_us), "now": self._instant(horizon.now_us), "of_store": of_store}
        ahead = Value(None) if horizon.ahead_us is None else self._instant(horizon.ahead_us)
        coming = self._coming("usual_polls", polls, **bounds)
        strays = self._pulled("stray_polls", polls, ahead=ahead, of_store=of_store)
        groups = self._arrived("usual_polls", coming)
        from pipeline.source.frames import RawPolls
        from pipeline.source.wire import is_usual, one_by_one

        usual = is_usual(groups)
        if usual.all():
            return RawPolls(one_by_one(groups), [strays.lazy()])
        unusual = self._pulled("unusual_polls", polls, **bounds, **ACCEPTED)
        return RawPolls(one_by_one(groups.filter(usual.to_arrow())), [strays.lazy(), unusual.lazy()])

    def hours(self, store: str | None) -> "RawFrames":
        """See `Source`."""
        return [self._pulled("hours", self._table("menu_hours"), of_store=self._of_store(store)).lazy()]

    def zones(self, store: str | None) -> "RawFrames":
        """See `Source`."""
        return [self._pulled("zones", self._table("timezones"), of_store=self._of_store(store)).lazy()]

    def has_polled(self, store: str) -> bool:
        """See `Source`."""
        row = self._row("has_polled", self._polls, of_store=self._of_store(store))
        return row is not None and row[0]

    def stores(self) -> list[str]:
        """See `Source`; where times are text, also ids of the days around."""
        horizon = found_horizon(self, DEFAULTS)
        rows = self._rows("stores", self._polls, **self._bounds(horizon), **ACCEPTED)
        return sorted(row[0] for row in rows)

    def poll_span_us(self) -> tuple[int, int] | None:
        """See `Source`."""
        if self._polls.kind == "text":
            return self._text_frames(EVER).poll_span_us()
        bounds = {"beginning": self._instant(BEGINNING_US), "end": self._instant(END_US)}
        row = self._row("span", self._polls, **bounds)
        return None if row is None or row[0] is None else (instant_us(row[0]), instant_us(row[1]))

    @cached_property
    def _polls(self) -> "FoundTable":
        polls = self._table("store_status")
        if polls.rows > LARGE_TABLE and polls.unindexed_time:
            self.remarks.append(
                f"{polls.full_name} has about {polls.rows:,} rows and no index on the time, so all of them are read: "
                f"create index concurrently on {polls.full_name} ({polls.columns['timestamp_utc']});"
            )
        return polls

    def _place(self) -> str:
        return reached(self._connection)

    def _table(self, table: Table) -> "FoundTable":
        try:
            asked = {"table": self._qualified(table)}
            rows = self._connection.execute(statement("postgres/catalogue"), asked).fetchall()
        except psycopg.Error as error:
            remedy = f"Ask its owner: grant usage on schema {self._schema} to this user."
            raise SourceRefused(self.name, first_line(error), remedy) from None
        return found_table(self.name, table, rows)

    def _qualified(self, table: Table) -> str:
        return table if self._schema is None else f"{Identifier(self._schema).as_string()}.{table}"

    def _exported_snapshot(self) -> tuple[str | None, str | None]:
        """The name of the snapshot that this connection sees, and the version of the data.

        None where the server cannot share its snapshot, and where the version cannot be told.
        """
        tables = [self._qualified(table) for table in COLUMNS]
        try:
            self._connection.execute(BEGIN)
            row = self._connection.execute(statement("postgres/snapshot"), {"tables": tables}).fetchone()
        except psycopg.Error as error:
            if self._connection.closed:
                raise
            self._connection.execute("rollback")
            self._connection.execute(BEGIN)
            self.remarks.append(
                f"This server cannot share one view of its tables ({first_line(error)}): "
                "each table was read as it was at its own moment."
            )
            return None, None
        return cast("tuple[str, str | None]", row)

    def _newest_of_text(self, ceiling_us: int) -> int | None:
        last = date_text(ceiling_us + 2 * DAY_US)
        row = self._row("newest_date", self._polls, last_date=Value(last))
        if row is None or row[0] is None:
            return None
        near = (date_text(instant_of_date(row[0]) - 2 * DAY_US), last)
        newest = self._text_frames(near).newest_poll_us(ceiling_us)
        return self._text_frames(EVER).newest_poll_us(ceiling_us) if newest is None else newest

    def _text_frames(self, dates: tuple[str, str]) -> "Frames":
        from pipeline.source.frames import Frames

        return Frames(self._text_polls(*dates, self._of_store(None)), [], [])

    def _text_polls(self, first_date: str, last_date: str, of_store: Composable) -> "pl.LazyFrame":
        dates = {"first_date": Value(first_date), "last_date": Value(last_date)}
        return self._pulled("text_polls", self._polls, **dates, of_store=of_store).lazy()

    def _of_store(self, store: str | None) -> Composable:
        return SQL("true") if store is None else SQL("store_id::text = {}").format(Value(store))

    def _instant(self, us: int) -> Composable:
        text = (EPOCH + timedelta(microseconds=us)).strftime("%Y-%m-%d %H:%M:%S.%f")
        if self._polls.kind == "timestamptz":
            return SQL("{}::timestamptz").format(Value(f"{text.zfill(26)}+00"))
        return SQL("{}::timestamp").format(Value(text.zfill(26)))

    def _bounds(self, horizon: Horizon) -> dict[str, Composable]:
        if self._polls.kind == "text":
            first, last = map(Value, dates_around(Horizon(horizon.start_us, horizon.now_us)))
            return {"first": first, "last": last}
        return {"first": self._instant(horizon.start_us), "last": self._instant(horizon.now_us)}

    def _row(self, name: str, table: "FoundTable", **values: Composable) -> tuple[Any, ...] | None:
        return next(iter(self._rows(name, table, **values)), None)

    def _rows(self, name: str, table: "FoundTable", **values: Composable) -> list[tuple[Any, ...]]:
        try:
            # binary: as text, times would follow the DateStyle of the role
            return self._connection.execute(table.composed(name, **values), binary=True).fetchall()
        except psycopg.Error as error:
            raise SourceRefused(self.name, first_line(error), f"The statement was {name}.") from None

    def _pulled(self, name: str, table: "FoundTable", **values: Composable) -> "pl.DataFrame":
        """The result of a statement, by ConnectorX, within the snapshot."""
        table_here = self._arrived(name, self._coming(name, table, **values))
        import polars as pl

        return pl.DataFrame(table_here)

    def _coming(self, name: str, table: "FoundTable", **values: Composable) -> Future[pyarrow.Table]:
        """The same while it is on its way: in a thread, since Ctrl-C ends a wait but does not reach native code."""
        query = table.composed(name, **values).as_string(self._connection)
        thread = ThreadPoolExecutor(1)
        pull = partial(connectorx.read_sql, self._url, query, return_type="arrow")
        coming = thread.submit(pull, pre_execution_query=self._opening)
        thread.shutdown(wait=False)
        return coming

    def _arrived(self, name: str, coming: Future[pyarrow.Table]) -> pyarrow.Table:
        try:
            return awaited(coming)
        except RuntimeError as error:
            raise SourceRefused(self.name, first_line(error), f"The statement was {name}.") from None


class EmbeddedPostgres(Postgres):
    """The server that this package starts, kept running while it is read."""

    def __init__(self, schema: str | None = None, application: str | None = None) -> None:
        super().__init__("", schema, application)
        self.name = self._place()
        self._server = ExitStack()

    def __enter__(self) -> Self:
        from pipeline.embedded import embedded_server

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


class FoundTable:
    """A table as the catalogue describes it: its real column names and how its times are kept."""

    def __init__(self, rows: list[tuple[Any, ...]], columns: dict[str, str]) -> None:
        kinds = {row[0]: row[1] for row in rows}
        self.columns = columns
        self.kind: Literal["timestamptz", "timestamp", "text"] = "text"
        if "timestamp_utc" in columns:
            self.kind = cast("Any", TIMES.get(kinds[columns["timestamp_utc"]], "text"))
        self.unindexed_time = any(row[0] == columns.get("timestamp_utc") and row[5] and not row[3] for row in rows)
        self.rows: int = rows[0][4]
        self.full_name: str = rows[0][6]

    def composed(self, name: str, **values: Composable) -> Composed:
        """A statement of `sql/postgres/` over this table."""
        columns = {standard: Identifier(found) for standard, found in self.columns.items()}
        timestamp = columns.get("timestamp_utc", SQL("null"))
        in_utc = SQL("{} at time zone 'UTC'").format(timestamp) if self.kind == "timestamptz" else timestamp
        date = SQL('left(ltrim({}::text, {}), 10) collate "C"').format(timestamp, Value(SPACE))
        names = {
            "table": SQL(cast("LiteralString", self.full_name)),
            "timestamp": timestamp,
            "in_utc": in_utc,
            "sent": SQL("{}({})").format(Identifier(f"{self.kind}_send"), timestamp),
            "bounded": date if self.kind == "text" else timestamp,
        }
        return SQL(statement(f"postgres/{name}")).format(**names, **columns, **values)


def found_table(source: str, table: Table, rows: list[tuple[Any, ...]]) -> FoundTable:
    """The table that catalogue rows describe. Raises SourceMismatch, SourceRefused."""
    needed = f"a report needs {table} ({', '.join(COLUMNS[table])})"
    if not rows:
        raise SourceMismatch(source, f"there is no table {table}", f"{needed}; is it in another schema?")
    by_standard_name = {VARIANTS.get(row[0], row[0]): row for row in rows} | {row[0]: row for row in rows}
    for column in COLUMNS[table]:
        if column not in by_standard_name:
            present = ", ".join(row[0] for row in rows)
            raise SourceMismatch(source, f"{table} has no column {column}, but {present}", needed)
        _, kind, readable, *_ = by_standard_name[column]
        if not readable:
            remedy = f"Ask its owner: grant select on {rows[0][6]} to this user."
            raise SourceRefused(source, f"permission denied for {table}.{column}", remedy)
        if kind not in ALLOWED.get(column, (kind,)):
            raise SourceMismatch(
                source, f"{table}.{column} is of type {kind}", f"it must be {' or '.join(ALLOWED[column])}"
            )
    return FoundTable(rows, {column: by_standard_name[column][0] for column in COLUMNS[table]})


def dates_around(horizon: Horizon) -> tuple[str, str]:
    """The dates that text of the horizon can begin with, wherever on Earth it was written, and all that is ahead."""
    first = date_text(horizon.start_us - 2 * DAY_US)
    return first, EVER[1] if horizon.ahead_us is not None else date_text(horizon.now_us + 2 * DAY_US)


def date_text(us: int) -> str:
    """The UTC date of an instant as text."""
    return (EPOCH + timedelta(microseconds=us)).strftime("%Y-%m-%d").zfill(10)


def instant_of_date(text: str) -> int:
    """The first instant of a date; of one that does not exist, 1970."""
    try:
        return instant_us(datetime.fromisoformat(text))
    except ValueError:
        return 0
