"""Connections to the registry on which no wait is without end.

A statement that takes too long is cancelled, and where not even that is answered (the server is frozen, or the network
has gone) the connection is cut, so that whoever waits for it hears so. It is not done by settings of the session, which
would be lost behind a pooler such as PgBouncer.
"""

import asyncio
import socket
from contextlib import suppress
from os import dup
from typing import Any, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow

from store_uptime.service.errors.causes import Cause, cause_of_state

RV = TypeVar("RV")

CONNECT_S = 3
CANCEL_S = 1.0  # how long the server may take to end a statement that was cancelled
UNLESS_TOLD = {
    "connect_timeout": CONNECT_S,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""So that a machine that has gone without a word is noticed; what the address says comes first."""


class NoAnswer(psycopg.OperationalError):
    """The server has neither answered in time nor heard that it need not."""

    sqlstate = "57014"


def patient(address: str) -> str:
    """An address with what is said about the end of waiting."""
    return make_conninfo(address, **(UNLESS_TOLD | conninfo_to_dict(address)))


def cause_of(error: psycopg.Error) -> Cause | None:
    """What an error says of the database; None where it says something of the statement."""
    if error.sqlstate:
        return cause_of_state(error.sqlstate)
    return Cause.UNREACHABLE if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) else None


class BoundedConnection(AsyncConnection[DictRow]):
    """A connection on which whatever is waited for has `seconds`."""

    seconds: float = 10.0

    async def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Raises QueryCanceled, NoAnswer, and what the statement raises."""
        loop = asyncio.get_running_loop()
        ending: list[asyncio.Task[None]] = []
        late = loop.call_later(self.seconds, lambda: ending.append(loop.create_task(self._end())))
        try:
            return await super().wait(gen, interval, timeout)
        except psycopg.OperationalError as error:
            if ending and error.sqlstate is None:
                raise NoAnswer("no answer in time") from None
            raise
        finally:
            late.cancel()
            for task in ending:
                task.cancel()

    async def _end(self) -> None:
        """Cancel what is waited for; cut the connection where not even that is answered."""
        with suppress(psycopg.Error):
            await self.cancel_safe(timeout=CANCEL_S)
        await asyncio.sleep(CANCEL_S)
        cut(self)


def cut(connection: AsyncConnection[Any]) -> None:
    """Have whoever waits for a connection hear that it has ended."""
    with suppress(psycopg.Error, OSError), socket.socket(fileno=dup(connection.pgconn.socket)) as line:
        line.shutdown(socket.SHUT_RDWR)
