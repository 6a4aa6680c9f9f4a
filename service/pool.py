"""The worker processes.

anyio keeps them: each has pipes of its own, so that one that dies takes nothing with it, and one whose call is
cancelled is killed at once. What is left to do here is to have them warm before anybody waits.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar, TypeVarTuple

import stamina
import structlog
from anyio import BrokenWorkerProcess, CapacityLimiter, to_process

from service import work
from service.errors import WorkerLost
from service.metrics import Lane
from service.settings import Settings

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")

log = structlog.get_logger(part="workers")

DESK = 1  # workers for what people wait for: files and timelines, which must not queue behind reports
LOOK_S = 5  # how long a process that was lost while it was idle may go unmissed


class Workers:
    """Processes for reports, as many as were asked for, and one for short work.

    are_warm: they have been started, and no start has failed since. is_whole: none of them is missing just now; a
    report that met no process would spend its time on the start of one.
    """

    def __init__(self, settings: Settings, spill: Path) -> None:
        self.size = settings.workers + DESK
        self._desk_from = time.monotonic() + settings.timing.desk_s
        self.are_warm = False
        self.is_whole = False
        self.lost = 0
        self._memory, self._spill = settings.worker_memory, str(spill)
        self._reports, self._desk = CapacityLimiter(settings.workers), CapacityLimiter(DESK)
        self._missing = asyncio.Event()

    @property
    def busy(self) -> int:
        """How many reports run."""
        return int(self._reports.borrowed_tokens)

    def lanes(self) -> dict[str, Lane]:
        """How busy the workers for short work are, by kind."""
        return {"desk": Lane(int(self._desk.borrowed_tokens), self._desk.statistics().tasks_waiting)}

    async def report(self, task: work.Task) -> work.Outcome:
        """Make a report. The process is killed when the caller is cancelled. Raises WorkerLost."""
        return await self._called(self._reports, work.make_report, task)

    async def brief(self, function: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
        """Do something short that a person waits for, again where its process was lost: it changes nothing.

        Raises WorkerLost where that happens again and again, and what the function raises.
        """
        async for attempt in stamina.retry_context(on=WorkerLost, attempts=3, wait_initial=0.2):
            with attempt:
                return await self._called(self._desk, function, *arguments)
        raise WorkerLost  # never reached: the last attempt raises by itself

    async def keep_warm(self) -> None:
        """Have every process ready, for as long as the server lives; one that is lost is replaced at once."""
        while True:
            self._missing.clear()
            await self._warm()
            self.is_whole = self.are_warm and not self._missing.is_set()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._missing.wait()

    async def _warm(self) -> None:
        """Call all idle processes at once, so that each call meets another one."""
        wanted = self.size if time.monotonic() >= self._desk_from else self.size - DESK
        idle = wanted - self.busy - int(self._desk.borrowed_tokens)
        every = CapacityLimiter(self.size)
        calls = (self._called(every, work.begin, self._memory, self._spill) for _ in range(idle))
        answers = await asyncio.gather(*calls, return_exceptions=True)
        failed = [answer for answer in answers if isinstance(answer, BaseException)]
        if failed:
            log.warning("a worker did not start", error=repr(failed[0]))
        self.are_warm = not failed

    async def _called(
        self, limiter: CapacityLimiter, function: Callable[[*Arguments], Result], *arguments: *Arguments
    ) -> Result:
        try:
            return await to_process.run_sync(
                work.called, self._memory, self._spill, function, arguments, cancellable=True, limiter=limiter
            )
        except (BrokenWorkerProcess, ProcessLookupError) as error:  # the latter where it dies while it starts
            self.lost += 1
            self._miss_one()
            raise WorkerLost from error
        except asyncio.CancelledError:
            self._miss_one()
            raise

    def _miss_one(self) -> None:
        self.is_whole = False
        self._missing.set()
