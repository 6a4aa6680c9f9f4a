"""What a server does again and again: with each tick, and at once when it is woken."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from service.errors import RegistryUnreachable

log = structlog.get_logger(part="server")


class Heartbeat:
    """Calls something until it is stopped; a registry that does not answer is waited for."""

    def __init__(self, beat: Callable[[], Awaitable[None]], tick_s: float) -> None:
        self._beat, self._tick_s = beat, tick_s
        self._wake = asyncio.Event()
        self._is_over = False

    def wake(self) -> None:
        """Call it at once."""
        self._wake.set()

    async def run(self) -> None:
        """Go on until stopped; a cancel alone can get lost in psycopg_pool, on Python 3.11."""
        is_reachable = True
        while not self._is_over:
            self._wake.clear()
            try:
                await self._beat()
                is_reachable = True
            except RegistryUnreachable:
                if is_reachable:
                    log.warning("the registry does not answer, waiting for it")
                is_reachable = False
            with suppress(TimeoutError):
                async with asyncio.timeout(self._tick_s):
                    await self._wake.wait()

    def stop(self) -> None:
        """Call it no more."""
        self._is_over = True
        self.wake()
