"""A worker process as its server sees it: started, called, killed. `worker_main` is what runs in it."""

import asyncio
import shutil
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self, TypeVar, cast

from store_uptime.service.errors import NeedsMoreMemory, ServiceError, WorkerLost
from store_uptime.service.workers.condition import OUT_OF_MEMORY
from store_uptime.service.workers.protocol import LENGTH, Answer, Call, decode, encode
from store_uptime.service.workers.worker_main import initialize_worker

# Not concurrent.futures: there one killed process breaks the whole pool, with all that runs in it; and each process
# that is spawned imports the server's own __main__.
PROGRAM = """
from store_uptime.service.garbage import collect_rarely; collect_rarely()
from store_uptime.service.workers.worker_main import main; main()
"""
Result = TypeVar("Result")

START_S = 120.0  # on a machine that is very busy; else it takes a second


def loss(exit_status: int) -> ServiceError:
    """What it means that a process has ended."""
    return NeedsMoreMemory() if exit_status == OUT_OF_MEMORY else WorkerLost(exit_status)


class WorkerProcess:
    """A process that does one thing at a time.

    is_over: it has ended, or is to be replaced. is_spent: the latter.
    successor: resolves to the process that replaces it.
    """

    def __init__(self, process: Process, spill: Path) -> None:
        self._process, self._spill = process, spill
        self._is_busy = self._is_leaving = False
        self.is_over = asyncio.Event()
        self.is_spent = self.was_killed = False
        self.successor: asyncio.Future[WorkerProcess] | None = None
        self._watch = asyncio.create_task(self._watch_end())

    @classmethod
    async def start(cls, memory: int, spill: str) -> Self:
        """A process that is ready to work. Raises WorkerLost, TimeoutError, OSError."""
        # -P: the folder that the server was started in may hold a module of the name of one that is imported here.
        process = await asyncio.create_subprocess_exec(sys.executable, "-P", "-c", PROGRAM, stdin=PIPE, stdout=PIPE)
        self = cls(process, Path(spill))
        try:
            async with asyncio.timeout(START_S):
                (await self.call(initialize_worker, memory, spill, sys.path)).result()
        except BaseException:
            await self.kill_and_wait()
            raise
        return self

    @property
    def is_alive(self) -> bool:
        """Whether it can be called."""
        return self._process.returncode is None and not self.was_killed

    async def call(self, function: Callable[..., Result], *arguments: object) -> Answer[Result]:
        """The answer to a call of a function. Raises WorkerLost, NeedsMoreMemory.

        Where the caller is cancelled, the process is killed.
        """
        self._is_busy = True
        try:
            answer = cast("Answer[Result]", await self._exchange((function, arguments)))
        except (OSError, asyncio.IncompleteReadError) as error:
            raise loss(await self._process.wait()) from error
        except BaseException:
            self.kill()  # native code cannot be cancelled, and its answer would be read as that of the next call
            raise
        self._is_busy = False
        if answer.condition.is_spent:
            self.is_spent = True
            self.is_over.set()
        if self._is_leaving:
            self.kill()
        return answer

    async def _exchange(self, call: Call) -> object:
        calls, answers = self._process.stdin, self._process.stdout
        if calls is None or answers is None:
            raise BrokenPipeError
        calls.write(encode(call))
        await calls.drain()
        (length,) = LENGTH.unpack(await answers.readexactly(LENGTH.size))
        return decode(await answers.readexactly(length))

    def leave(self) -> None:
        """End it, once it has answered its call."""
        self._is_leaving = True
        if not self._is_busy:
            self.kill()

    def kill(self) -> None:
        """End it at once."""
        if self.is_alive:
            self.was_killed = True
            with suppress(ProcessLookupError):
                self._process.kill()

    async def kill_and_wait(self) -> None:
        """End it at once, and wait for its end."""
        self.kill()
        await self._watch

    async def _watch_end(self) -> None:
        await self._process.wait()
        self.is_over.set()
        for folder in self._spill.glob(f"{self._process.pid}-*"):  # where its database spilled: it was killed
            shutil.rmtree(folder, ignore_errors=True)
