"""A check that is repeated: whether something works, and since when it does not."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

SOON_S = 0.1  # between two looks at the start
NOT_YET = "It is being looked for."


class Watch:
    """A repeated check. problem: a sentence for callers, None where there is none; since: since
    when.

    look: returns such a sentence, or None.
    """

    def __init__(self, look: Callable[[], Awaitable[str | None]]) -> None:
        self._look = look
        self._was_there = False
        self.problem: str | None = NOT_YET
        self.since = datetime.now(UTC)

    async def beat(self) -> None:
        """Check once; at the start repeat it until it succeeds, so that /ready changes at once."""
        await self._see()
        while not self._was_there:
            await asyncio.sleep(SOON_S)
            await self._see()

    async def _see(self) -> None:
        problem = await self._look()
        if problem != self.problem:
            self.problem, self.since = problem, datetime.now(UTC)
        self._was_there = self._was_there or problem is None
