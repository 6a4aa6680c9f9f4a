"""Whether a server can make reports: the answer of `/ready`, and whether a newer version has changed the schema.

Everything is checked in loops, on threads and a connection of their own, so that a request for /ready never waits
for a check that hangs.
"""

import shutil
from datetime import datetime, timedelta

import structlog

from store_uptime import pipeline
from store_uptime.service.backend.databases import Databases
from store_uptime.service.backend.loops import Loops
from store_uptime.service.backend.watch import NOT_YET, Watch
from store_uptime.service.concurrency.threads import Threads
from store_uptime.service.errors import UNREADABLE, RegistryUnreachable
from store_uptime.service.registry.migrations import NEWEST
from store_uptime.service.registry.operations import registry_state
from store_uptime.service.registry.registry import Registry
from store_uptime.service.settings import Timing
from store_uptime.service.workers.pool import Workers

FREE_BYTES = 256 << 20
NEWER = (
    "A newer store-uptime has changed the schema: this server finishes what it runs and takes nothing new. Update it."
)
READ_ONLY = "It is read-only, so that no report can be made."
DISK_HANGS = "The disk for temporary files does not answer."
DISK_FULL = f"There is less than {FREE_BYTES >> 20} MiB left for temporary files."

log = structlog.get_logger(part="server")


class Readiness:
    """Watches the registry, the source, the disk and the workers.

    registry: a connection that nothing else uses. look_s: how long each check may take.
    is_outdated: a newer version has changed the schema. This server then starts nothing new; the runner and the other
    loops read this instead of asking the registry.
    """

    def __init__(self, registry: Registry, databases: Databases, workers: Workers, look_s: float) -> None:
        self._registry, self._databases, self._workers = registry, databases, workers
        self._look_s = look_s
        self._source_threads, self._disk_threads = Threads(1), Threads(1)  # of their own: either may hang for minutes
        self.is_outdated = False
        self._watches = {
            "registry": Watch(self._registry_problem),
            "database": Watch(self._source_problem),
            "disk": Watch(self._disk_problem),
            "workers": Watch(self._workers_problem),
        }

    def start(self, loops: Loops, timing: Timing) -> None:
        """Watch, until the loops are stopped."""
        for name, watch in self._watches.items():
            # The registry as often as the loops that go by its schema would ask themselves.
            seconds = min(timing.tick_s, timing.probe_s) if name == "registry" else timing.probe_s
            loops.start(f"watch of the {name}", watch.beat, seconds)

    def problems(self) -> dict[str, tuple[str, datetime]]:
        """What is not ready, by what it is: a sentence for callers, and since when."""
        found = ((name, watch.problem, watch.since) for name, watch in self._watches.items())
        return {name: (problem, since) for name, problem, since in found if problem is not None}

    async def _registry_problem(self) -> str | None:
        try:
            state = await self._registry.only_row(registry_state())
        except RegistryUnreachable as error:
            return str(error)
        self._set_outdated(state.newest)
        if self.is_outdated:
            return NEWER
        return READ_ONLY if state.is_read_only else None

    def _set_outdated(self, newest: int) -> None:
        was_outdated, self.is_outdated = self.is_outdated, newest > NEWEST
        if self.is_outdated and not was_outdated:
            log.warning("outdated", why=NEWER, newest=newest, ours=NEWEST)

    async def _source_problem(self) -> str | None:
        if not self._databases.source:
            return NOT_YET
        try:
            await self._source_threads.call(self._look_s, visit_source, self._databases.source, self._look_s)
        except (pipeline.StoreUptimeError, TimeoutError) as error:
            if self._watches["database"].problem != UNREADABLE:
                log.warning("the source cannot be read", error=str(error) or "it has not answered in time")
            return UNREADABLE
        return None

    async def _disk_problem(self) -> str | None:
        try:
            usage = await self._disk_threads.call(self._look_s, shutil.disk_usage, self._workers.spill)
        except TimeoutError:
            return DISK_HANGS
        return DISK_FULL if usage.free < FREE_BYTES else None

    async def _workers_problem(self) -> str | None:
        return self._workers.readiness_problem


def visit_source(address: str, seconds: float) -> None:
    if pipeline.reads_files(address):
        pipeline.visit_files(address)
        return
    # Connecting is enough: its tables may be locked by a load, and the server is ready all the same.
    with pipeline.connect(address, "store-uptime visit", timedelta(seconds=seconds)):
        pass
