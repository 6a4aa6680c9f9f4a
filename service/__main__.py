"""The command's beginning, also as `python -m service`."""

import gc
import os
import sys

gc.set_threshold(100_000)  # with Python's own 700, looking for garbage is a sixth of all that imports take


def main() -> None:
    """The console script; Ctrl-C ends it without a trace also while modules are imported."""
    try:
        from service.cli import main as command

        command()
    except KeyboardInterrupt:
        if sys.stderr is not None:
            print("store-uptime: interrupted", file=sys.stderr, flush=True)
        os._exit(130)


if __name__ == "__main__":
    main()
