"""Something that is looked at again and again: whether it is in order, and since when not."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

SOON_S = 0.1  # between two looks at the start
NOT_YET = "It is being looked for."


class Watch:
    """Looks at something. problem: what is wrong with it, a sentence for callers, None where nothing is; since: since
    when.

    look: gives such a sentence, or None.
    """

    def __init__(self, look: Callable[[], Awaitable[str | None]]) -> None:
        self._look = look
        self._was_there = False
        self.problem: str | None = NOT_YET
        self.since = datetime.now(UTC)

    async def beat(self) -> None:
        """Look once; at the start again and again, until it is in order, so that /ready says so at once."""
        await self._see()
        while not self._was_there:
            await asyncio.sleep(SOON_S)
            await self._see()

    async def _see(self) -> None:
        problem = await self._look()
        if problem != self.problem:
            self.problem, self.since = problem, datetime.now(UTC)
        self._was_there = self._was_there or problem is None
