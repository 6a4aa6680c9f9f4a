"""One state of a database: a transaction with its locks and its snapshot, and pulls that see just that.

Session.rows    the rows of a small statement
Session.start   a pull, on its way in a thread of its own
Pull.table      what it has brought
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Lock
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar, cast

import psycopg
import pyarrow  # ConnectorX imports it too, and would do so within the first pull
from psycopg.rows import TupleRow
from psycopg.sql import Composed

from store_uptime.pipeline.errors import SourceBusy, SourceMismatch, SourceRefused, StoreUptimeError
from store_uptime.pipeline.source.postgres.connection import connectorx_url, end_statements, source_error
from store_uptime.pipeline.source.postgres.locks import BEGIN, LockedTables
from store_uptime.pipeline.source.postgres.patience import RUN, NoAnswer, lock_wait_s, server_settings
from store_uptime.pipeline.source.postgres.pulls import PullFailed, by_connection, by_connectorx, in_thread
from store_uptime.pipeline.statements import statement

if TYPE_CHECKING:
    import polars as pl

Result = TypeVar("Result")

LOOK_S = 0.1  # between two looks at a pull
FRUGAL = ("set local max_parallel_workers_per_gather = 0", "set local work_mem = '64MB'")
"""A pull keeps one core of the server busy, and groups the polls of some thousand stores without a file."""


@dataclass(frozen=True)
class Target:
    """What a session is of: the source's name for people, its address and its connections' name on the server.

    patience: how long anything may take. remedy: what to do where reading is refused.
    """

    name: str
    address: str
    application: str
    patience: timedelta | None
    remedy: str


class Session:
    """A connection whose tables stay as they are until it is left; statements and pulls see one snapshot of them.

    locked: the names of the tables that are going to be read. Raises SourceBusy, SourceRefused, SourceUnreachable when
    entered, and SourceBusy when it is left, where other tables are there by then: what was read is of no one state.
    """

    def __init__(self, connection: psycopg.Connection, target: Target, locked: Sequence[str]) -> None:
        self.connection, self.name, self._target = connection, target.name, target
        patience = target.patience
        self._locks = LockedTables(connection, locked, server_settings(patience), lock_wait_s(patience))
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
                # A pull in native code goes on by itself, and would keep its locks until it has something to send.
                end_statements(self._target.address, self._target.application)

    def share_snapshot(self, tables: Sequence[str]) -> str | None:
        """Let pulls on connections of their own see this transaction's snapshot; gives the version of the data.

        tables: those that the version is of. None where it is not known.
        """
        try:
            row = self.connection.execute(statement(__package__, "snapshot"), {"tables": list(tables)}).fetchone()
        except psycopg.OperationalError as error:
            raise self._error(error, self._target.remedy) from None
        except psycopg.Error:
            # Not every server that speaks the protocol can export a snapshot: then all goes over this connection.
            self._begin()
            return None
        self._snapshot, version = cast("tuple[str, str | None]", row)
        return version

    def oid(self, name: str) -> int | None:
        """The table that one of the locked names leads to; None: there is none."""
        return self._locks.oid(name)

    def rows(self, name: str, query: Composed) -> list[TupleRow]:
        """The rows of a small statement; name: of the statement, for an error."""
        # binary: as text, times would follow the DateStyle of the role
        run = partial(self.connection.execute, query, binary=True)
        return self._alone(f"The statement was {name}.", lambda: run().fetchall())

    def catalogue(self, table: str) -> list[TupleRow]:
        """The columns of one of the locked tables, as the catalogue has them; none where it is not there."""
        query, values = statement(__package__, "catalogue"), {"table": self.oid(table)}
        return self._alone(self._target.remedy, lambda: self.connection.execute(query, values).fetchall())

    def start(self, name: str, query: Composed, store: str | None) -> "Pull":
        """A pull, on its way. store: the only one that it is of; a pull of all is worth a connection of its own."""
        self._has_pulled = True
        # ConnectorX leaves threads behind for half a minute, so it is for the large pulls; behind a pooler another
        # connection may be another server's, whose snapshots are not ours.
        has_own = store is None and self._snapshot is not None and not self._locks.is_pooled
        pull = partial(self._pull_apart if has_own else self._pull_here, name, query)
        # A thread, since Ctrl-C ends a wait but does not reach native code.
        return Pull(self, name, in_thread(pull))

    def wait(self, name: str, coming: Future[pyarrow.Table]) -> pyarrow.Table:
        """What a pull brings. Raises SourceUnreachable where it takes longer than there is patience."""
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
            # Another connection has to wait for the tables behind a reload that waits for us to let them go; this one
            # has the locks already.
            return self._pull_here(name, query)

    def _pull_here(self, name: str, query: Composed) -> pyarrow.Table:
        return self._alone(f"The statement was {name}.", lambda: by_connection(self.connection, query))

    def _alone(self, remedy: str, run: Callable[[], Result]) -> Result:
        """One statement at a time over the connection, and the first that fails is the error of all of them.

        It has ended their transaction: the server tells the others no more than that it is aborted. So whoever uses the
        connection while pulls may be under way comes through here, small statements too.
        """
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
    """The result of a statement, on its way."""

    session: Session
    name: str
    coming: Future[pyarrow.Table]

    def table(self) -> pyarrow.Table:
        """What it brings, once it is there. Raises what the source raises."""
        return self.session.wait(self.name, self.coming)

    def frame(self) -> "pl.DataFrame":
        """The same as a frame."""
        arrived = self.table()
        # Imported when the first pull is back: until then it would only be in the way.
        import polars as pl

        return pl.DataFrame(arrived)
