"""The stores that have polls, with their names and attributes, for lists and for what people type."""

import time
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from store_uptime import pipeline
from store_uptime.pipeline import Only
from store_uptime.service.backend.source_lookups import SourceLookups
from store_uptime.service.encryption import Encryption
from store_uptime.service.errors import ReportEncrypted
from store_uptime.service.registry.registry import Registry
from store_uptime.service.registry.reports import newest_attributes
from store_uptime.service.workers import interactive
from store_uptime.service.workers.pool import Workers

FRESH_S = 60  # a list is requested with each letter that somebody types, and reads all polls of a week


@dataclass(frozen=True)
class KnownStores:
    """Stores in byte order, and of each attribute, `name` among them, the value by store where it has one."""

    ids: Sequence[str] = ()
    attributes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The name of each store that has one."""
        return self.attributes.get("name", {})

    def page(self, prefix: str, search: str, only: Only, after: str, most: int) -> list[str]:
        """The first stores after one whose id begins with a prefix, whose id or name contains a text, in upper or lower
        case, and whose attributes have these values. Raises UnknownAttribute."""
        start = max(
            bisect_left(self.ids, prefix.encode(), key=str.encode),
            bisect_right(self.ids, after.encode(), key=str.encode),
        )
        values = {name: self._values(name) for name, _ in only}
        text = search.lower()
        found: list[str] = []
        for store in islice(self.ids, start, None):
            if len(found) == most or not store.startswith(prefix):  # in byte order: none comes after it
                break
            is_found = text in store.lower() or text in self.names.get(store, "").lower()
            if is_found and all(values[name].get(store, "") in wanted for name, wanted in only):
                found.append(store)
        return found

    def _values(self, attribute: str) -> Mapping[str, str]:
        if attribute == "store_id":
            return {store: store for store in self.ids}
        if attribute not in self.attributes:
            raise pipeline.UnknownAttribute(attribute, ["store_id", *self.attributes])
        return self.attributes[attribute]


class StoreIndex:
    """The stores of the source, not older than a minute, with the attributes that the newest report has of them.

    The report's: the source would have to be read by a worker, and may be locked.
    """

    def __init__(self, source: SourceLookups, registry: Registry, workers: Workers, keys: Encryption) -> None:
        self._source, self._registry, self._workers, self._keys = source, registry, workers, keys
        self._stores = KnownStores()
        self._fresh_until = 0.0

    async def stores(self) -> KnownStores:
        """The stores that a report would have now. Raises what `SourceLookups` and `Workers.run_interactive` raise."""
        if time.monotonic() > self._fresh_until:
            ids = await self._source.polled_stores()
            self._stores = KnownStores(ids, await self._attributes())
            self._fresh_until = time.monotonic() + FRESH_S
        return self._stores

    async def _attributes(self) -> Mapping[str, Mapping[str, str]]:
        row = await self._registry.row(newest_attributes())
        if row is None or row.attributes is None:
            return {}
        try:
            attributes = self._keys.decrypt(row.attributes)
        except ReportEncrypted:  # there is no key here: stores are known by their ids
            return {}
        return await self._workers.run_interactive(interactive.values_by_attribute, attributes)
