"""Looks that many share: what several ask for again and again is looked for once, and told to all of them."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, TypeVar

Result = TypeVar("Result")


class SharedLookups:
    """What was found is told for so many seconds to whoever asks for the same."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._found: dict[Hashable, asyncio.Task[Any]] = {}

    async def at(self, what: Hashable, look: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """What a look at something has found. Raises what the look raises."""
        if what not in self._found:
            self._found[what] = asyncio.create_task(look())
            self._found[what].add_done_callback(lambda done: self._keep(what, done))
        return await asyncio.shield(self._found[what])

    def _keep(self, what: Hashable, done: asyncio.Task[Any]) -> None:
        _ = done.cancelled() or done.exception()  # asyncio complains of one that nobody has waited for
        done.get_loop().call_later(self._seconds, self._found.pop, what, None)
