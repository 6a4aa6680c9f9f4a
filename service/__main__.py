"""The console script `store-uptime`, also as `python -m store_uptime.service`."""

import os
import signal
import sys

from store_uptime.service.garbage import collect_rarely
from store_uptime.service.signals import raise_once_imported, status_of

collect_rarely()  # before anything large is imported


def main() -> None:
    """Run the command; Ctrl-C and SIGTERM end it without a trace, also while modules are imported."""
    if sys.platform != "win32":
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, raise_once_imported)
    try:
        from store_uptime.service.cli.main import main as command

        command()
    except KeyboardInterrupt as error:
        if sys.stderr is not None:
            print("store-uptime: interrupted", file=sys.stderr, flush=True)
        os._exit(status_of(error))


if __name__ == "__main__":
    main()
