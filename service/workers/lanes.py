"""Lanes: some worker processes for one kind of work, so that no kind waits for another.

A process is made ready before it gets work. One that is lost is replaced at once; one that is spent works on until
another is ready to take its place.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from typing import TypeVar

import structlog

from store_uptime.service.errors import NeedsMoreMemory
from store_uptime.service.workers.process import WorkerProcess
from store_uptime.service.workers.protocol import Answer

log = structlog.get_logger(part="workers")

Result = TypeVar("Result")

RETRY_S = 5.0  # after a process could not be started


class LaneName(StrEnum):
    """What the processes of a lane do."""

    REPORTS = "reports"
    STORED = "stored"
    SOURCE = "source"


class Lane:
    """Processes that are kept ready.

    processes: those that are ready, or were. was_whole: all of them were there at one time. lost: how many ended
    unexpectedly; replaced: how many were spent. failure: why the last try to start one failed.
    """

    def __init__(self, name: LaneName, size: int, memory: int, spill: str) -> None:
        self.name, self.size = name, size
        self.lost = self.replaced = 0
        self.failure: str | None = None
        self._memory, self._spill = memory, spill
        self.processes: set[WorkerProcess] = set()
        self._idle: asyncio.LifoQueue[WorkerProcess] = asyncio.LifoQueue()  # the one with the warmest caches
        self._has_work = asyncio.Event()
        self.was_whole = False

    @property
    def is_whole(self) -> bool:
        """Whether every process is there."""
        return sum(process.is_alive for process in self.processes) >= self.size

    async def run_in_worker(self, function: Callable[..., Result], *arguments: object) -> Result:
        """The result of a function in one of the processes; where that was starved, in a fresh one.

        Raises WorkerLost, and what the function raises. Cancelled, it kills the process.
        """
        process = await self._take_idle()
        answer = await self._first_answer(process, function, *arguments)
        if answer.is_starved:
            log.warning("a worker was spent, started again in a fresh one", lane=self.name, error=repr(answer.error))
            process = await self._successor_of(process)
            answer = await process.call(function, *arguments)
        if process.is_alive:
            self._idle.put_nowait(process)
        return answer.result()

    async def _first_answer(
        self, process: WorkerProcess, function: Callable[..., Result], *arguments: object
    ) -> Answer[Result]:
        was_spent = process.is_spent
        try:
            return await process.call(function, *arguments)
        except NeedsMoreMemory as error:
            if was_spent:  # what earlier calls have left in it may be what was too much
                return Answer(error=error, is_starved=True)
            raise

    async def keep_whole(self, after_s: float = 0.0) -> None:
        """Have every process ready, until cancelled; then kill them.

        after_s: so many seconds none is started unless there is something to do.
        """
        await self._wait_for_work(after_s)
        try:
            await self._keep_all()
        finally:
            await asyncio.gather(*(process.kill_and_wait() for process in self.processes))

    async def _keep_all(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(self.size):
                group.create_task(self._keep_one())

    async def _wait_for_work(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._has_work.wait()
        self._has_work.set()

    async def _keep_one(self) -> None:
        process = await self._start_process()
        self._idle.put_nowait(process)
        while True:
            await process.is_over.wait()
            self._count(process)
            fresh = await self._start_process()
            self.processes.discard(process)
            process.leave()
            self._hand_over(fresh, process.successor)
            process = fresh

    def _count(self, process: WorkerProcess) -> None:
        if process.is_spent:
            self.replaced += 1
        elif not process.was_killed:
            self.lost += 1

    def _hand_over(self, fresh: WorkerProcess, successor: "asyncio.Future[WorkerProcess] | None") -> None:
        if successor is None or successor.done():
            self._idle.put_nowait(fresh)
        else:
            successor.set_result(fresh)

    async def _start_process(self) -> WorkerProcess:
        while True:
            try:
                fresh = await WorkerProcess.start(self._memory, self._spill)
            except Exception as error:  # whatever it is, the next try may do
                self.failure = repr(error)
                log.warning("a worker did not start", lane=self.name, error=self.failure)
                await asyncio.sleep(RETRY_S)
            else:
                self.failure = None
                self.processes.add(fresh)
                self.was_whole |= self.is_whole
                return fresh

    async def _take_idle(self) -> WorkerProcess:
        self._has_work.set()
        while not (process := await self._idle.get()).is_alive:
            pass
        return process

    async def _successor_of(self, process: WorkerProcess) -> WorkerProcess:
        if process not in self.processes:  # another has taken it already
            return await self._take_idle()
        process.successor = asyncio.get_running_loop().create_future()
        process.is_spent = True
        process.kill()
        return await process.successor
