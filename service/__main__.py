"""The command's beginning, also as `python -m store_uptime.service`."""

import os
import signal
import sys
from threading import Timer, main_thread
from types import FrameType

from store_uptime.service.garbage import collect_rarely

collect_rarely()  # before anything large is imported
LATER_S = 0.02  # until an import is looked at again that Ctrl-C has to wait for


def main() -> None:
    """The console script; Ctrl-C ends it without a trace also while modules are imported."""
    if sys.platform != "win32":
        signal.signal(signal.SIGINT, interrupt)
    try:
        from store_uptime.service.cli.main import main as command

        command()
    except KeyboardInterrupt:
        if sys.stderr is not None:
            print("store-uptime: interrupted", file=sys.stderr, flush=True)
        os._exit(130)


def interrupt(_number: int, frame: FrameType | None) -> None:
    """Raises KeyboardInterrupt, once no import is under way.

    A native module that meets an exception while it is made may end the process (DuckDB), and others go on without.
    """
    if not imports(frame):
        raise KeyboardInterrupt
    again = Timer(LATER_S, signal.pthread_kill, (main_thread().ident, signal.SIGINT))
    again.daemon = True
    again.start()


def imports(frame: FrameType | None) -> bool:
    """Whether a frame belongs to an import."""
    while frame and not frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    return frame is not None


if __name__ == "__main__":
    main()
