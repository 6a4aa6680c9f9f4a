"""A fair queue: many clients share what only a few can use at once.

The next client is the one that was served the longest ago, and of its tasks the next is of the kind that was served the
longest ago. So a client with many tasks waits for its own, and a short task does not wait for many long ones.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from store_uptime.service.errors import ServerBusy, TooManyWaiting

Kind = tuple[Hashable, ...]


@dataclass(eq=False)
class Waiter:
    """A task that waits for its turn."""

    client: str
    kind: Kind
    turn: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Turns:
    """So many at once, so many of one client waiting, so many waiting at all."""

    def __init__(self, at_once: int, waiting_of_one: int, waiting: int) -> None:
        self._at_once = at_once
        self._free, self._waiting_of_one, self._most_waiting = at_once, waiting_of_one, waiting
        self._waiters: list[Waiter] = []
        self._served: Counter[Hashable] = Counter()
        self._count = 0

    @property
    def running(self) -> int:
        """How many have their turn."""
        return self._at_once - self._free

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiters)

    @asynccontextmanager
    async def turn(self, client: str, kind: Kind) -> AsyncIterator[None]:
        """Within it, it is this client's turn. Cancelled before, nothing has changed.

        Raises TooManyWaiting, ServerBusy.
        """
        await self._wait_turn(client, kind)
        try:
            yield
        finally:
            self._free += 1
            self._serve_next()

    async def _wait_turn(self, client: str, kind: Kind) -> None:
        self._check_room(client)
        waiter = Waiter(client, kind)
        self._waiters.append(waiter)
        self._serve_next()
        try:
            await waiter.turn
        except asyncio.CancelledError:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
            else:  # its turn had come just before
                self._free += 1
                self._serve_next()
            raise

    def _check_room(self, client: str) -> None:
        if sum(waiter.client == client for waiter in self._waiters) >= self._waiting_of_one:
            raise TooManyWaiting(self._waiting_of_one)
        if len(self._waiters) >= self._most_waiting:
            raise ServerBusy(self._most_waiting)

    def _serve_next(self) -> None:
        while self._free and self._waiters:
            waiter = min(self._waiters, key=self._last_served)
            self._waiters.remove(waiter)
            self._free -= 1
            self._record_served(waiter)
            waiter.turn.set_result(None)
        if not self._waiters and len(self._served) > self._most_waiting:
            self._served.clear()  # else it grows with each client that ever was

    def _last_served(self, waiter: Waiter) -> tuple[int, int]:
        """When its client was served last, and when with such a task; min takes the first of equal ones."""
        return self._served[waiter.client], self._served[waiter.client, waiter.kind]

    def _record_served(self, waiter: Waiter) -> None:
        self._count += 1
        self._served[waiter.client] = self._served[waiter.client, waiter.kind] = self._count
