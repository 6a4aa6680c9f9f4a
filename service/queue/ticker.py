"""What a server does again and again: with each tick, and at once when it is woken. Nothing that goes wrong ends it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from store_uptime.service.errors import RegistryUnreachable
from store_uptime.service.errors.causes import Cause

LONGEST_S = 5.0  # between two tries, while something goes wrong that nobody expected

log = structlog.get_logger(part="server")


class Troubles:
    """What goes wrong in the heartbeats of a server, so that the log says each thing once."""

    def __init__(self) -> None:
        self._now: dict[str, Cause | type[Exception]] = {}

    def note(self, name: str, error: Exception) -> None:
        """Something has gone wrong in a heartbeat."""
        what = error.cause if isinstance(error, RegistryUnreachable) else type(error)
        what = Cause.UNREACHABLE if what is Cause.RESTARTING else what  # the one is soon the other
        is_told = what in self._now.values()
        self._now[name] = what
        if is_told:
            return
        if isinstance(error, RegistryUnreachable):
            log.warning(
                "the registry does not answer, waiting for it", cause=error.cause, reason=one_line(error.reason)
            )
        else:
            log.error("unexpected error", loop=name, exc_info=error)

    def end(self, name: str) -> None:
        """All is well with a heartbeat."""
        if self._now.pop(name, None) is not None and not self._now:
            log.info("all is well again")


def one_line(text: str) -> str:
    """A text of several lines, for the log."""
    return " ".join(text.split())


class Ticker:
    """Calls something until it is stopped; after an error that nobody expected it waits longer each time."""

    def __init__(self, name: str, beat: Callable[[], Awaitable[None]], tick_s: float, troubles: Troubles) -> None:
        self._name, self._beat, self._tick_s, self._troubles = name, beat, tick_s, troubles
        self._wake = asyncio.Event()
        self._is_over = False
        self._failures = 0

    def wake(self) -> None:
        """Call it at once."""
        self._wake.set()

    async def run(self) -> None:
        """Go on until stopped; a cancel alone can get lost in psycopg_pool, on Python 3.11."""
        while not self._is_over:
            self._wake.clear()
            try:
                await self._beat()
            except RegistryUnreachable as error:
                self._troubles.note(self._name, error)
            except Exception as error:
                self._failures += 1
                self._troubles.note(self._name, error)
            else:
                self._failures = 0
                self._troubles.end(self._name)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause_s):
                    await self._wake.wait()

    def stop(self) -> None:
        """Call it no more."""
        self._is_over = True
        self.wake()

    @property
    def _pause_s(self) -> float:
        return max(self._tick_s, min(LONGEST_S, self._tick_s * 2 ** min(self._failures, 10)))
