"""A connection in, statements and pulls that all read one state of the database out.

Session.rows    the rows of a small statement
Session.start   a pull, started in a thread of its own
Pull.table      its result, once it is there
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Lock
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar, cast

import psycopg
import pyarrow  # here, since ConnectorX would import it within the first pull
from psycopg.rows import TupleRow
from psycopg.sql import Composed

from store_uptime.pipeline.errors import SourceBusy, SourceMismatch, SourceRefused, StoreUptimeError
from store_uptime.pipeline.source.postgres.connection import connectorx_url, end_statements, source_error
from store_uptime.pipeline.source.postgres.locks import BEGIN, LockedTables, OptionalTable
from store_uptime.pipeline.source.postgres.patience import RUN, NoAnswer, lock_wait_s, server_settings
from store_uptime.pipeline.source.postgres.pulls import PullFailed, by_connection, by_connectorx, in_thread
from store_uptime.pipeline.statements import statement

if TYPE_CHECKING:
    import polars as pl

Result = TypeVar("Result")

LOOK_S = 0.1  # between two looks at a pull
FRUGAL = ("set local max_parallel_workers_per_gather = 0", "set local work_mem = '64MB'")
"""Settings of a pull: one core of the server, and enough memory to group the polls of some thousand stores."""


@dataclass(frozen=True)
class Target:
    """The source of a session: its name for people, its address, and the name of its connections on the server.

    patience: how long each wait may last. remedy: what to do where the server refuses to read.
    """

    name: str
    address: str
    application: str
    patience: timedelta | None
    remedy: str


class Session:
    """A connection whose tables do not change until it is closed; statements and pulls read one snapshot of them.

    locked: the names of the tables that will be read. optional: see `LockedTables`.

    Raises SourceBusy, SourceRefused, SourceUnreachable when entered, and SourceBusy when it is closed and the tables
    have been replaced meanwhile: the rows are not of one state.
    """

    def __init__(
        self, connection: psycopg.Connection, target: Target, locked: Sequence[str], optional: Mapping[str, str]
    ) -> None:
        self.connection, self.name, self._target = connection, target.name, target
        patience = target.patience
        self._locks = LockedTables(connection, locked, optional, server_settings(patience), lock_wait_s(patience))
        self._snapshot: str | None = None
        self._has_pulled = False
        self._failure: StoreUptimeError | None = None
        self._one_at_a_time = Lock()

    def __enter__(self) -> Self:
        self._begin()
        self._url = connectorx_url(self.connection, self.name, self._locks.unset)
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
            raise self._error(changed, "") from None
        finally:
            if error is not None:
                # A pull in native code is not stopped by an exception here; the server would hold its locks until the
                # statement has rows to send.
                end_statements(self._target.address, self._target.application)

    def share_snapshot(self, tables: Sequence[str]) -> str | None:
        """Export this transaction's snapshot for pulls on other connections; returns the version of the data.

        tables: those that the version covers. None where it is not known.
        """
        try:
            row = self.connection.execute(statement(__package__, "snapshot"), {"tables": list(tables)}).fetchone()
        except psycopg.OperationalError as error:
            raise self._error(error, self._target.remedy) from None
        except psycopg.Error:
            # Not every server that speaks the protocol can export a snapshot: then all pulls use this connection.
            self._begin()
            return None
        self._snapshot, version = cast("tuple[str, str | None]", row)
        return version

    def oid(self, name: str) -> int | None:
        """The table that one of the locked names leads to; None: there is none."""
        return self._locks.oid(name)

    def optional(self, name: str) -> OptionalTable:
        """What one of the optional names leads to."""
        return self._locks.optional[name]

    def rows(self, name: str, query: Composed) -> list[TupleRow]:
        """The rows of a small statement; name: of the statement, for an error."""
        # binary: as text, times would depend on the DateStyle of the role
        run = partial(self.connection.execute, query, binary=True)
        return self._alone(f"The statement was {name}.", lambda: run().fetchall())

    def catalogue(self, table: str) -> list[TupleRow]:
        """The columns of one of the locked tables, as the catalogue has them; none where it is not there."""
        query, values = statement(__package__, "catalogue"), {"table": self.oid(table)}
        return self._alone(self._target.remedy, lambda: self.connection.execute(query, values).fetchall())

    def start_here(self, name: str, query: Composed) -> "Pull":
        """A pull of few rows, started: over this connection."""
        return self._started(name, partial(self._pull_here, name, query))

    def start_apart(self, name: str, query: Composed) -> "Pull":
        """A pull of many rows, started: over a connection of its own where that has the same snapshot."""
        # Behind a pooler another connection may reach another server, which does not have this snapshot.
        if self._snapshot is None or self._locks.is_pooled:
            return self.start_here(name, query)
        return self._started(name, partial(self._pull_apart, name, query))

    def _started(self, name: str, pull: Callable[[], pyarrow.Table]) -> "Pull":
        self._has_pulled = True
        # A thread, since Ctrl-C ends a wait of Python but does not reach native code.
        return Pull(self, name, in_thread(pull))

    def wait(self, name: str, coming: Future[pyarrow.Table]) -> pyarrow.Table:
        """The result of a pull. Raises SourceUnreachable where it takes longer than the patience of the session."""
        patience_s = (self._target.patience or RUN).total_seconds()
        deadline = monotonic() + patience_s
        # In steps: Polars installs its SIGINT handler with SA_RESTART, so a wait without an end would never notice it:
        # https://github.com/pola-rs/polars/issues/21739.
        while not wait([coming], LOOK_S).done:
            if self.connection.closed or monotonic() > deadline:
                raise self._error(
                    NoAnswer(f"it has not answered within {patience_s:g} s"), f"The statement was {name}."
                )
        return coming.result()

    def _pull_apart(self, name: str, query: Composed) -> pyarrow.Table:
        opening = [BEGIN, f"set transaction snapshot '{self._snapshot}'", *FRUGAL]
        try:
            return by_connectorx(self._url, opening, query.as_string(self.connection))
        except PullFailed:
            # Another connection waits for its locks behind a reload that waits for ours to be released; this connection
            # has the locks already.
            return self._pull_here(name, query)

    def _pull_here(self, name: str, query: Composed) -> pyarrow.Table:
        return self._alone(f"The statement was {name}.", lambda: by_connection(self.connection, query))

    def _alone(self, remedy: str, run: Callable[[], Result]) -> Result:
        """Run one statement at a time over the connection; all later ones raise the error of the first that fails."""
        # The failure aborts the transaction, and of later statements the server reports only that. So every statement
        # that may run beside a pull goes through here, small ones too.
        with self._one_at_a_time:
            if self._failure is not None:
                raise self._failure
            try:
                return run()
            except (psycopg.Error, UnicodeDecodeError) as error:  # a database in SQL_ASCII may hold any bytes
                self._failure = self._error(error, remedy)
                raise self._failure from None

    def _begin(self) -> None:
        try:
            self._locks.begin()
        except psycopg.errors.LockNotAvailable:
            table = self._locks.held_by_others() or "a table"
            reason = f"{table} is locked by another session (VACUUM FULL, ALTER, TRUNCATE or a reload)"
            raise SourceBusy(self.name, reason) from None
        except psycopg.Error as error:
            raise self._error(error, self._target.remedy) from None

    def _error(self, error: Exception, remedy: str) -> StoreUptimeError:
        return source_error(self.name, error, remedy)


@dataclass(frozen=True)
class Pull:
    """A statement that runs, and its result."""

    session: Session
    name: str
    coming: Future[pyarrow.Table]

    def table(self) -> pyarrow.Table:
        """The result; waits for it. Raises what the source raises."""
        return self.session.wait(self.name, self.coming)

    def frame(self) -> "pl.DataFrame":
        """The same as a frame."""
        arrived = self.table()
        # Imported once the first pull has ended: before, the import would only delay the start of the pulls.
        import polars as pl

        return pl.DataFrame(arrived)
