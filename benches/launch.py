"""Run a command and print what it took: `python -I -S launch.py SECONDS MIB COMMAND …` writes a line of JSON to stdout.

It is a process of its own because Linux counts what the parent held at its peak as the child's, and this holds nothing.
Memory is that of the command and of every process under it at the same moment, looked at every 20 ms; what two of them
share is counted for both. Where there is no /proc it is that of the command alone. A command that takes longer than so
many seconds, or more memory, is killed, and `over` says so: the machine is left to the others.
"""

import json
import os
import signal
import sys
import threading
import time

EVERY_S = 0.02
PROC = "/proc"


def main(seconds: float, mib: float, command: list[str]) -> None:
    """The command's output goes to stderr, all of it."""
    began = time.perf_counter()
    process = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
    tree = Tree(process, mib)
    clock = threading.Timer(seconds, tree.kill, [f"{seconds:g} s"])
    clock.daemon = True
    clock.start()
    _, status, used = os.wait4(process, 0)
    took = time.perf_counter() - began
    unit = 1 if sys.platform == "darwin" else 1024  # what ru_maxrss counts in, in bytes
    print(
        json.dumps(
            {
                "status": os.waitstatus_to_exitcode(status),
                "over": tree.over,
                "wall_s": took,
                "cpu_s": used.ru_utime + used.ru_stime,
                "peak_mib": max(used.ru_maxrss * unit, tree.peak) / 2**20,
            }
        )
    )


class Tree:
    """A process and all under it, watched until this program ends: the most memory that they held at once, in bytes."""

    def __init__(self, root: int, most_mib: float) -> None:
        self.peak, self.over = 0, ""
        self._root, self._most_mib = str(root), most_mib
        self._family, self._strangers = {self._root}, set[str]()
        # A thread of this process: a watcher of its own would compete with the command for the two cores.
        if os.path.exists(f"{PROC}/self/statm"):  # noqa: PTH110, to import pathlib takes longer than a sample
            threading.Thread(target=self._watch, daemon=True).start()

    def kill(self, over: str) -> None:
        """End all of them, as they have passed a limit."""
        self.over = over
        family = list(self._family)  # those of it that have ended aside: another process may have their number by now
        for pid in [pid for pid in family if pid == self._root or parent(pid) in family]:
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                continue

    def _watch(self) -> None:
        while not self.over:
            self._meet()
            self.peak = max(self.peak, sum(map(resident, self._family)))
            if self.peak > self._most_mib * 2**20:
                self.kill(f"{self._most_mib / 1024:.1f} GiB")
            time.sleep(EVERY_S)

    def _meet(self) -> None:
        """Look once at each process that is new, parents before children."""
        new = set(filter(str.isdigit, os.listdir(PROC))) - self._family - self._strangers  # noqa: PTH208
        for pid in sorted(new, key=int):
            (self._family if parent(pid) in self._family else self._strangers).add(pid)


def parent(pid: str) -> str:
    """The id of a process's parent; nothing where it has ended."""
    return " ".join(proc_file(pid, "stat").rpartition(")")[2].split()[1:2])


def resident(pid: str) -> int:
    """The bytes that a process holds in memory; none where it has ended."""
    pages = proc_file(pid, "statm").split()[1:2]
    return int(pages[0]) * os.sysconf("SC_PAGE_SIZE") if pages else 0


def proc_file(pid: str, file: str) -> str:
    """A file of /proc, empty where the process has ended."""
    try:
        with open(f"{PROC}/{pid}/{file}", encoding="utf-8", errors="replace") as text:  # noqa: PTH123
            return text.read()
    except OSError:
        return ""


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])
