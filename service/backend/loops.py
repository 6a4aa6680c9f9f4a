"""The loops of one server: what it does again and again, until it is stopped."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine

from store_uptime.service.queue.ticker import Ticker, Troubles

CLOSE_S = 5.0


class Loops:
    """Tickers by name, each in a task of its own."""

    def __init__(self) -> None:
        self._troubles = Troubles()
        self._tickers: dict[str, Ticker] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, name: str, beat: Callable[[], Awaitable[None]], tick_s: float) -> None:
        """Call something every so many seconds, until `stop`."""
        ticker = self._tickers[name] = Ticker(name, beat, tick_s, self._troubles)
        self.run(ticker.run())

    def run(self, work: Coroutine[None, None, None]) -> None:
        """Do something once, beside the loops."""
        self._tasks.append(asyncio.create_task(work))

    def wake(self, *names: str) -> None:
        """Call at once what is started under these names."""
        for name in names:
            if name in self._tickers:
                self._tickers[name].wake()

    async def stop(self) -> None:
        """Call nothing any more; what hangs is left behind."""
        for ticker in self._tickers.values():
            ticker.stop()
        for task in self._tasks:
            task.cancel()
        # Not gathered: a beat may hang in a connection that nobody answers, and the process should end all the same.
        await asyncio.wait(self._tasks, timeout=CLOSE_S)
