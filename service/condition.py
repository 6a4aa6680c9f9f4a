"""What a worker process is like: what it has used up of what it may use, and whether that is why something failed.

Native libraries leave things behind with each run, threads and memory above all. What a process was like when it was
made ready is what it needs; what it has beyond that was left behind.
"""

import errno
import sys
import time
from dataclasses import dataclass
from pathlib import Path

THREADS_LEFT = 64  # more than this were left behind: at two megabytes of stack each, that is part of a share
MEMORY_LEFT = 0.5  # more than this part of what a fresh process has to work with
MOST_RUNS, MOST_SECONDS = 5_000, 24 * 3600  # of what nobody thought of, no process has more than a day's worth
STATUS = Path("/proc/self/status")
KIBIBYTE = 1024
WANTS = {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE}  # no thread, no memory, no descriptor


@dataclass(frozen=True)
class Condition:
    """threads: how many; data: the bytes of memory that are its own, as RLIMIT_DATA counts them; is_spent: whether it
    should do nothing more."""

    threads: int = 0
    data: int = 0
    resident: int = 0
    is_spent: bool = False


UNKNOWN = Condition()


class _Life:
    """What this process has been through."""

    fresh = UNKNOWN
    limit = 0
    runs = 0
    since = time.monotonic()


def measured() -> Condition:
    """This process as it is now; on systems that do not tell, nothing is known of it."""
    if sys.platform != "linux":
        return UNKNOWN
    fields = dict(line.split(":", 1) for line in STATUS.read_text(encoding="ascii", errors="replace").splitlines())
    data, resident = (int(fields[name].split()[0]) * KIBIBYTE for name in ("VmData", "RssAnon"))
    return Condition(int(fields["Threads"]), data, resident)


def begin(limit: int) -> None:
    """This process is ready: what it is like now is what it needs. limit: the bytes of data that it may have."""
    _Life.fresh, _Life.limit, _Life.runs, _Life.since = measured(), limit, 0, time.monotonic()


def count_run() -> None:
    """It has done something more."""
    _Life.runs += 1


def now(error: BaseException | None = None) -> Condition:
    """This process as it is after what it has just done. error: how that failed; for want of memory, it is spent."""
    here = measured()
    is_spent = is_used_up(here) or (error is not None and is_of_want(error))
    return Condition(here.threads, here.data, here.resident, is_spent)


def is_used_up(here: Condition) -> bool:
    """Whether so much was left behind that what comes next may not have enough."""
    room = _Life.limit - _Life.fresh.data
    return (
        here.threads - _Life.fresh.threads > THREADS_LEFT
        or (room > 0 and here.data - _Life.fresh.data > MEMORY_LEFT * room)
        or _Life.runs >= MOST_RUNS
        or time.monotonic() - _Life.since > MOST_SECONDS
    )


def is_starved_by(error: BaseException) -> bool:
    """Whether something failed for want of what earlier runs have left nothing of: a fresh process may have it."""
    return _Life.runs > 1 and (is_of_want(error) or is_used_up(measured()))


def is_of_want(error: BaseException) -> bool:
    """Whether something failed for want of memory, of a thread or of a descriptor, or because of such a failure."""
    return is_of_memory(error) or (isinstance(error, OSError) and error.errno in WANTS)


def is_of_memory(error: BaseException) -> bool:
    """Whether something failed for want of memory, or because of such a failure."""
    cause = error.__cause__ or error.__context__
    return isinstance(error, (MemoryError, *_of_libraries())) or (cause is not None and is_of_memory(cause))


def _of_libraries() -> tuple[type[BaseException], ...]:
    """The errors of want of memory that the libraries have, of those that are imported."""
    names = (("duckdb", "OutOfMemoryException"), ("pyarrow", "ArrowMemoryError"))
    return tuple(getattr(sys.modules[module], name) for module, name in names if module in sys.modules)
