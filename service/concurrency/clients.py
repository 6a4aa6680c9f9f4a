"""The client of the current request, so that its work can be ended when the client has gone.

`RequestLogMiddleware` sets it for each request; background work has none.
"""

import asyncio
from collections.abc import Awaitable
from contextvars import ContextVar
from typing import TypeVar

from litestar.types import Receive

from store_uptime.service.errors import ClientGone

Result = TypeVar("Result")


class Client:
    """The client of a request. held: the bytes of its answers in memory. is_gone: its connection was closed
    before there was an answer."""

    def __init__(self, address: str, receive: Receive | None = None) -> None:
        self.address, self._receive = address, receive
        self.is_gone = False
        self.held = 0

    async def gone(self) -> None:
        """Return when the client has disconnected. To be called after the body of the request was read: it reads on."""
        if self._receive is None:
            await asyncio.Event().wait()
            return
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.is_gone = True


NOBODY = Client("")
CLIENT: ContextVar[Client] = ContextVar("client", default=NOBODY)


async def while_client_waits(work: Awaitable[Result]) -> Result:
    """The result of work, which is cancelled as soon as the client disconnects. Raises ClientGone."""
    doing, leaving = asyncio.ensure_future(work), asyncio.ensure_future(CLIENT.get().gone())
    try:
        await asyncio.wait((doing, leaving), return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return await doing
        raise ClientGone
    finally:
        for task in (doing, leaving):
            task.cancel()
        await asyncio.gather(doing, leaving, return_exceptions=True)
