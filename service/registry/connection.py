"""Connections to the registry on which every wait has an end.

A statement that takes too long is cancelled. Where the server does not answer that either (it is frozen, or the network
has failed) the connection is cut, which raises an error in the code that waits for it.
"""

import asyncio
import socket
from contextlib import suppress
from os import dup
from typing import TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow, class_row

from store_uptime.service.errors.causes import Cause, cause_of_state
from store_uptime.service.registry.statements import AnyRow, Statement

RV = TypeVar("RV")

CONNECT_S = 3
CANCEL_S = 1.0  # how long the server may take to end a statement that was cancelled
DEFAULTS = {
    "connect_timeout": CONNECT_S,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""Options of libpq, unless the address sets them: a machine that has gone without a word is noticed."""


class NoAnswer(psycopg.OperationalError):
    """The server has answered neither the statement nor its cancellation in time."""

    sqlstate = "57014"


def bounded_conninfo(address: str) -> str:
    """An address with an end to all waiting."""
    return make_conninfo(address, **(DEFAULTS | conninfo_to_dict(address)))


def database_cause(error: psycopg.Error) -> Cause | None:
    """The cause that an error of psycopg means; None where it is an error of the statement."""
    if error.sqlstate:
        return cause_of_state(error.sqlstate)
    return Cause.UNREACHABLE if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) else None


class BoundedConnection(AsyncConnection[TupleRow]):
    """A connection on which each wait lasts `seconds` at most."""

    # Not by settings of the session such as statement_timeout: behind a pooler (PgBouncer) the next statement may meet
    # another session, without them.
    seconds: float = 10.0

    async def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Raises QueryCanceled, NoAnswer, and what the statement raises."""
        loop = asyncio.get_running_loop()
        ending: list[asyncio.Task[None]] = []
        late = loop.call_later(self.seconds, lambda: ending.append(loop.create_task(self._end())))
        try:
            return await super().wait(gen, interval, timeout)
        except psycopg.OperationalError as error:
            if ending and error.sqlstate is None:  # it is we who have cut the connection
                raise NoAnswer("no answer in time") from None
            raise
        finally:
            late.cancel()
            for task in ending:
                task.cancel()

    async def _end(self) -> None:
        """Cancel the statement; cut the connection where that gets no answer."""
        with suppress(psycopg.Error):
            await self.cancel_safe(timeout=CANCEL_S)
        await asyncio.sleep(CANCEL_S)
        cut_connection(self)


def cut_connection(connection: AsyncConnection[TupleRow]) -> None:
    """End a connection so that the code that waits for it notices."""
    # Not `close`, which takes the file descriptor away from the loop that waits for it, and then waits for ever. A
    # duplicate of the descriptor, as socket.socket closes the one that it gets.
    with suppress(psycopg.Error, OSError), socket.socket(fileno=dup(connection.pgconn.socket)) as duplicate:
        duplicate.shutdown(socket.SHUT_RDWR)


def execute_statement(connection: psycopg.Connection, statement: Statement[AnyRow]) -> list[AnyRow]:
    """The rows of a statement, over a connection that blocks. Raises psycopg.Error."""
    cursor = connection.cursor(row_factory=class_row(statement.row)).execute(
        statement.sql, statement.values, binary=True
    )
    return cursor.fetchall() if statement.gives_rows else []
