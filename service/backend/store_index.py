"""The stores that have polls, for lists and for what people type."""

import time

from store_uptime.service.backend.source_lookups import SourceLookups

FRESH_S = 60  # a list is requested with each letter that somebody types, and reads all polls of a week


class StoreIndex:
    """The ids of stores, not older than a minute."""

    def __init__(self, source: SourceLookups) -> None:
        self._source = source
        self._ids: list[str] = []
        self._fresh_until = 0.0

    async def ids(self) -> list[str]:
        """The stores that a report would have now, in byte order. Raises what `SourceLookups` raises."""
        if time.monotonic() > self._fresh_until:
            self._ids = await self._source.polled_stores()
            self._fresh_until = time.monotonic() + FRESH_S
        return self._ids
