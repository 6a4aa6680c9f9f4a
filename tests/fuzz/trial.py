"""A process in which inputs are tried: it may panic, hang, or eat memory, and the driver goes on with another one."""

import os
import resource
import shutil
import sys
import tempfile
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from tests.fuzz.kinds import KINDS, WEIGHTS, Files

MOST_MEMORY = 6 << 30
GROWTH = 700 << 20
"""So much more memory than before no small input may need."""


def case(seed: int, number: int, only: str | None) -> tuple[str, Files]:
    """The kind and the files of a case; the same numbers give the same."""
    random = Random(f"{seed} {number} {only}")
    kind = only or random.choices(list(KINDS), [WEIGHTS.get(name, 1) for name in KINDS])[0]
    return kind, KINDS[kind].make(random)


def written(files: Files, folder: Path) -> Path:
    """A folder with the files of a case."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def fault_of(kind: str, folder: Path) -> str | None:
    """What does not hold of an input; None: all does."""
    before = peak_bytes()
    try:
        KINDS[kind].read(folder)
    except BaseException as error:  # a panic is no Exception
        return f"{type(error).__module__}.{type(error).__name__}: {error}\n{traceback.format_exc()}"
    grown = peak_bytes() - before
    return f"it took {grown >> 20} MiB of memory" if grown > GROWTH else None


def peak_bytes() -> int:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << (0 if sys.platform == "darwin" else 10)


def serve(cases: Connection) -> None:
    """Try one input after the other, until there are no more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    with tempfile.TemporaryDirectory() as scratch:
        fault_of("csv", written(case(0, 0, "csv")[1], Path(scratch, "feed")))  # imports take their memory
        cases.send("ready")
        while (request := cases.recv()) is not None:
            kind, files = case(*request)
            cases.send((kind, fault_of(kind, written(files, Path(scratch, "feed")))))
