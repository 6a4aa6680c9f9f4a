"""The standard streams of a command, where they are closed, or lead to a full disk.

What stderr does not take is lost: a report does not fail for its summary. What stdout does not take is the result, so
that is an error.
"""

import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from store_uptime.service.errors import CannotPrint

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

STDIN, STDOUT, STDERR = 0, 1, 2
# Stdout is replaced by a file that is open for reading only: a closed stdout must fail, not swallow the result.
REPLACEMENT_MODES = {STDIN: os.O_RDONLY, STDOUT: os.O_RDONLY, STDERR: os.O_WRONLY}


def prepare_streams() -> None:
    """Open the streams that are closed, and wrap stdout and stderr."""
    for stream, mode in REPLACEMENT_MODES.items():
        try:
            os.fstat(stream)
        except OSError:
            # Takes the lowest free number, which is this one. Left free, the next file that a library opens would get
            # it, and a print would go into that file.
            os.open(os.devnull, mode)
    sys.stdin = sys.stdin or os.fdopen(STDIN, encoding="utf-8")
    sys.stdout = text_stream(CheckedStream(STDOUT, "w", closefd=False), sys.stdout)
    sys.stderr = text_stream(BestEffortStream(STDERR, "w", closefd=False), sys.stderr)


def stderr_copy() -> TextIO:
    """A text stream on a copy of the descriptor of stderr; whoever calls closes it."""
    return text_stream(BestEffortStream(os.dup(STDERR), "w"), sys.stderr)


def text_stream(raw: io.FileIO, like: TextIO | None) -> TextIO:
    """Text over a raw file, flushed line by line on a terminal and on stderr; encoded as `like` is, if there is one."""
    by_line = raw.isatty() or isinstance(raw, BestEffortStream)
    encoding, errors = (like.encoding, like.errors) if like else ("utf-8", "backslashreplace")
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors, line_buffering=by_line)


class BestEffortStream(io.FileIO):
    """A file that drops what it cannot write."""

    def write(self, content: "ReadableBuffer") -> int:
        with suppress(OSError):
            return super().write(content)
        return memoryview(content).nbytes


class CheckedStream(io.FileIO):
    """A file that raises CannotPrint where it cannot be written, and BrokenPipeError where its reader has ended."""

    def write(self, content: "ReadableBuffer") -> int:
        try:
            return super().write(content)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise CannotPrint(error.strerror or str(error)) from error
