"""The command's beginning, also as `python -m service`."""

import gc

gc.set_threshold(100_000)  # with Python's own 700, looking for garbage is a sixth of all that imports take

from service.cli import main  # noqa: E402

if __name__ == "__main__":
    main()
