"""The registry: reports, schedules, deliveries, keys and sessions in PostgreSQL, from the event loop.

The statements are in the modules of their subjects. Every wait has an end: for a connection, for a statement, and of a
transaction for our next statement.
"""

import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol
from weakref import WeakKeyDictionary

import psycopg
from psycopg import errors
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

from store_uptime.service.errors import RegistryUnreachable
from store_uptime.service.errors.causes import Cause
from store_uptime.service.observability.metrics import Pool
from store_uptime.service.registry.connection import CONNECT_S, BoundedConnection, bounded_conninfo, database_cause
from store_uptime.service.registry.operations import bound_transaction
from store_uptime.service.registry.statements import AnyRow, Statement
from store_uptime.service.timing import Timing

TRUSTED_S = 1.0  # a connection that answered so recently is not checked: a check costs a round trip of its own
CHECK_S = 2.0  # how long a check may take
LAST_SEEN: WeakKeyDictionary[BoundedConnection, float] = WeakKeyDictionary()
WAITING = 500  # requests that may wait for a connection


class Execute(Protocol):
    """Executes statements, one after the other, on one connection."""

    async def __call__(self, statement: Statement[AnyRow], /) -> list[AnyRow]:
        """The rows of a statement."""
        ...


class Registry:
    """The statements over a pool of connections; work that must not wait for other work has a registry of its own.

    Each raises RegistryUnreachable where the database does not answer, or cannot do its work just now.
    """

    def __init__(self, timing: Timing, connections: int) -> None:
        self._timing, self._size = timing, connections
        self._pool: AsyncConnectionPool[BoundedConnection] | None = None
        self._in_use, self._last_done = 0, -math.inf

    async def open(self, address: str) -> None:
        """Begin to connect; the database may come up later."""
        self._pool = AsyncConnectionPool(
            bounded_conninfo(address),
            connection_class=BoundedConnection,
            kwargs={
                "autocommit": True,
                "prepare_threshold": None,  # behind a pooler the next statement meets another session
                "application_name": "store-uptime registry",
            },
            configure=self._configure,
            min_size=1,
            max_size=self._size,
            max_waiting=WAITING,
            timeout=self._timing.connection_s,
            reconnect_timeout=CONNECT_S,  # the pool waits twice as long each time: better to begin anew
            check=check_connection,
            name="registry",
            open=False,
        )
        await self._pool.open()

    def pool_state(self) -> Pool:
        """How busy the connections are."""
        counted = {} if self._pool is None else self._pool.get_stats()
        return Pool(*(counted.get(name, 0) for name in ("pool_size", "pool_available", "requests_waiting")))

    async def close(self) -> None:
        """Give back all connections."""
        if self._pool is not None:
            await self._pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Execute]:
        """Statements that come one after the other on one connection, each committed at once."""
        async with self._pooled() as connection:
            yield executor(connection)

    @asynccontextmanager
    async def transaction(self, idle_s: float | None = None) -> AsyncIterator[Execute]:
        """Statements that are committed together, or not at all.

        PostgreSQL ends it where this process is paused meanwhile, since others may wait for its locks. idle_s:
        how long it may be, else as the settings have it.
        """
        async with self._pooled() as connection, connection.transaction():
            execute = executor(connection)
            await execute(bound_transaction(idle_s or self._timing.idle_s))
            yield execute

    async def rows(self, statement: Statement[AnyRow]) -> list[AnyRow]:
        """The rows of a statement."""
        async with self.connection() as execute:
            return await execute(statement)

    async def row(self, statement: Statement[AnyRow]) -> AnyRow | None:
        """The first row of a statement, if it has any."""
        return next(iter(await self.rows(statement)), None)

    async def only_row(self, statement: Statement[AnyRow]) -> AnyRow:
        """The row of a statement that always has one."""
        [row] = await self.rows(statement)
        return row

    @asynccontextmanager
    async def _pooled(self) -> AsyncIterator[BoundedConnection]:
        if self._pool is None:
            raise RegistryUnreachable
        asked_at = time.monotonic()
        try:
            async with self._pool.connection() as connection, self._counted():
                yield connection
        except psycopg.Error as error:
            cause = self._cause(error, asked_at)
            if cause is None:
                raise
            raise RegistryUnreachable(cause, str(error)) from error

    @asynccontextmanager
    async def _counted(self) -> AsyncIterator[None]:
        self._in_use += 1
        try:
            yield
            self._last_done = time.monotonic()
        finally:
            self._in_use -= 1

    def _cause(self, error: psycopg.Error, asked_at: float) -> Cause | None:
        match error:
            case TooManyRequests():
                return Cause.NO_CONNECTION
            case PoolTimeout():
                # psycopg_pool raises the same error whether all connections are in use or none can be opened.
                is_crowd = self._in_use >= self._size or self._last_done > asked_at
                return Cause.NO_CONNECTION if is_crowd else Cause.UNREACHABLE
            case _:
                return database_cause(error)

    async def _configure(self, connection: BoundedConnection) -> None:
        connection.seconds = self._timing.statement_s


async def check_connection(connection: BoundedConnection) -> None:
    """Find out whether a connection is still there, unless it answered a moment ago."""
    if time.monotonic() - LAST_SEEN.get(connection, 0.0) <= TRUSTED_S:
        return
    usual_s, connection.seconds = connection.seconds, min(CHECK_S, connection.seconds)
    await AsyncConnectionPool.check_connection(connection)
    connection.seconds = usual_s


def executor(connection: BoundedConnection) -> Execute:
    """Executes statements on a connection."""

    async def execute(statement: Statement[AnyRow], /) -> list[AnyRow]:
        cursor = connection.cursor(row_factory=class_row(statement.row))
        try:
            # binary: as text, the bytes of a stored report are twice as many, and held up every other request
            await cursor.execute(statement.sql, statement.values, binary=True)
        except errors.ReadOnlySqlTransaction:
            await connection.close()  # the next one may lead to another server, the primary
            raise
        LAST_SEEN[connection] = time.monotonic()
        return await cursor.fetchall() if statement.gives_rows else []

    return execute
