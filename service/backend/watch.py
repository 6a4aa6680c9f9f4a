"""What `/ready` tells: found out by the way, on threads and a connection of its own, so that whoever asks waits for
nothing."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from store_uptime import pipeline
from store_uptime.service.concurrency.threads import Threads
from store_uptime.service.errors import UNREADABLE, RegistryUnreachable
from store_uptime.service.registry.migrations import NEWEST
from store_uptime.service.registry.operations import registry_state
from store_uptime.service.registry.registry import Registry

SOON_S = 0.1  # between two looks at the start
FREE_BYTES = 256 << 20
NOT_YET = "It is being looked for."
NEWER = (
    "A newer store-uptime has changed the schema: this server finishes what it runs and takes nothing new. Update it."
)
READ_ONLY = "It is read-only, so that no report can be made."

log = structlog.get_logger(part="server")


class Watch:
    """Looks at something again and again. lack: what is wrong with it, a sentence for callers, None where nothing is;
    since: since when."""

    def __init__(self, look: Callable[[], Awaitable[str | None]]) -> None:
        self._look = look
        self._was_there = False
        self.lack: str | None = NOT_YET
        self.since = datetime.now(UTC)

    async def beat(self) -> None:
        """Look once; at the start again and again, until it is there."""
        await self._see()
        while not self._was_there:
            await asyncio.sleep(SOON_S)
            await self._see()

    async def _see(self) -> None:
        lack = await self._look()
        if lack != self.lack:
            self.lack, self.since = lack, datetime.now(UTC)
        self._was_there = self._was_there or lack is None


class Watches:
    """What a server needs: the registry, the tables, and space on the disk."""

    def __init__(self, registry: Registry, database: Callable[[], str], folder: Path, seconds: float) -> None:
        self._registry, self._database, self._folder, self._seconds = registry, database, folder, seconds
        self._sources, self._disks = Threads(1), Threads(1)
        self.of = {"registry": Watch(self._registry_lacks), "database": Watch(self._source_lacks)}
        self.of["disk"] = Watch(self._disk_lacks)

    async def _registry_lacks(self) -> str | None:
        try:
            state = await self._registry.only_row(registry_state())
        except RegistryUnreachable as error:
            return str(error)
        if state.newest > NEWEST:
            return NEWER
        return READ_ONLY if state.is_read_only else None

    async def _source_lacks(self) -> str | None:
        if not self._database():
            return NOT_YET
        try:
            await self._sources.call(self._seconds, visit, self._database(), self._seconds)
        except (pipeline.StoreUptimeError, TimeoutError) as error:
            if self.of["database"].lack != UNREADABLE:
                log.warning("the source cannot be read", error=str(error) or "it has not answered in time")
            return UNREADABLE
        return None

    async def _disk_lacks(self) -> str | None:
        try:
            usage = await self._disks.call(self._seconds, shutil.disk_usage, self._folder)
        except TimeoutError:
            return "The disk for temporary files does not answer."
        few = usage.free < FREE_BYTES
        return f"There is less than {FREE_BYTES >> 20} MiB left for temporary files." if few else None


def visit(address: str, seconds: float) -> None:
    """See whether a database answers; its tables may be locked. Raises what `pipeline.connected` raises."""
    with pipeline.connect(address, "store-uptime visit", timedelta(seconds=seconds)):
        pass
