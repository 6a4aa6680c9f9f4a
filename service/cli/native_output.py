"""Hides what native libraries write to the descriptor of stderr, such as the trace of a Rust panic.

While a command runs, the descriptor leads to a watcher process, and `sys.stderr` to a copy of the true stderr. Where a
library aborts this process, the watcher prints that, in one line.
"""

import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from store_uptime.service.cli.streams import STDERR, stderr_copy

# Rust prints this and aborts, so that no exception reaches Python: https://github.com/rust-lang/rust/issues/51540
NO_MEMORY = re.compile(rb"memory allocation of [0-9]+ bytes failed")
FAREWELL = b"\0store-uptime is done\n"
TAIL_BYTES = 1 << 16


@contextmanager
def native_output_hidden() -> Iterator[None]:
    """Within the block, output to the descriptor of stderr is hidden; that of `sys.stderr` is shown.

    Enter it before there are threads: it forks.
    """
    # Rust's default hook prints each panic before Polars raises PanicException, also of one that we handle. A thread of
    # this process that reads the pipe would not do: an abort takes the thread with it.
    kept = os.dup(STDERR)
    ours, before = stderr_copy(), sys.stderr
    read, write = os.pipe()
    watcher = os.fork()
    if not watcher:
        os.close(write)
        watch_stderr(read, kept)
    os.close(read)
    os.dup2(write, STDERR)
    os.close(write)
    sys.stderr = ours
    try:
        yield
    finally:
        with suppress(OSError):  # somebody may have ended the watcher
            os.write(STDERR, FAREWELL)
        os.dup2(kept, STDERR)
        os.waitpid(watcher, 0)
        ours.close()
        os.close(kept)
        sys.stderr = before


def watch_stderr(output: int, stderr: int) -> None:
    """Run the watcher: read until the command has ended, print why if it was aborted, and end."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a terminal sends them to the whole group
            signal.signal(number, signal.SIG_IGN)
        # A copy of stdout held open here would keep `| cat` waiting for its end.
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)
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
    """The last bytes that come, up to the farewell or the end."""
    # The command's farewell, not only the end of the pipe, means success: a child of it may hold the pipe open.
    end = b""
    while FAREWELL not in end and (piece := os.read(output, TAIL_BYTES)):
        end = (end + piece)[-TAIL_BYTES:]
    return end
