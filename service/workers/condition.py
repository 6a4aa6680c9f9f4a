"""The condition of a worker process: what it has used up of what it may use, and whether that is why something failed.

Native libraries leave things behind with each run, threads and memory above all. What a process has when it is made
ready is its baseline; what it has beyond that was left behind. Everything here is about the process that calls it.
"""

import errno
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

OUT_OF_MEMORY = 77  # the exit status of a worker that has taken more memory than its share
THREADS_LEFT = 64  # no more than this may be left behind: each has a stack of two to eight megabytes
MEMORY_LEFT = 0.5  # and no more than this part of what a fresh process has to work with
MOST_RUNS, MOST_SECONDS = 5_000, 24 * 3600  # of what nobody thought of, no process has more than a day's worth
LOOK_S = 0.05  # as long as it takes to fill some ten megabytes
STATUS = Path("/proc/self/status")
KIBIBYTE = 1024
SHORTAGES = {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE}  # no thread, no memory, no descriptor


@dataclass(frozen=True)
class Condition:
    """threads: how many; resident: bytes of memory that are its own; is_spent: whether it should do nothing more."""

    threads: int = 0
    resident: int = 0
    is_spent: bool = False


UNKNOWN = Condition()


class _Life:
    """The history of this process."""

    fresh = UNKNOWN
    share = 0
    runs = 0
    since = time.monotonic()
    has_had_shortage = False


def measure() -> Condition:
    """This process as it is now; on systems other than Linux, UNKNOWN."""
    if sys.platform != "linux":
        return UNKNOWN
    lines = STATUS.read_text(encoding="utf-8", errors="replace").splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return Condition(int(fields["Threads"]), int(fields["RssAnon"].split()[0]) * KIBIBYTE)


def set_baseline(share: int) -> None:
    """Take the process as it is now for what it needs. share: the bytes of memory that it may have."""
    _Life.fresh, _Life.share, _Life.runs, _Life.since = measure(), share, 0, time.monotonic()


def count_run() -> None:
    """Count a call that was answered."""
    _Life.runs += 1


def end_beyond(share: int) -> None:
    """End the process when it has more in memory than its share, before the system ends something else."""
    # Not by a limit of the system: it would count what libraries ask for and never touch, which is several times as
    # much; and each of them fails in ways of its own when it meets one.
    while measure().resident <= share:
        time.sleep(LOOK_S)
    os._exit(OUT_OF_MEMORY)


def record_failure(error: BaseException) -> None:
    """Note that something has failed: after a shortage the process is spent."""
    _Life.has_had_shortage |= is_shortage(error)


def current() -> Condition:
    """The process after its last call."""
    here = measure()
    return Condition(here.threads, here.resident, is_spent(here))


def is_spent(here: Condition) -> bool:
    """Whether too little is left for the next task."""
    room = _Life.share - _Life.fresh.resident
    return (
        _Life.has_had_shortage
        or here.threads - _Life.fresh.threads > THREADS_LEFT
        or here.resident - _Life.fresh.resident > MEMORY_LEFT * room
        or _Life.runs >= MOST_RUNS
        or time.monotonic() - _Life.since > MOST_SECONDS
    )


def is_starved_by(error: BaseException) -> bool:
    """Whether something failed for want of what earlier runs may have used up: a fresh process may have it."""
    # What starts threads has no class of its own for "there are no more": in a process that is spent any error that
    # nobody expected may be that.
    return _Life.runs > 1 and (is_shortage(error) or (is_unexpected(error) and is_spent(measure())))


def is_unexpected(error: BaseException) -> bool:
    """Whether an error, or one that it came from, is not about the data: panics, and what Python itself raises."""
    return any(isinstance(each, RuntimeError | OSError) or not isinstance(each, Exception) for each in chain(error))


def is_shortage(error: BaseException) -> bool:
    """Whether something failed for want of memory, of a thread or of a descriptor."""
    return is_out_of_memory(error) or any(
        isinstance(each, OSError) and each.errno in SHORTAGES for each in chain(error)
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether something failed for want of memory."""
    return any(isinstance(each, (MemoryError, *errors_of_libraries())) for each in chain(error))


def chain(error: BaseException) -> list[BaseException]:
    """An error, and those that it came from."""
    before = error.__cause__ or error.__context__
    return [error, *(chain(before) if before is not None else ())]


def errors_of_libraries() -> tuple[type[BaseException], ...]:
    """What libraries raise for want of memory that is no MemoryError; of those that are imported."""
    duckdb = sys.modules.get("duckdb")
    return () if duckdb is None else (duckdb.OutOfMemoryException,)
