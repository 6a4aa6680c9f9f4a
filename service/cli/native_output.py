"""What native libraries write to stderr by themselves, such as the trace of a panic: not for whoever reads a terminal.

It goes by the descriptor, past `sys.stderr`. So for the time of a command the descriptor leads to a process that reads
it, and what this program has to say goes to a copy of it. Where a library ends this process at once, as where memory
cannot be had, nobody else is left to say so: that process does, in one line.
"""

import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from store_uptime.service.cli.streams import STDERR, stderr_copy

NO_MEMORY = re.compile(rb"memory allocation of [0-9]+ bytes failed")
FAREWELL = b"\0store-uptime is done\n"
KEPT_BYTES = 1 << 16


@contextmanager
def native_output_hidden() -> Iterator[None]:
    """In the block, what is written to the descriptor of stderr is not shown, and `sys.stderr` is as it was.

    To be entered before there are threads: it forks.
    """
    kept = os.dup(STDERR)
    ours, before = stderr_copy(), sys.stderr
    read, write = os.pipe()
    watcher = os.fork()
    if not watcher:
        os.close(write)
        watch(read, kept)
    os.close(read)
    os.dup2(write, STDERR)
    os.close(write)
    sys.stderr = ours
    try:
        yield
    finally:
        with suppress(OSError):  # somebody may have ended the process
            os.write(STDERR, FAREWELL)
        os.dup2(kept, STDERR)
        os.waitpid(watcher, 0)
        ours.close()
        os.close(kept)
        sys.stderr = before


def watch(output: int, stderr: int) -> None:
    """Read what comes until this program is done or gone, say why it is gone, and end."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # they are for the other process
            signal.signal(number, signal.SIG_IGN)
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)  # whoever reads stdout does not wait for this one
        end = read_to_end(output)
        if FAREWELL not in end and (found := NO_MEMORY.search(end)):
            os.write(
                stderr,
                b"store-uptime: a library ended this program, because a %b. Either there is too little memory, "
                b"or a file is damaged: try its files by themselves.\n" % found[0],
            )
    finally:
        os._exit(0)


def read_to_end(output: int) -> bytes:
    """The last of what comes, until a farewell or the end."""
    end = b""
    while FAREWELL not in end and (piece := os.read(output, KEPT_BYTES)):
        end = (end + piece)[-KEPT_BYTES:]
    return end
