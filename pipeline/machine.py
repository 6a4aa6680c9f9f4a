"""How much memory there is: of the machine, or of the control groups that this process is in, if that is less.

Containers and systemd (MemoryMax, MemoryHigh) limit a group of processes, by control groups of version 1 or 2.

memory      what there is in all
available   what can still be used
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

CGROUPS, OWN_CGROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
V1, V2 = ("memory.limit_in_bytes",), ("memory.max", "memory.high")
MEMINFO = Path("/proc/meminfo")


def memory(cgroups: Path = CGROUPS, own: Path = OWN_CGROUPS) -> int:
    """The bytes of memory of this machine, or of the groups that this process is in, if that is less."""
    installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(installed, *group_limits(cgroups, own))


def group_limits(cgroups: Path, own: Path) -> Iterator[int]:
    """The limits of every group that this process is in."""
    yield sys.maxsize
    for folder, names in own_groups(cgroups, own):
        for name in names:
            file = folder / name
            text = file.read_text(encoding="ascii").strip() if file.is_file() else "max"
            yield sys.maxsize if text == "max" else int(text)


def own_groups(cgroups: Path, own: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """The folders of those groups, and the names of their limits; without /proc the outermost.

    docs.kernel.org/admin-guide/cgroup-v2.html
    """
    # A container sees its own group as the outermost one, whatever its path is outside: folders may be missing.
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


def available(meminfo: Path = MEMINFO) -> int:
    """The bytes of memory that nobody uses, and no group forbids; where the system does not tell, half of all."""
    lines = meminfo.read_text(encoding="ascii").splitlines() if meminfo.is_file() else []
    kibibytes = [int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
    return min(memory(), kibibytes[0] << 10) if kibibytes else memory() // 2
