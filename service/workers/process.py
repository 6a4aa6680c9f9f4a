"""A worker process as its server sees it: started, called, killed."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

from store_uptime.service.errors import NeedsMoreMemory, ServiceError, WorkerLost
from store_uptime.service.workers import jobs, worker
from store_uptime.service.workers.condition import OUT_OF_MEMORY
from store_uptime.service.workers.worker import LENGTH, Answer

PROGRAM = """
import gc; gc.set_threshold(100_000)  # as in __main__
from store_uptime.service.workers.worker import main; main()
"""
START_S = 120.0  # on a machine that is very busy; else it takes a second


def lost(exit_status: int) -> ServiceError:
    """What it means that a process has ended."""
    return NeedsMoreMemory() if exit_status == OUT_OF_MEMORY else WorkerLost(exit_status)


class WorkerProcess:
    """A process that does one thing at a time.

    is_over: it has ended, or is to be replaced. is_spent: the latter.
    heir: who waits for the process that takes its place.
    """

    def __init__(self, process: Process) -> None:
        self._process = process
        self._is_busy = self._is_leaving = False
        self.is_over = asyncio.Event()
        self.is_spent = self.was_killed = False
        self.heir: asyncio.Future[WorkerProcess] | None = None
        self._watch = asyncio.create_task(self._note_end())

    @classmethod
    async def started(cls, memory: int, spill: str) -> Self:
        """A process that is ready to work. Raises WorkerLost, TimeoutError, OSError."""
        process = await asyncio.create_subprocess_exec(sys.executable, "-P", "-c", PROGRAM, stdin=PIPE, stdout=PIPE)
        self = cls(process)
        try:
            async with asyncio.timeout(START_S):
                (await self.call(jobs.initialize_worker, memory, spill, sys.path)).result()
        except BaseException:
            await self.killed()
            raise
        return self

    @property
    def is_alive(self) -> bool:
        """Whether it can be called."""
        return self._process.returncode is None and not self.was_killed

    async def call(self, function: Callable[..., Any], *arguments: Any) -> Answer:
        """What a function comes to there. Raises WorkerLost, NeedsMoreMemory.

        Where the caller is cancelled, the process is killed.
        """
        self._is_busy = True
        try:
            answer = await self._answer(worker.packed((function, arguments)))
        except (OSError, asyncio.IncompleteReadError) as error:
            raise lost(await self._process.wait()) from error
        except BaseException:
            self.kill()
            raise
        self._is_busy = False
        if answer.condition.is_spent:
            self.is_spent = True
            self.is_over.set()
        if self._is_leaving:
            self.kill()
        return answer

    async def _answer(self, call: bytes) -> Answer:
        calls, answers = self._process.stdin, self._process.stdout
        if calls is None or answers is None:
            raise BrokenPipeError
        calls.write(call)
        await calls.drain()
        (length,) = LENGTH.unpack(await answers.readexactly(LENGTH.size))
        return worker.unpacked(await answers.readexactly(length))

    def leave(self) -> None:
        """End it, once it has done what it does."""
        self._is_leaving = True
        if not self._is_busy:
            self.kill()

    def kill(self) -> None:
        """End it at once."""
        if self.is_alive:
            self.was_killed = True
            with suppress(ProcessLookupError):
                self._process.kill()

    async def killed(self) -> None:
        """End it at once, and see it gone."""
        self.kill()
        await self._watch

    async def _note_end(self) -> None:
        await self._process.wait()
        self.is_over.set()
