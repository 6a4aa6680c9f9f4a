"""Who has which share of the memory that there is for the service.

A limit can be set for a group of processes (`pipeline/machine.py`), and for each process, by RLIMIT_DATA or RLIMIT_AS
(ulimit, systemd's LimitDATA and LimitAS). A group's limit counts what is in memory; a process's limit what it has
reserved, and workers reserve much that they never touch.
"""

import sys
from dataclasses import dataclass
from math import ceil

from store_uptime.service.errors import ProcessLimitTooLow, TooLittleMemory

MEBIBYTE = 1 << 20
PROMISE = 0.8  # of the memory there is; the rest is for whatever else runs there
INTERACTIVE_WORKERS = 2  # workers for what people wait for, beside those for reports
SERVER, SERVER_PART = 256 * MEBIBYTE, 1 / 4  # for the server itself and answers on their way; of little memory, a part
LEAST = 96 * MEBIBYTE  # a worker: 65 when it is ready, the rest for a report of some hundred stores
UNTOUCHED = {"RLIMIT_DATA": 512 * MEBIBYTE, "RLIMIT_AS": 1856 * MEBIBYTE}  # stacks, arenas, and the code of libraries


@dataclass(frozen=True)
class Shares:
    """The bytes that the server and each worker may use: together they are what was promised at most."""

    workers: int
    there: int
    process: int | None = None

    @property
    def promised(self) -> int:
        """That of all together."""
        return int(self.there * PROMISE)

    @property
    def server(self) -> int:
        """That of the server itself."""
        return min(SERVER, int(self.promised * SERVER_PART))

    @property
    def worker(self) -> int:
        """That of one worker, for reports or for short work."""
        equal = (self.promised - self.server) // (self.workers + INTERACTIVE_WORKERS)
        return equal if self.process is None else min(equal, self.process)

    def check(self) -> None:
        """Raises TooLittleMemory, ProcessLimitTooLow."""
        for name, limit in process_limits().items():
            if limit < UNTOUCHED[name] + LEAST:
                raise ProcessLimitTooLow(name, limit, UNTOUCHED[name] + LEAST)
        if self.worker < LEAST:
            raise TooLittleMemory(self.there, memory_needed(self.workers), self.workers, memory_needed(1))


def memory_needed(workers: int) -> int:
    """The bytes of memory that so many workers for reports need, with all that runs beside them."""
    shares = (workers + INTERACTIVE_WORKERS) * LEAST
    return ceil(min(SERVER + shares, shares / (1 - SERVER_PART)) / PROMISE)


def process_memory() -> int | None:
    """The bytes that a process may use of what it may ask for; None where that has no limit."""
    return min((limit - UNTOUCHED[name] for name, limit in process_limits().items()), default=None)


def process_limits() -> dict[str, int]:
    """What a process may ask for, by the name of the limit; nothing where there is none."""
    if sys.platform != "linux":
        return {}
    import resource

    # The soft limits, which are those that count; nobody raises them here.
    limits = {name: resource.getrlimit(getattr(resource, name))[0] for name in UNTOUCHED}
    return {name: limit for name, limit in limits.items() if limit != resource.RLIM_INFINITY}
