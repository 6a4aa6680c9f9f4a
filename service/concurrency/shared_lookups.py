"""Lookups that many callers share: what several ask for again and again is looked up once."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

Result = TypeVar("Result")


class SharedLookups:
    """Gives what was found for so many seconds to everybody who asks for the same."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._found: dict[Hashable, asyncio.Future[Any]] = {}

    async def get(self, key: Hashable, lookup: Callable[[], Awaitable[Result]]) -> Result:
        """What the lookup of a key finds. Raises what the lookup raises."""
        if key not in self._found:
            self._found[key] = asyncio.ensure_future(lookup())
            self._found[key].add_done_callback(lambda done: self._expire(key, done))
        return await asyncio.shield(self._found[key])  # one caller that goes away must not end it for the others

    def _expire(self, key: Hashable, done: asyncio.Future[Any]) -> None:
        _ = done.cancelled() or done.exception()  # else asyncio logs an error that nobody has waited for
        done.get_loop().call_later(self._seconds, self._found.pop, key, None)
