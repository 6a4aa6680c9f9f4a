"""The standard streams as a command finds them: also closed, and before a disk that is full.

What cannot be written to stderr is lost, for nobody else is there to be told: a report does not fail for its summary.
What cannot be written to stdout was asked for, and is an error.
"""

import io
import os
import sys
from contextlib import suppress
from typing import Any, TextIO

from store_uptime.service.errors import CannotPrint

STDIN, STDOUT, STDERR = 0, 1, 2
# To write to what is open for reading fails, as it should where stdout is closed.
INSTEAD = {STDIN: os.O_RDONLY, STDOUT: os.O_RDONLY, STDERR: os.O_WRONLY}


def prepare_streams() -> None:
    """Open what is closed, or the next file would be taken for it; have stdout and stderr fail as they should."""
    for stream, mode in INSTEAD.items():
        try:
            os.fstat(stream)
        except OSError:
            os.open(os.devnull, mode)  # the lowest number that is free: this one
    sys.stdin = sys.stdin or os.fdopen(STDIN, encoding="utf-8")
    sys.stdout = text(Required(STDOUT, "w", closefd=False), sys.stdout)
    sys.stderr = text(Dispensable(STDERR, "w", closefd=False), sys.stderr)


def stderr_copy() -> TextIO:
    """A copy of stderr."""
    return text(Dispensable(os.dup(STDERR), "w"), sys.stderr)


def text(raw: io.FileIO, like: TextIO | None) -> TextIO:
    """Text on a file, line by line on a terminal and on stderr; written as another one writes it, if there is one."""
    by_line = raw.isatty() or isinstance(raw, Dispensable)
    encoding, errors = (like.encoding, like.errors) if like else ("utf-8", "backslashreplace")
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors, line_buffering=by_line)


class Dispensable(io.FileIO):
    """A file to which only is written what can be."""

    def write(self, content: Any) -> int:
        """All of it, or all is lost."""
        with suppress(OSError):
            return super().write(content)
        return len(content)


class Required(io.FileIO):
    """Stdout."""

    def write(self, content: Any) -> int:
        """Raises CannotPrint, and BrokenPipeError where nobody reads on."""
        try:
            return super().write(content)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise CannotPrint(error.strerror or str(error)) from error
