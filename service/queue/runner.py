"""The runner: takes reports from the queue, runs them in workers, and takes over those that other servers have lost.

A run belongs to the server that holds its token, and only the holder can write its result. So a run that was taken from
a server which is merely slow has no effect there, and no report is done twice. The lease of a run is renewed by a loop
of its own, on a connection of its own, so that nothing else keeps it waiting.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import structlog

from store_uptime.pipeline import duration_text
from store_uptime.service.errors import NeedsMoreMemory, RegistryUnreachable, WorkerLost
from store_uptime.service.observability import metrics
from store_uptime.service.registry import deliveries, operations, queue
from store_uptime.service.registry.queue import ClaimedRun
from store_uptime.service.registry.registry import Registry
from store_uptime.service.registry.report_lookup import delivered_name
from store_uptime.service.registry.rows import Count
from store_uptime.service.registry.statements import Statement
from store_uptime.service.registry.states import ReportState
from store_uptime.service.registry.triggers import made_by
from store_uptime.service.settings import Settings
from store_uptime.service.workers.leftovers import Leftovers
from store_uptime.service.workers.pool import Workers
from store_uptime.service.workers.tasks import FileToDeliver, Outcome, SourceConfig, Task

REMOVED_FOR = timedelta(days=30)  # how long a removed report is answered with 410 rather than 404
IDEMPOTENCY_FOR = timedelta(days=7)
BATCH, BATCHES = 5_000, 20  # rows that one statement deletes, statements at a time

log = structlog.get_logger(part="runner")


@dataclass(frozen=True)
class RunContext:
    """What all runs of a server need: the addresses of the tables and the registry, a folder for temporary files, and
    what wakes the loops once a run has ended."""

    database: str
    registry: str
    spill: Path
    wake: Callable[[], None]


class Runner:
    """Runs reports in the workers. may_take: whether it may take anything that is not its own already."""

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        workers: Workers,
        context: RunContext,
        may_take: Callable[[], bool],
    ) -> None:
        self._settings, self._registry, self._workers = settings, registry, workers
        self._timing, self._lease = settings.timing, timedelta(seconds=settings.timing.lease_s)
        self._context, self._may_take = context, may_take
        self._running: dict[str, asyncio.Task[None]] = {}
        self._leftovers = Leftovers()
        self._answers_since: float | None = None

    async def stop(self) -> None:
        """Let running reports finish within the grace; release the others, for another server or the next start."""
        if self._running:
            await asyncio.wait(self._running.values(), timeout=self._settings.grace.total_seconds())
        left = list(self._running)
        for run in left:
            self._running[run].cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        if left:
            with suppress(RegistryUnreachable):  # then another server takes them over when their leases have run out
                await self._registry.rows(queue.release(left))
                log.info("released", runs=len(left))
        await self._leftovers.wait()

    async def tick(self) -> None:
        """Take and run reports. Raises RegistryUnreachable."""
        # These first: somebody waits for one that was triggered just now.
        while self._has_room() and await self._start_next():
            pass
        await self._cancel_disowned()
        if self._may_take():
            await self._requeue_stalled()
        metrics.RUNNING.set(len(self._running))

    async def has_ended(self, report_id: str, seconds: float) -> bool:
        """Whether a run of a report ends here within so many seconds; waits for it, or else as long."""
        runs = [run for run in self._running.values() if run.get_name() == report_id]
        if not runs:
            await asyncio.sleep(seconds)
            return False
        return bool((await asyncio.wait(runs, timeout=seconds))[0])

    async def measure(self) -> None:
        """Set the gauges that are of all servers. Raises RegistryUnreachable."""
        counts = {row.status: row.count for row in await self._registry.rows(operations.count_by_state())}
        metrics.WAITING.set(counts.get(ReportState.QUEUED, 0))
        late = await self._registry.only_row(operations.lateness(self._lease))
        metrics.set_lateness(late.oldest_waiting_s, late.late_due_times, late.oldest_due_time_s, late.oldest_lease_s)
        newest = await self._registry.row(operations.newest_data())
        metrics.set_data(newest.data_now if newest else None, newest.warning_codes if newest else ())

    async def tidy(self) -> None:
        """Delete expired reports and records. Raises RegistryUnreachable."""
        await self._registry.rows(operations.expire_reports(self._settings.keep_reports, self._settings.keep_for))
        await self._registry.rows(operations.prune_sessions())
        await self._registry.rows(operations.prune_transactions())
        await self._prune(operations.prune_audit(self._settings.keep_audit, BATCH))
        await self._prune(operations.prune_removed(REMOVED_FOR, BATCH))
        await self._prune(operations.prune_idempotency(IDEMPOTENCY_FOR, BATCH))
        expired = await self._registry.rows(deliveries.expire_undeliverable(list(self._settings.destinations)))
        for target in sorted({row.target for row in expired}):
            log.warning("no server has delivered there for days: given up", to=target)

    async def renew(self, registry: Registry) -> None:
        """Renew the leases of our runs, over a registry that nothing else uses. Raises RegistryUnreachable."""
        self._answers_since, since = None, self._answers_since
        await registry.rows(queue.renew_leases(list(self._running), self._lease))
        self._answers_since = since or time.monotonic()

    async def _cancel_disowned(self) -> None:
        """End those of our runs that were cancelled or taken over."""
        runs = list(self._running)
        if not runs:
            return
        ours = {row.run for row in await self._registry.rows(queue.owned_runs(runs))}
        for run in runs:
            if run not in ours and run in self._running:
                self._running[run].cancel()

    async def _requeue_stalled(self) -> None:
        """Take over the runs of servers that no longer renew their leases."""
        # Not before the registry has answered for a while: where it was away, nobody could renew.
        if self._answers_since is None or time.monotonic() - self._answers_since < 2 * self._timing.renew_s:
            return
        for stalled in await self._registry.rows(queue.requeue_stalled()):
            log.warning("a server fell silent in the middle of a report", run=stalled.run, now=stalled.status)
            self._end_statements(stalled.run)
            self._context.wake()

    def _has_room(self) -> bool:
        """Whether another report can begin here."""
        return len(self._running) < self._settings.workers and self._workers.is_whole and self._may_take()

    async def _start_next(self) -> bool:
        """Start the next report of the queue; False where none waits."""
        run = secrets.token_hex(8)
        if not await self._registry.row(queue.any_waiting()):  # a claim locks rows, and most ticks find none
            return False
        claimed = await self._registry.row(queue.claim(run, self._lease, made_by()))
        if claimed is None:
            return False
        metrics.WAITED.observe(claimed.waited_s)
        self._running[run] = asyncio.create_task(self._run(run, claimed), name=claimed.id)
        return True

    async def _run(self, run: str, claimed: ClaimedRun) -> None:
        """A run from its start to its result or error."""
        started, run_log = time.monotonic(), log.bind(run=run, report=claimed.id[:8])
        try:
            run_log.info("run begins")
            outcome = await self._outcome(self._task(run, claimed))
            seconds = time.monotonic() - started
            ended = "discarded" if not outcome.kept else "error" if outcome.error else "complete"
            metrics.RUNS.labels(ended).observe(seconds)
            why = outcome.cause or outcome.error
            run_log.info("run ends", outcome=ended, stores=outcome.stores, error=why, seconds=round(seconds, 3))
            if outcome.trace:
                run_log.error("unexpected error", trace=outcome.trace)
        except asyncio.CancelledError:
            metrics.RUNS.labels("cancelled").observe(time.monotonic() - started)
            run_log.info("run cancelled")
            self._end_statements(run)
            raise
        finally:
            del self._running[run]
            self._context.wake()

    async def _outcome(self, task: Task) -> Outcome:
        """The worker's; where it has none, because it was too slow or is lost, a failure."""
        limit = self._settings.time_limit
        try:
            async with asyncio.timeout(limit.total_seconds()):
                return await self._made(task)
        except TimeoutError:
            error = f"It took longer than a report may take here, {duration_text(limit)}."
        except (WorkerLost, NeedsMoreMemory) as lost:
            error = str(lost)
        except Exception as unexpected:
            log.exception("unexpected error", run=task.run)
            error = f"It ended in an unexpected error ({type(unexpected).__name__}). The server's log has the details."
        await self._leftovers.end(self._context.database, application(task.run))
        return await self._fail(task, error)

    async def _made(self, task: Task) -> Outcome:
        """The worker's outcome; where the worker is lost, and most of the work may be done on a cluster, another's."""
        try:
            return await self._workers.report(task)
        except WorkerLost as lost:
            if task.cluster is None:
                raise
            log.warning("a worker was lost, another goes on with its report", run=task.run, error=str(lost))
            return await self._workers.report(task)

    async def _fail(self, task: Task, error: str) -> Outcome:
        """Write that a run has failed."""
        with suppress(RegistryUnreachable):  # then its lease runs out, and it is run again
            row = await self._registry.row(queue.fail_run(task.report_id, task.run, error))
            if row is not None:
                return Outcome(error=row.error)
        return Outcome(error=error, kept=False)

    def _end_statements(self, run: str) -> None:
        self._leftovers.end_soon(self._context.database, application(run))

    def _task(self, run: str, claimed: ClaimedRun) -> Task:
        limits = replace(self._settings.worker_limits, spill=str(self._context.spill))
        return Task(
            report_id=claimed.id,
            run=run,
            options=claimed.options,
            source=SourceConfig(
                self._context.database, self._settings.schema, application(run), self._settings.mapping
            ),
            registry=self._context.registry,
            limits=limits,
            recipients=self._settings.encryption.recipients,
            due_at=claimed.due_at,
            file=file_to_deliver(claimed),
            cluster=self._settings.cluster,
        )

    async def _prune(self, statement: Statement[Count]) -> None:
        # In batches, so that nobody waits for a lock for long; what is left is for the next time.
        for _ in range(BATCHES):
            deleted = await self._registry.only_row(statement)
            if deleted.count < BATCH:
                return


def file_to_deliver(claimed: ClaimedRun) -> FileToDeliver | None:
    """The file of a report on schedule that is to be delivered, if any is."""
    if not claimed.deliver_to:
        return None
    columns = claimed.options["columns"]
    return FileToDeliver(claimed.deliver_to, delivered_name(claimed, columns), claimed.format, columns)


def application(run: str) -> str:
    """The name under which a run is seen in PostgreSQL."""
    return f"store-uptime {run}"
