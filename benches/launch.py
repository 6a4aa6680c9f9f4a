"""Run a command and say what it took: `python -I -S launch.py COMMAND …` writes one line of JSON to stdout.

It is a process of its own because Linux counts what the parent held at its peak as the child's, and this holds nothing.
"""

import json
import os
import sys
import time


def main(command: list[str]) -> None:
    """The command's output goes to stderr, all of it."""
    began = time.perf_counter()
    process = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
    _, status, used = os.wait4(process, 0)
    took = time.perf_counter() - began
    unit = 1 if sys.platform == "darwin" else 1024  # what ru_maxrss counts in, in bytes
    print(
        json.dumps(
            {
                "status": os.waitstatus_to_exitcode(status),
                "wall_s": took,
                "cpu_s": used.ru_utime + used.ru_stime,
                "peak_mib": used.ru_maxrss * unit / 2**20,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1:])
