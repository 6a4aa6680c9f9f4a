"""The runner: takes reports from the queue, sees them through, and looks after what other servers have left.

With each heartbeat: which of our runs are still ours, what others have lost, what comes next. Leases are renewed by a
heartbeat of their own, on a connection of their own, so that nothing else keeps them waiting.
A run belongs to whoever holds its token, and only the holder can write its result; so a run that was taken from a
server which is merely slow comes to nothing there, and no report is done twice.
"""

import asyncio
import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from store_uptime.pipeline import Limits, duration_text
from store_uptime.service.errors import NeedsMoreMemory, RegistryUnreachable, WorkerLost
from store_uptime.service.observability import metrics
from store_uptime.service.registry.registry import Registry
from store_uptime.service.registry.reports import file_name, made_by
from store_uptime.service.settings import Settings
from store_uptime.service.workers.jobs import Outcome, Outgoing, SourceConfig, Task
from store_uptime.service.workers.leftovers import Leftovers
from store_uptime.service.workers.pool import Workers

REMOVED_FOR = timedelta(days=30)  # how long a removed report is answered with 410 rather than 404
IDEMPOTENCY_FOR = timedelta(days=7)
BATCH, BATCHES = 5_000, 20  # rows that one statement deletes, statements at a time

log = structlog.get_logger(part="runner")


@dataclass(frozen=True)
class RunContext:
    """Where a run finds what it needs: the tables, the registry, a folder for temporary files; and how to say that it
    has ended."""

    database: str
    registry: str
    spill: Path
    wake: Callable[[], None]


