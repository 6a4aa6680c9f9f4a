"""Python's garbage collector, which looks too often for programs that import much."""

import gc

THRESHOLD = 100_000


def collect_rarely() -> None:
    """Collect after so many new objects: at Python's own 700 that is a sixth of all that imports take."""
    gc.set_threshold(THRESHOLD)
