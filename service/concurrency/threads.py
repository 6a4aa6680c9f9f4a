"""Threads for what may hang."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeVar, TypeVarTuple

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


class NoThread(TimeoutError):
    """The deadline passed before a thread was free, while other work was done: there is more work than threads."""


class Threads:
    """A few threads for one kind of work: if it hangs, neither other work nor the end of the process waits for it."""

    # Not asyncio.to_thread: its threads are shared by everything, and waited for at the end of the process.

    def __init__(self, most: int) -> None:
        self._free, self._done = most, 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def call(self, seconds: float, function: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
        """A function's result. Raises NoThread, TimeoutError; then its thread is in use until the function ends."""
        loop, done = asyncio.get_running_loop(), self._done
        deadline = loop.time() + seconds
        try:
            async with asyncio.timeout_at(deadline):
                await self._take()
        except TimeoutError:
            raise NoThread if self._done > done else TimeoutError from None
        async with asyncio.timeout_at(deadline):
            future: Future[Result] = Future()

            def work() -> None:
                settle(future, function, *arguments)
                with suppress(RuntimeError):  # the loop has ended meanwhile
                    loop.call_soon_threadsafe(self._release if future.exception() else self._release_done)

            # A new thread each time, and a daemon: one that hangs is left behind, and does not keep the process alive.
            threading.Thread(target=work, daemon=True).start()
            return await asyncio.wrap_future(future)

    async def _take(self) -> None:
        while not self._free:  # again: another call may have taken the thread between the wake and this
            await self._wait_for_free()
        self._free -= 1

    async def _wait_for_free(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        finally:
            self._waiting.remove(turn)

    def _release_done(self) -> None:
        self._done += 1
        self._release()

    def _release(self) -> None:
        self._free += 1
        for turn in self._waiting:
            if not turn.done():
                turn.set_result(None)
                break


def settle(future: "Future[Result]", function: Callable[[*Arguments], Result], *arguments: *Arguments) -> None:
    """Put what becomes of a function into a future."""
    future.set_running_or_notify_cancel()
    try:
        future.set_result(function(*arguments))
    except BaseException as error:
        future.set_exception(error)
