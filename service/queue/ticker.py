"""Calls a function repeatedly: with each tick, and at once when it is woken. No error ends it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from store_uptime.service.errors import RegistryUnreachable
from store_uptime.service.errors.causes import Cause
from store_uptime.service.observability.logs import one_line

SAME_S = 5.0  # so soon after its end an error belongs to the same outage
LONGEST_S = 5.0  # between two tries, while something goes wrong that nobody expected

log = structlog.get_logger(part="server")


class Troubles:
    """The current errors of the loops of a server, so that each is logged once."""

    def __init__(self) -> None:
        self._now: dict[str, Cause | type[Exception]] = {}
        self._ended: dict[Cause | type[Exception], float] = {}

    def begin(self, name: str, error: Exception) -> None:
        """A loop has met an error. It is logged where no loop is in the same trouble already."""
        kind = error.cause if isinstance(error, RegistryUnreachable) else type(error)
        kind = Cause.UNREACHABLE if kind is Cause.RESTARTING else kind  # the one is soon the other
        # Leases are renewed every few seconds: that loop may meet the end of an outage which the others have left.
        is_same = isinstance(kind, Cause) and time.monotonic() - self._ended.get(kind, -SAME_S) < SAME_S
        is_logged = kind in self._now.values() or is_same
        self._now[name] = kind
        if is_logged:
            return
        if isinstance(error, RegistryUnreachable):
            log.warning(
                "the registry does not answer, waiting for it", cause=error.cause, reason=one_line(error.reason)
            )
        else:
            log.error("unexpected error", loop=name, exc_info=error)

    def end(self, name: str) -> None:
        """A loop has ended without an error."""
        kind = self._now.pop(name, None)
        if kind is None:
            return
        self._ended[kind] = time.monotonic()
        if not self._now:
            log.info("all is well again")


class Ticker:
    """Calls something until it is stopped; after unexpected errors it waits longer each time, up to LONGEST_S."""

    def __init__(self, name: str, beat: Callable[[], Awaitable[None]], tick_s: float, troubles: Troubles) -> None:
        self._name, self._beat, self._tick_s, self._troubles = name, beat, tick_s, troubles
        self._wake = asyncio.Event()
        self._is_stopped = False
        self._failures = 0

    def wake(self) -> None:
        """Call it at once."""
        self._wake.set()

    async def run(self) -> None:
        """Go on until stopped."""
        # By a flag: a cancel alone can get lost in psycopg_pool, where Python 3.11's wait_for swallows one that comes
        # just as it ends. https://github.com/python/cpython/issues/86296
        while not self._is_stopped:
            self._wake.clear()
            await self._call()
            await self._pause()

    async def _call(self) -> None:
        try:
            await self._beat()
        except RegistryUnreachable as error:  # no longer pauses: it is soon back, and leases are short
            self._troubles.begin(self._name, error)
        except Exception as error:
            self._failures += 1
            self._troubles.begin(self._name, error)
        else:
            self._failures = 0
            self._troubles.end(self._name)

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pause_s):
                await self._wake.wait()

    def stop(self) -> None:
        """Call it no more."""
        self._is_stopped = True
        self.wake()

    @property
    def _pause_s(self) -> float:
        return max(self._tick_s, min(LONGEST_S, self._tick_s * 2 ** min(self._failures, 10)))
