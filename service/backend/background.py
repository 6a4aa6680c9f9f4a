"""The work of a server without a request: find the registry, renew leases, queue due reports, run them, deliver."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from store_uptime.service.backend.databases import RETRY_S, Databases
from store_uptime.service.backend.loops import Loops
from store_uptime.service.backend.readiness import Readiness
from store_uptime.service.backend.registries import Registries
from store_uptime.service.errors import RegistryRefused
from store_uptime.service.observability import metrics
from store_uptime.service.outgoing.dispatcher import DeliveryDispatcher
from store_uptime.service.queue.runner import RunContext, Runner
from store_uptime.service.queue.schedules import queue_due
from store_uptime.service.settings import Settings
from store_uptime.service.workers.pool import Workers

SCHEDULES, RUNNER, DELIVERIES, GAUGES, TIDYING = "schedules", "runner", "deliveries", "gauges", "tidying"
UNEXPECTED = "The server has stopped because of an unexpected error; its log has the details."

log = structlog.get_logger(part="server")


@dataclass(frozen=True)
class ServerProcess:
    """The process that serves. give_up: ends it, with a sentence; is_stopping: whether it ends soon."""

    give_up: Callable[[str], None]
    is_stopping: Callable[[], bool]


class BackgroundWork:
    """The loops of a server, the runner and the dispatcher that they drive."""

    def __init__(
        self,
        settings: Settings,
        process: ServerProcess,
        registries: Registries,
        databases: Databases,
        workers: Workers,
        readiness: Readiness,
    ) -> None:
        self._settings, self._process, self._timing = settings, process, settings.timing
        self._registries, self._databases = registries, databases
        self._workers, self._readiness = workers, readiness
        self._loops = Loops()
        self._runner: Runner | None = None
        self._dispatcher = DeliveryDispatcher(
            registries.loops, settings.destinations, settings.webhook_networks, settings.timing.webhook_s, self.wake
        )

    def start(self) -> None:
        """Begin with what needs no registry, and wait for that: its database may take its time."""
        self._loops.run(self._wait_for_registry())
        self._loops.start("workers", self._workers.keep_warm, RETRY_S)
        self._readiness.start(self._loops, self._timing)

    async def stop(self) -> None:
        """Let runs end, or hand them back; stop the loops."""
        if self._runner is not None:
            await self._runner.stop()  # first, while the loops still renew the leases
        await self._dispatcher.stop()
        await self._loops.stop()

    def wake(self) -> None:
        """Look at once what there is to do."""
        self._loops.wake(RUNNER, SCHEDULES, DELIVERIES, GAUGES)

    def wake_runner(self) -> None:
        """Start what waits in the queue."""
        self._loops.wake(RUNNER)

    async def has_ended(self, report_id: str, seconds: float) -> bool:
        """Whether a run of a report ends here within so many seconds; waits for it, or else as long."""
        if self._runner is None:
            await asyncio.sleep(seconds)
            return False
        return await self._runner.has_ended(report_id, seconds)

    async def _wait_for_registry(self) -> None:
        try:
            address = await self._databases.wait_for_registry()
            await self._registries.open(address)
            context = RunContext(self._databases.source, address, self._workers.spill, self.wake)
            runner = Runner(self._settings, self._registries.loops, self._workers, context, self._may_take)
        except RegistryRefused as refused:
            self._process.give_up(str(refused))
        except Exception:
            log.exception("unexpected error")
            self._process.give_up(UNEXPECTED)
        else:
            log.info("taking reports")
            self._start_loops(runner)

    def _start_loops(self, runner: Runner) -> None:
        self._runner, tick_s = runner, self._timing.tick_s
        # Each has a loop of its own: a beat that waits, for a lock for example, holds up nothing but itself.
        self._loops.start("leases", lambda: runner.renew(self._registries.leases), self._timing.renew_s)
        self._loops.start(RUNNER, lambda: self._run_reports(runner), tick_s)
        self._loops.start(SCHEDULES, self._while_taking(lambda: queue_due(self._registries.loops)), tick_s)
        self._loops.start(DELIVERIES, self._while_taking(self._dispatcher.tick), tick_s)
        self._loops.start(GAUGES, self._while_taking(runner.measure), tick_s)
        self._loops.start(TIDYING, self._while_taking(runner.tidy), self._timing.tidy_s)
        if self._databases.embedded.is_used:
            self._loops.start("built-in server", self._databases.embedded.restart_if_killed, RETRY_S)

    async def _run_reports(self, runner: Runner) -> None:
        await runner.tick()
        metrics.set_beat()

    def _while_taking(self, work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """The work, but nothing where this server takes nothing new."""

        async def beat() -> None:
            if self._may_take():
                await work()

        return beat

    def _may_take(self) -> bool:
        """Whether this server takes anything new."""
        return not (self._process.is_stopping() or self._readiness.is_outdated)
