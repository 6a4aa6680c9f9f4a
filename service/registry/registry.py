"""The registry: reports, keys and sessions in PostgreSQL, asked from the event loop.

Every statement is in `sql/registry.sql`. A report's row is its place in the queue, too: a server takes the next one
with `claim`, says that it lives with `renew`, and gets back from others what has fallen silent with `lost`.

Every wait has an end: for a connection, for a statement, and of a transaction for the next statement of ours.
"""

import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg import errors
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

from store_uptime.service.errors import RegistryUnreachable
from store_uptime.service.errors.causes import Cause
from store_uptime.service.observability.metrics import Pool
from store_uptime.service.registry.connection import CONNECT_S, BoundedConnection, cause_of, patient
from store_uptime.service.registry.statements import statements
from store_uptime.service.settings import Timing

TRUSTED_S = 1.0  # a look costs a journey of its own
CHECK_S = 2.0  # how long such a look may take
LAST_SEEN: WeakKeyDictionary[BoundedConnection, float] = WeakKeyDictionary()
WAITING = 500  # requests that may wait for a connection

Row = dict[str, Any]
Execute = Callable[..., Awaitable[list[Row]]]
"""Executes a statement by name, and gives its rows."""


class Registry:
    """The statements over a few connections of their own: whoever must not wait for others has another registry.

    Each raises RegistryUnreachable where the database does not answer, or cannot do its work just now.
    """

    def __init__(self, timing: Timing, connections: int) -> None:
        self._timing, self._size = timing, connections
        self._pool: AsyncConnectionPool[BoundedConnection] | None = None
        self._in_use, self._last_done = 0, -math.inf

    async def open(self, address: str) -> None:
        """Begin to connect; the database is there, or will be."""
        self._pool = AsyncConnectionPool(
            patient(address),
            connection_class=BoundedConnection,
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "prepare_threshold": None,  # behind a pooler the next statement meets another session
                "application_name": "store-uptime registry",
            },
            configure=self._configured,
            min_size=1,
            max_size=self._size,
            max_waiting=WAITING,
            timeout=self._timing.connection_s,
            reconnect_timeout=CONNECT_S,  # then whoever asks begins anew: no waiting twice as long each time
            check=checked,
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
        async with self._taken() as connection:
            yield executing(connection)

    @asynccontextmanager
    async def transaction(self, idle_s: float | None = None) -> AsyncIterator[Execute]:
        """Statements that are committed together, or not at all.

        PostgreSQL ends it where this process is paused in the middle: others may wait for what it has locked. idle_s:
        how long it may be, else as the settings say.
        """
        async with self._taken() as connection, connection.transaction():
            say = executing(connection)
            await say("bound_transaction", idle=f"{idle_s or self._timing.idle_s}s")
            yield say

    async def rows(self, statement: str, **values: object) -> list[Row]:
        """The rows of a statement."""
        async with self.connection() as say:
            return await say(statement, **values)

    async def row(self, statement: str, **values: object) -> Row | None:
        """The first row of a statement, if it has any."""
        return next(iter(await self.rows(statement, **values)), None)

    @asynccontextmanager
    async def _taken(self) -> AsyncIterator[BoundedConnection]:
        if self._pool is None:
            raise RegistryUnreachable
        begun = time.monotonic()
        try:
            async with self._pool.connection() as connection:
                self._in_use += 1
                try:
                    yield connection
                    self._last_done = time.monotonic()
                finally:
                    self._in_use -= 1
        except psycopg.Error as error:
            cause = self._cause(error, begun)
            if cause is None:
                raise
            raise RegistryUnreachable(cause, str(error)) from error

    def _cause(self, error: psycopg.Error, begun: float) -> Cause | None:
        """A wait for a connection that is in vain means that others have them all, or that there is none to be had."""
        match error:
            case TooManyRequests():
                return Cause.NO_CONNECTION
            case PoolTimeout():
                is_crowd = self._in_use >= self._size or self._last_done > begun
                return Cause.NO_CONNECTION if is_crowd else Cause.UNREACHABLE
            case _:
                return cause_of(error)

    async def _configured(self, connection: BoundedConnection) -> None:
        connection.seconds = self._timing.statement_s


async def checked(connection: BoundedConnection) -> None:
    """Find out whether a connection is still there, unless it was a moment ago."""
    if time.monotonic() - LAST_SEEN.get(connection, 0.0) <= TRUSTED_S:
        return
    usual, connection.seconds = connection.seconds, min(CHECK_S, connection.seconds)
    await AsyncConnectionPool.check_connection(connection)
    connection.seconds = usual


def executing(connection: BoundedConnection) -> Execute:
    """The execution of named statements on a connection."""

    async def say(statement: str, **values: object) -> list[Row]:
        try:
            cursor = await connection.execute(statements()[statement], values)
        except errors.ReadOnlySqlTransaction:
            await connection.close()  # the next one may lead to another server, the primary
            raise
        LAST_SEEN[connection] = time.monotonic()
        return await cursor.fetchall() if cursor.description else []

    return say
