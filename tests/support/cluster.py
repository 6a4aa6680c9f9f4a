"""A Dask cluster of real processes on loopback ports, each worker with one thread and without a nanny.

Processes are forked from one that has imported Dask: to import it takes 0.8 s of processor each time.
"""

import importlib
import multiprocessing
import os
import re
import signal
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.abc import MetaPathFinder
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from tests.support.postgres import open_folder

# By way of our module, which mends what importing Dask does to the pickling of errors.
CONNECTION: Any = pytest.importorskip(
    "store_uptime.pipeline.parts.cluster_connection", reason="there is no Dask: it comes with store-uptime[cluster]"
)
STARTING_S = 60
SCHEDULER, WORKER = "distributed.cli.dask_scheduler", "distributed.cli.dask_worker"
STOPPED, KILLED = signal.SIGSTOP, signal.SIGKILL
QUICK = {
    "DASK_CONFIG": os.devnull,  # nothing of whoever runs the tests
    "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "2s",  # until a worker that is silent is given up
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
}


@cache
def nursery() -> ForkServerContext:
    """What forks processes."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([SCHEDULER, WORKER])
    return context


class Hiding(MetaPathFinder):
    """Has packages that are installed look as if they were not."""

    def __init__(self, packages: tuple[str, ...]) -> None:
        self.packages = packages

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] in self.packages:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@dataclass(frozen=True)
class Fate:
    """A signal that a worker gets when it has done its n-th task of a function, and nobody knows it yet; or, is_early,
    when it is about to begin it."""

    signal: signal.Signals
    function: str
    task: int
    is_early: bool = False


@dataclass(frozen=True)
class Oddity:
    """In what a process differs from this one: folders to import from first, packages that it has not, variables, and
    what happens to it."""

    folders: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    fate: Fate | None = None


def serve(program: str, arguments: list[str], log: str, oddity: Oddity) -> None:
    """Run one of Dask's programs in this process."""
    import dask.config

    output = os.open(log, os.O_WRONLY | os.O_CREAT)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ |= {**QUICK, **oddity.variables, "DASK_TEMPORARY_DIRECTORY": str(Path(log).parent)}
    dask.config.refresh()
    if oddity.fate:
        dask.config.set({"fate": oddity.fate, "distributed.worker.preload": ["tests.support.cluster_fates"]})
    sys.path[:0] = oddity.folders
    sys.meta_path.insert(0, Hiding(oddity.without))
    for name in [name for name in sys.modules if name.partition(".")[0] in oddity.without]:
        del sys.modules[name]
    importlib.import_module(program).main(arguments)


@dataclass(frozen=True)
class Started:
    """A process of a cluster, and the file of what it says."""

    process: BaseProcess
    log: Path

    @property
    def pid(self) -> int:
        """Its number."""
        assert self.process.pid
        return self.process.pid

    @property
    def address(self) -> str:
        """Where a worker listens."""
        return self.await_words(r"Start worker at: *(\S+)")

    def await_words(self, pattern: str) -> str:
        """The first group of what it says that matches a pattern."""
        deadline = time.monotonic() + STARTING_S
        while not (found := re.search(pattern, self.said())):
            assert self.process.is_alive(), self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.02)
        return found[1]

    def said(self) -> str:
        """All that it has said until now."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def kill(self) -> None:
        """End it with -9, stopped or not."""
        self.process.kill()
        self.process.join()

    def stop(self) -> None:
        """Have it do nothing until it is told to go on."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Have a stopped one do what it would have done."""
        os.kill(self.pid, signal.SIGCONT)


@dataclass
class Dask:
    """A scheduler, and its workers."""

    folder: Path
    options: tuple[str, ...]
    scheduler: Started
    workers: list[Started] = field(default_factory=list)

    @cached_property
    def address(self) -> str:
        """Where the scheduler listens."""
        return self.scheduler.await_words(r"Scheduler at: *(\S+)")

    def add_worker(self, oddity: Oddity = Oddity()) -> Started:
        """Another worker, which has joined."""
        options = ["--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard", *self.options]
        worker = start(WORKER, [self.address, *options], self.folder, oddity)
        self.workers.append(worker)
        worker.await_words(r"(Registered to)")
        if oddity.fate:
            worker.await_words("(Fated)")
        return worker

    @contextmanager
    def only(self, oddity: Oddity) -> Generator[Started]:
        """For the block it has one worker, which is odd."""
        worker = self.with_workers(0).add_worker(oddity)
        yield worker
        worker.kill()

    def with_workers(self, number: int) -> "Dask":
        """The same with so many workers, whatever happened to earlier ones."""
        self.workers = [worker for worker in self.workers if worker.process.is_alive()]
        while len(self.workers) > number:
            self.workers.pop().kill()
        while len(self.workers) < number:
            self.add_worker()
        return self


def start(program: str, arguments: list[str], folder: Path, oddity: Oddity = Oddity()) -> Started:
    """A process of Dask."""
    log = folder / f"{time.monotonic_ns()}.log"
    process = nursery().Process(target=serve, args=(program, arguments, str(log), oddity), daemon=True)
    process.start()
    return Started(process, log)


@contextmanager
def dask_cluster(workers: int = 0, options: tuple[str, ...] = ()) -> Generator[Dask]:
    """A scheduler and workers for the block. options: of both, such as certificates."""
    with open_folder() as folder:
        protocol = "tls" if "--tls-ca-file" in options else "tcp"
        at = ["--host", f"{protocol}://127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0"]
        scheduler = start(SCHEDULER, [*at, *options], folder)
        cluster = Dask(folder, options, scheduler)
        try:
            yield cluster.with_workers(workers)
        finally:
            for process in (*cluster.workers, scheduler):
                process.kill()
