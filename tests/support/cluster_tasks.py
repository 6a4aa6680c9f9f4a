"""Functions of a pass for tests of executors: what workers import, and little else."""

import json
import os
import signal
import time
from pathlib import Path
from uuid import uuid4

from store_uptime.pipeline.errors import UnknownStore

WAITING_S = 60


def doubled(number: int) -> bytes:
    return str(2 * number).encode()


def noted(folder: str, number: int, seconds: float) -> bytes:
    """Leaves a file for each time that it runs, named after the number and the process."""
    (Path(folder) / f"{number}.{os.getpid()}.{uuid4().hex}").touch()
    time.sleep(seconds)
    return doubled(number)


def held(folder: str, number: int) -> bytes:
    """As `noted`, and goes on when there is a file `go`."""
    noted(folder, number, 0)
    deadline = time.monotonic() + WAITING_S
    while not (Path(folder) / "go").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    return doubled(number)


def held_if_odd(folder: str, number: int) -> bytes:
    return held(folder, number) if number % 2 else noted(folder, number, 0)


def held_after_six(folder: str, number: int) -> bytes:
    return held(folder, number) if number >= 6 else noted(folder, number, 0)


def deadly(folder: str, number: int) -> bytes:
    """As `noted`, and number 3 is the end of the process that it is computed in."""
    noted(folder, number, 0.02)
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return doubled(number)


def described(number: int) -> bytes:
    """The worker that it runs on: its address, threads, memory, and what Dask is told to do about that."""
    import dask.config
    from distributed import get_worker

    worker = get_worker()
    manager = worker.memory_manager
    told = {name: dask.config.get(f"distributed.worker.memory.{name}") for name in ("target", "spill", "pause")}
    return json.dumps(
        {
            "host": worker.address.rpartition(":")[0],
            "name": worker.name,
            "slots": worker.state.nthreads,
            "threads": os.environ["POLARS_MAX_THREADS"],
            "memory": manager.memory_limit,
            **told,
        }
    ).encode()


def greedy(number: int) -> bytes:
    """Takes memory until somebody ends it."""
    taken = []
    while True:
        taken.append(b"\1" * (10 << 20))
        time.sleep(0.01)


class Unpicklable(Exception):
    def __reduce__(self) -> str:
        raise TypeError("as an error of a native library")


def refusing(number: int) -> bytes:
    try:
        raise Unpicklable
    except Unpicklable as cause:
        raise UnknownStore(store=f"store {number}", source="here") from cause
