"""What native libraries write to stderr by themselves, such as the trace of a panic: not for whoever reads a terminal.

It goes by the descriptor, past `sys.stderr`. So for the time of a command the descriptor leads nowhere, and what this
program has to say goes to a copy of it. Where a library ends the process there is nobody to say so but `faulthandler`.
"""

import faulthandler
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

STDERR = 2


@contextmanager
def native_output_hidden() -> Iterator[None]:
    """In the block, what is written to the descriptor of stderr is lost, and `sys.stderr` is as it was."""
    kept = os.dup(STDERR)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        with python_stderr(kept) as ours:
            faulthandler.enable(ours, all_threads=False)
            os.dup2(nowhere, STDERR)
            yield
    finally:
        faulthandler.disable()
        os.dup2(kept, STDERR)
        os.close(nowhere)
        os.close(kept)


@contextmanager
def python_stderr(descriptor: int) -> Iterator[TextIO]:
    """A text that is written to a descriptor; it is `sys.stderr` in the block, where that was the usual one."""
    before = sys.stderr
    is_usual = before is sys.__stderr__
    with open(descriptor, "w", buffering=1, encoding=before.encoding, errors="backslashreplace", closefd=False) as ours:
        sys.stderr = ours if is_usual else before
        try:
            yield ours
        finally:
            sys.stderr = before
