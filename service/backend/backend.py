"""The parts behind the routes of one server, started and ended together.

    registries        connections to the registry, apart for each kind of work
    databases         where the tables and the registry are; embedded_keeper: the embedded server
    source_lookups    short looks at the source; store_index: the stores that it has
    readiness         the answer of /ready
    background        work without a request: leases, schedules, runs, deliveries

Work that may hang has its own threads and connections, so that nothing else waits for it.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import replace
from typing import TypeVar

from store_uptime.pipeline import Limits
from store_uptime.service.backend.background import BackgroundWork, ServerProcess
from store_uptime.service.backend.databases import Databases
from store_uptime.service.backend.readiness import Readiness
from store_uptime.service.backend.registries import Registries, impatient
from store_uptime.service.backend.source_lookups import SourceLookups
from store_uptime.service.backend.store_index import StoreIndex
from store_uptime.service.concurrency.clients import CLIENT
from store_uptime.service.concurrency.shared_lookups import SharedLookups
from store_uptime.service.concurrency.threads import Threads
from store_uptime.service.concurrency.turns import Turns
from store_uptime.service.front.authentication import Authenticator
from store_uptime.service.front.key_policy import KeyPolicy
from store_uptime.service.observability import metrics
from store_uptime.service.settings import Settings
from store_uptime.service.workers.pool import WAITING, WAITING_OF_ONE, Workers
from store_uptime.service.workers.scratch import scratch
from store_uptime.service.workers.tasks import SourceConfig

Content = TypeVar("Content")

FRESH_S = 0.25  # what many pages follow is looked up so often, not once for each of them
TRIGGERS = 4  # at once: each looks at the source
DECRYPTIONS = 2  # threads


class Backend:
    """The parts behind the routes.

    registry, triggers: the registry for routes, and for new reports. source, stores: looks at the source.
    """

    def __init__(self, settings: Settings, process: ServerProcess) -> None:
        self.settings, self.process = settings, process
        self._held = ExitStack()
        spill = self._held.enter_context(scratch())
        self._databases = Databases(settings)
        self._held.callback(self._databases.embedded.release)
        self._registries = Registries(settings.timing)
        self.registry, self.triggers = self._registries.routes, self._registries.triggers
        self.workers = Workers(settings, spill)
        self.source = SourceLookups(settings, self._databases, self.workers)
        self.stores = StoreIndex(self.source, self.registry, self.workers, settings.encryption)
        self.shared_lookups = SharedLookups(FRESH_S)
        self.authenticator = Authenticator(self.registry, KeyPolicy(settings, self.registry), self.shared_lookups)
        self.readiness = Readiness(
            self._registries.readiness, self._databases, self.workers, impatient(settings.timing).look_s
        )
        self._background = BackgroundWork(
            settings, process, self._registries, self._databases, self.workers, self.readiness
        )
        self._trigger_turns = Turns(TRIGGERS, WAITING_OF_ONE, WAITING)
        self._decryptions = Threads(DECRYPTIONS)
        metrics.WORKERS.set(settings.workers)
        metrics.QUEUE.set(settings.queue)
        metrics.watch_gauges(self.workers, self._registries.pool_state)

    def open(self) -> None:
        """Start the background work; returns at once."""
        self._background.start()

    async def close(self) -> None:
        """End all runs and close everything; work that hangs is abandoned."""
        await self._background.stop()
        await self._registries.close()
        await asyncio.to_thread(self._held.close)

    def wake(self) -> None:
        """Look at once what there is to do."""
        self._background.wake()

    def wake_runner(self) -> None:
        """Start what waits in the queue; nothing else of what there is to do comes before it."""
        self._background.wake_runner()

    async def has_ended(self, report_id: str) -> bool:
        """Whether a run of a report has just ended here; waits for it, or else until it is time to look again."""
        return await self._background.has_ended(report_id, self.settings.timing.follow_s)

    @property
    def limits(self) -> Limits:
        """What an interactive task may use."""
        return replace(self.settings.worker_limits, spill=str(self.workers.spill))

    @property
    def source_config(self) -> SourceConfig:
        """Where the tables are, for an interactive task."""
        return SourceConfig(self._databases.source, self.settings.schema, mapping=self.settings.mapping)

    def trigger_turn(self) -> AbstractAsyncContextManager[None]:
        """Within it, one trigger of this client is served: who sends hundreds waits for themselves.

        Raises TooManyAtOnce, LaneFull.
        """
        return self._trigger_turns.turn(CLIENT.get().address, ("trigger",))

    async def decrypt(self, function: Callable[[Content], Content], content: Content) -> Content:
        """Stored content, decrypted by a function; in a thread, as it may be large. Raises what that raises."""
        return await self._decryptions.call(self.settings.timing.request_s, function, content)
