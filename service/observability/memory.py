"""How much memory there is for the service, and who has which share of it.

A limit can be set for a group of processes, by control groups of version 1 or 2 (containers, systemd's MemoryMax and
MemoryHigh), and for each process, by RLIMIT_DATA or RLIMIT_AS (ulimit, systemd's LimitDATA and LimitAS). A group's
limit counts what is in memory; a process's what it has asked for, and workers ask for much that they never touch.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from store_uptime.service.errors import ProcessLimitTooLow, TooLittleMemory

MEBIBYTE = 1 << 20
PROMISE = 0.8  # of the memory there is; the rest is for whatever else runs there
INTERACTIVE_WORKERS = 2  # workers for what people wait for, beside those for reports
SERVER, SERVER_PART = 256 * MEBIBYTE, 1 / 4  # for the server itself and answers on their way; of little memory, a part
LEAST = 96 * MEBIBYTE  # a worker: 65 when it is ready, the rest for a report of some hundred stores
UNTOUCHED = {"RLIMIT_DATA": 512 * MEBIBYTE, "RLIMIT_AS": 1856 * MEBIBYTE}  # stacks, arenas, and the code of libraries
CGROUPS, OWN_CGROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
V1, V2 = ("memory.limit_in_bytes",), ("memory.max", "memory.high")


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
            raise TooLittleMemory(self.there, needed(self.workers), self.workers, needed(1))


def needed(workers: int) -> int:
    """The bytes of memory that so many workers for reports need, with all that runs beside them."""
    shares = (workers + INTERACTIVE_WORKERS) * LEAST
    return ceil(min(SERVER + shares, shares / (1 - SERVER_PART)) / PROMISE)


def memory(cgroups: Path = CGROUPS, own: Path = OWN_CGROUPS) -> int:
    """The bytes of memory of this machine, or of the groups that this process is in, if that is less."""
    installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(installed, *group_limits(cgroups, own))


def group_limits(cgroups: Path, own: Path) -> Iterator[int]:
    """The limits of every group that this process is in."""
    yield sys.maxsize
    for folder, names in groups(cgroups, own):
        for name in names:
            file = folder / name
            text = file.read_text(encoding="ascii").strip() if file.is_file() else "max"
            yield sys.maxsize if text == "max" else int(text)


def groups(cgroups: Path, own: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """The folders of those groups, and the names of their limits; where /proc does not tell, the outermost.

    A container sees its own group as the outermost one, whatever its path is outside, so one that is missing is passed
    over. docs.kernel.org/admin-guide/cgroup-v2.html
    """
    yield cgroups, V2
    yield cgroups / "memory", V1
    lines = own.read_text(encoding="utf-8").splitlines() if own.is_file() else []
    for _, controllers, path in (line.split(":", 2) for line in lines):
        if "memory" in controllers.split(","):
            yield from ((folder, V1) for folder in with_parents(cgroups / "memory", path))
        elif not controllers:
            yield from ((folder, V2) for folder in with_parents(cgroups, path))


def with_parents(root: Path, path: str) -> Iterator[Path]:
    """The folder at a path under a root, and those that it is in."""
    parts = [part for part in path.split("/") if part not in ("", "..")]
    yield from (root.joinpath(*parts[:count]) for count in range(len(parts), 0, -1))


def process_memory() -> int | None:
    """The bytes that a process may use of what it may ask for; None where that has no limit."""
    return min((limit - UNTOUCHED[name] for name, limit in process_limits().items()), default=None)


def process_limits() -> dict[str, int]:
    """What a process may ask for, by the name of the limit; nothing where there is none."""
    if sys.platform != "linux":
        return {}
    import resource

    limits = {name: resource.getrlimit(getattr(resource, name))[0] for name in UNTOUCHED}
    return {name: limit for name, limit in limits.items() if limit != resource.RLIM_INFINITY}
