"""Signals that end a command: Ctrl-C and SIGTERM."""

import signal
from threading import Timer, main_thread
from types import FrameType

RECEIVED: list[int] = []
"""The signals that were to end this process, in order of time."""
RETRY_S = 0.02  # between two looks at an import that Ctrl-C has to wait for


def status_of(error: KeyboardInterrupt) -> int:
    """The status with which a command ends that a signal has interrupted: 128 and its number, as a shell has it."""
    # Where native code was running it raises an interrupt of its own, which does not say what the signal was.
    return 128 + (error.args[0] if error.args else RECEIVED[-1] if RECEIVED else signal.SIGINT)


def raise_once_imported(number: int, frame: FrameType | None) -> None:
    """Handle a signal: raises KeyboardInterrupt, or tries again in a moment where an import is under way."""
    RECEIVED.append(number)
    # An exception while DuckDB's native module initializes ends the process; other modules swallow it and go on.
    if not is_importing(frame):
        raise KeyboardInterrupt(number)
    again = Timer(RETRY_S, signal.pthread_kill, (main_thread().ident, number))
    again.daemon = True
    again.start()


def is_importing(frame: FrameType | None) -> bool:
    while frame and not frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    return frame is not None