class Runner:
    """Runs reports in the workers. may_begin: whether it may take anything that is not its own already."""

    def __init__(
        self, settings: Settings, registry: Registry, workers: Workers, house: RunContext, may_begin: Callable[[], bool]
    ) -> None:
        self._settings, self._registry, self._workers = settings, registry, workers
        self._timing, self._lease = settings.timing, timedelta(seconds=settings.timing.lease_s)
        self._house, self._may_begin = house, may_begin
        self._running: dict[str, asyncio.Task[None]] = {}
        self._leftovers = Leftovers()
        self._tidied = 0.0
        self._answers_since: float | None = None

    async def stop(self) -> None:
        """Let running reports finish within the grace; hand back what has not, for another server or the next start."""
        if self._running:
            await asyncio.wait(self._running.values(), timeout=self._settings.grace.total_seconds())
        left = list(self._running)
        for run in left:
            self._running[run].cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        if left:
            with suppress(RegistryUnreachable):  # then another server takes them over when their leases have run out
                await self._registry.row("hand_back", runs=left)
                log.info("handed back", runs=len(left))
        await self._leftovers.wait()

    async def tick(self) -> None:
        """Take and run reports. Raises RegistryUnreachable."""
        await self._end_what_is_not_ours()
        if self._may_begin():
            await self._take_over_lost()
            while self._has_room() and await self._begin_next():
                pass
            await self._look_after()
        metrics.RUNNING.set(len(self._running))

    async def renew(self, registry: Registry) -> None:
        """Renew the leases of our runs, over a registry that nobody else uses. Raises RegistryUnreachable."""
        self._answers_since, since = None, self._answers_since
        await registry.rows("renew", runs=list(self._running), lease=self._lease)
        self._answers_since = since or time.monotonic()

    async def _end_what_is_not_ours(self) -> None:
        """End those of our runs that were cancelled or taken over."""
        runs = list(self._running)
        if not runs:
            return
        ours = {row["run"] for row in await self._registry.rows("still_ours", runs=runs)}
        for run in runs:
            if run not in ours and run in self._running:
                self._running[run].cancel()

    async def _take_over_lost(self) -> None:
        """Take over from servers that have fallen silent; where the registry was away, they could not renew either."""
        if self._answers_since is None or time.monotonic() - self._answers_since < 2 * self._timing.renew_s:
            return
        for row in await self._registry.rows("lost"):
            log.warning("a server fell silent in the middle of a report", run=row["run"], now=row["status"])
            self._end_statements(row["run"])

    def _has_room(self) -> bool:
        """Whether another report can begin here."""
        return len(self._running) < self._settings.workers and self._workers.is_whole and self._may_begin()

    async def _begin_next(self) -> bool:
        """Begin the report whose turn it is; False where none waits."""
        run = secrets.token_hex(8)
        if not await self._registry.row("any_waiting"):
            return False
        claimed = await self._registry.row("claim", run=run, lease=self._lease, made_by=made_by())
        if claimed is None:
            return False
        metrics.WAITED.observe(claimed["waited"])
        self._running[run] = asyncio.create_task(self._see_through(run, claimed))
        return True

    async def _see_through(self, run: str, claimed: dict[str, Any]) -> None:
        """A run from its beginning to its end, whatever that is."""
        begun, told = time.monotonic(), log.bind(run=run, report=claimed["id"][:8])
        folder = self._house.spill / run
        try:
            told.info("run begins")
            outcome = await self._outcome(self._task(run, claimed, folder), folder)
            seconds = time.monotonic() - begun
            ended = "discarded" if not outcome.kept else "error" if outcome.error else "complete"
            metrics.RUNS.labels(ended).observe(seconds)
            why = outcome.cause or outcome.error
            told.info("run ends", outcome=ended, stores=outcome.stores, error=why, seconds=round(seconds, 3))
            if outcome.trace:
                told.error("unexpected error", trace=outcome.trace)
        except asyncio.CancelledError:
            metrics.RUNS.labels("cancelled").observe(time.monotonic() - begun)
            told.info("run cancelled")
            self._end_statements(run)
            raise
        finally:
            del self._running[run]
            shutil.rmtree(folder, ignore_errors=True)
            self._house.wake()

    async def _outcome(self, task: Task, folder: Path) -> Outcome:
        """What the worker says; where it can say nothing, that is the outcome."""
        limit = self._settings.time_limit
        try:
            folder.mkdir(parents=True)
            async with asyncio.timeout(limit.total_seconds()):
                return await self._workers.report(task)
        except TimeoutError:
            error = f"It took longer than a report may take here, {duration_text(limit)}."
        except (WorkerLost, NeedsMoreMemory) as lost:
            error = str(lost)
        except Exception as unexpected:
            log.exception("unexpected error", run=task.run)
            error = f"It ended in an unexpected error ({type(unexpected).__name__}). The server's log has the details."
        await self._leftovers.ended(self._house.database, application(task.run))
        return await self._failed(task, error)

    async def _failed(self, task: Task, error: str) -> Outcome:
        """Write that a run has failed; where that is impossible now, its lease runs out and it is run again."""
        with suppress(RegistryUnreachable):
            row = await self._registry.row("fail", id=task.report_id, run=task.run, error=error)
            if row is not None:
                return Outcome(error=row["error"])
        return Outcome(error=error, kept=False)

    def _end_statements(self, run: str) -> None:
        """End what a killed worker has left running in PostgreSQL."""
        self._leftovers.end(self._house.database, application(run))

    def _task(self, run: str, claimed: dict[str, Any], folder: Path) -> Task:
        limits = Limits(self._settings.duckdb_memory, self._settings.worker_threads, str(folder))
        return Task(
            report_id=claimed["id"],
            run=run,
            options=claimed["options"],
            place=SourceConfig(self._house.database, self._settings.schema, application(run), self._settings.mapping),
            registry=self._house.registry,
            limits=limits,
            recipients=self._settings.vault.recipients,
            due_at=claimed["due_at"],
            outgoing=outgoing(claimed),
        )

    async def _look_after(self) -> None:
        """What is due now and then."""
        waiting = {row["status"]: row["count"] for row in await self._registry.rows("fullness")}
        metrics.WAITING.set(waiting.get("queued", 0))
        metrics.note_lateness(**(await self._registry.rows("lateness", lease=self._lease))[0])
        newest = await self._registry.row("newest_data") or {"data_now": None, "warning_codes": []}
        metrics.note_data(newest["data_now"], newest["warning_codes"])
        if time.monotonic() - self._tidied < self._timing.tidy_s:
            return
        self._tidied = time.monotonic()
        await self._registry.rows("expire", keep_reports=self._settings.keep_reports, keep_for=self._settings.keep_for)
        await self._registry.rows("tidy_sessions")
        await self._registry.rows("tidy_transactions")
        await self._forget("forget_audit", self._settings.keep_audit)
        await self._forget("forget_removed", REMOVED_FOR)
        await self._forget("forget_idempotency", IDEMPOTENCY_FOR)
        forsaken = await self._registry.rows("forsaken", destinations=list(self._settings.destinations))
        for target in sorted({row["target"] for row in forsaken}):
            log.warning("no server has delivered there for days: given up", to=target)

    async def _forget(self, statement: str, kept: timedelta) -> None:
        """Delete what is older than that in batches, so that nobody waits for a lock; the rest the next time."""
        for _ in range(BATCHES):
            [deleted] = await self._registry.rows(statement, kept=kept, batch=BATCH)
            if deleted["count"] < BATCH:
                return


def outgoing(claimed: dict[str, Any]) -> Outgoing | None:
    """What goes out of a report of a schedule, if anything does."""
    if not claimed["deliver_to"]:
        return None
    columns = claimed["options"]["columns"]
    return Outgoing(claimed["deliver_to"], file_name(claimed, columns), claimed["format"], columns)


def application(run: str) -> str:
    """The name under which a run is seen in PostgreSQL."""
    return f"store-uptime {run}"
