"""The worker processes of a server, in lanes.

    reports   as many as were asked for: each makes a report
    stored    one, for what people wait for and is stored: files, views
    source    one, for what people wait for and reads the source, which may be locked: timelines, a store's view

Short work has a deadline, belongs to a client, and ends when that has gone; its process is killed then, and another is
ready soon.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Concatenate, TypeVar, TypeVarTuple

import stamina
import structlog

from store_uptime.service.concurrency.clients import CLIENT, while_client_waits
from store_uptime.service.concurrency.turns import Turns
from store_uptime.service.errors import ClientGone, SourceTooSlow, TookTooLong, WorkerLost
from store_uptime.service.observability.memory import INTERACTIVE_WORKERS
from store_uptime.service.settings import Settings
from store_uptime.service.workers import jobs
from store_uptime.service.workers.jobs import SourceConfig
from store_uptime.service.workers.lanes import Lane, LaneName
from store_uptime.service.workers.leftovers import Leftovers

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")

log = structlog.get_logger(part="workers")

ONE = INTERACTIVE_WORKERS // 2
WAITING_OF_ONE, WAITING = 32, 200  # short tasks of one client, and of all; a second or so each


class Workers:
    """Processes for reports, and for short work.

    are_warm: they have been started, and no start has failed since. is_whole: no process for a report is missing just
    now; one that met none would spend its time on the start of one.
    """

    def __init__(self, settings: Settings, spill: Path) -> None:
        self._timing = settings.timing
        memory, folder = settings.worker_memory, str(spill)
        self._reports = Lane(LaneName.REPORTS, settings.workers, memory, folder)
        self._stored = Lane(LaneName.STORED, ONE, memory, folder)
        self._source = Lane(LaneName.SOURCE, ONE, memory, folder)
        self._turns = {lane: Turns(lane.size, WAITING_OF_ONE, WAITING) for lane in (self._stored, self._source)}
        self._leftovers = Leftovers()
        self.lanes = (self._reports, self._stored, self._source)
        self._awaited = (self._reports,) if self._timing.desk_s else self.lanes

    @property
    def are_warm(self) -> bool:
        """Whether reports can be made at once."""
        return all(lane.was_whole for lane in self._awaited) and self.failure is None

    @property
    def is_whole(self) -> bool:
        """Whether no process for reports is missing just now."""
        return self._reports.is_whole

    @property
    def failure(self) -> str | None:
        """Why a process that is missing cannot be started; None where that is not so."""
        return next((lane.failure for lane in self.lanes if lane.failure is not None), None)

    @property
    def shortcoming(self) -> str:
        """What is missing where they are not warm."""
        if self.failure is None:
            return "They are being started."
        return "They cannot be started or replaced; the server's log says why."

    @property
    def lost(self) -> int:
        """How many processes ended unexpectedly."""
        return sum(lane.lost for lane in self.lanes)

    @property
    def replaced(self) -> int:
        """How many processes were spent."""
        return sum(lane.replaced for lane in self.lanes)

    @property
    def turns(self) -> dict[LaneName, Turns]:
        """Who is served and who waits, of the lanes for short work."""
        return {lane.name: turns for lane, turns in self._turns.items()}

    async def report(self, task: jobs.Task) -> jobs.Outcome:
        """Make a report. The process is killed when the caller is cancelled. Raises WorkerLost."""
        return await self._reports.run(jobs.make_report, task)

    async def brief(self, function: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
        """Do something short with what is stored, again where its process was lost: it changes nothing.

        Raises TookTooLong, TooManyWaiting, ServerBusy, ClientGone, WorkerLost where that happens again and again, and
        what the function raises.
        """
        return await self._in_time(self._stored, self._timing.stored_s, TookTooLong, function, *arguments)

    async def from_source(
        self, function: Callable[Concatenate[SourceConfig, ...], Result], place: SourceConfig, *arguments: Any
    ) -> Result:
        """Do something short that reads the source, which may let it wait. What it leaves there is ended.

        Raises SourceTooSlow, and what `brief` raises.
        """
        named = replace(place, application=f"store-uptime {secrets.token_hex(8)}")
        try:
            return await self._in_time(self._source, self._timing.source_s, SourceTooSlow, function, named, *arguments)
        except (SourceTooSlow, ClientGone, WorkerLost, asyncio.CancelledError):
            self._leftovers.end(named.database, named.application or "")
            raise

    async def keep_warm(self) -> None:
        """Have every process ready, for as long as the server lives; one that is lost is replaced at once."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._reports.keep_whole())
            for lane in self._turns:
                group.create_task(lane.keep_whole(after_s=self._timing.desk_s))

    async def _in_time(
        self,
        lane: Lane,
        seconds: float,
        late: Callable[[float], Exception],
        function: Callable[..., Result],
        *arguments: Any,
    ) -> Result:
        deadline = asyncio.timeout(seconds)
        try:
            async with deadline:
                return await while_client_waits(self._in_turn(lane, function, *arguments))
        except TimeoutError:
            if not deadline.expired():
                raise
            log.warning("took too long", lane=lane.name, what=function.__name__, seconds=seconds)
            raise late(seconds) from None

    async def _in_turn(self, lane: Lane, function: Callable[..., Result], *arguments: Any) -> Result:
        kind = (function, *(argument for argument in arguments if isinstance(argument, str)))
        async for attempt in stamina.retry_context(on=WorkerLost, attempts=3, wait_initial=0.2):
            with attempt:
                async with self._turns[lane].turn(CLIENT.get().address, kind):
                    result = await lane.run(function, *arguments)
                CLIENT.get().held += len(result) if isinstance(result, bytes) else 0
                return result
        raise WorkerLost(0)  # never reached: the last attempt raises by itself
