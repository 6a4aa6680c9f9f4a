"""The console script `store-uptime`, also as `python -m store_uptime.service`."""

import os
import signal
import sys
from threading import Timer, main_thread
from types import FrameType

from store_uptime.service.garbage import collect_rarely

collect_rarely()  # before anything large is imported
RETRY_S = 0.02  # between two looks at an import that Ctrl-C has to wait for


def main() -> None:
    """Run the command; Ctrl-C ends it without a trace, also while modules are imported."""
    if sys.platform != "win32":
        signal.signal(signal.SIGINT, raise_once_imported)
    try:
        from store_uptime.service.cli.main import main as command

        command()
    except KeyboardInterrupt:
        if sys.stderr is not None:
            print("store-uptime: interrupted", file=sys.stderr, flush=True)
        os._exit(130)  # ExitStatus.INTERRUPTED, of a module that may not be imported yet


def raise_once_imported(_number: int, frame: FrameType | None) -> None:
    """Handle SIGINT: raises KeyboardInterrupt, or tries again in a moment where an import is under way."""
    # An exception while DuckDB's native module initializes ends the process; other modules swallow it and go on.
    if not is_importing(frame):
        raise KeyboardInterrupt
    again = Timer(RETRY_S, signal.pthread_kill, (main_thread().ident, signal.SIGINT))
    again.daemon = True
    again.start()


def is_importing(frame: FrameType | None) -> bool:
    while frame and not frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    return frame is not None


if __name__ == "__main__":
    main()
