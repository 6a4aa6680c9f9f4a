"""The registry: reports, keys and sessions in PostgreSQL, asked from the event loop.

Every statement is in `sql/registry.sql`. A report's row is its place in the queue, too: a server takes the next one
with `claim`, says that it lives with `renew`, and gets back from others what has fallen silent with `lost`.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from service.errors import RegistryUnreachable
from service.metrics import Pool
from service.statements import statements

CONNECTIONS = 8
PATIENCE_S = 3
TRUSTED_S = 1.0  # a look costs a journey of its own
LAST_SEEN: WeakKeyDictionary[AsyncConnection[DictRow], float] = WeakKeyDictionary()
WAITING = 500  # requests that may wait for a connection
GONE = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, PoolClosed, TooManyRequests)

Row = dict[str, Any]
Say = Callable[..., Awaitable[list[Row]]]
"""Executes a statement by name, and gives its rows."""


class Registry:
    """The statements over a pool of connections. Each raises RegistryUnreachable where the database does not answer."""

    def __init__(self) -> None:
        self._pool: AsyncConnectionPool[AsyncConnection[DictRow]] | None = None

    async def open(self, address: str) -> None:
        """Begin to connect; the database is there, or will be."""
        self._pool = AsyncConnectionPool(
            address,
            connection_class=AsyncConnection[DictRow],
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "connect_timeout": PATIENCE_S,
                "application_name": "store-uptime registry",
            },
            min_size=2,
            max_size=CONNECTIONS,
            max_waiting=WAITING,
            timeout=PATIENCE_S,
            reconnect_timeout=PATIENCE_S,  # then whoever asks begins anew: no waiting twice as long each time
            check=checked,
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
    async def connection(self) -> AsyncIterator[Say]:
        """Statements that come one after the other on one connection, each committed at once."""
        if self._pool is None:
            raise RegistryUnreachable
        try:
            async with self._pool.connection() as connection:
                yield saying(connection)
        except GONE as error:
            raise RegistryUnreachable from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Say]:
        """Statements that are committed together, or not at all."""
        if self._pool is None:
            raise RegistryUnreachable
        try:
            async with self._pool.connection() as connection, connection.transaction():
                yield saying(connection)
        except GONE as error:
            raise RegistryUnreachable from error

    async def rows(self, statement: str, **values: object) -> list[Row]:
        """The rows of a statement."""
        async with self.connection() as say:
            return await say(statement, **values)

    async def row(self, statement: str, **values: object) -> Row | None:
        """The first row of a statement, if it has any."""
        return next(iter(await self.rows(statement, **values)), None)


async def checked(connection: AsyncConnection[DictRow]) -> None:
    """Find out whether a connection is still there, unless it was a moment ago."""
    if time.monotonic() - LAST_SEEN.get(connection, 0.0) > TRUSTED_S:
        await AsyncConnectionPool.check_connection(connection)


def saying(connection: AsyncConnection[DictRow]) -> Say:
    """The execution of named statements on a connection."""

    async def say(statement: str, **values: object) -> list[Row]:
        cursor = await connection.execute(statements()[statement], values)
        LAST_SEEN[connection] = time.monotonic()
        return await cursor.fetchall() if cursor.description else []

    return say
