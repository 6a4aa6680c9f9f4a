"""The loggers of the package, below `store_uptime`: silent until the application gives one of them a handler.

INFO      a run: its source, how many stores and polls, how long it took
WARNING   what is probably wrong with the data
DEBUG     a source that was opened, and the partitions that were read
"""

import logging

# Without a handler Python prints warnings to stderr where the application has not set up logging.
logging.getLogger("store_uptime").addHandler(logging.NullHandler())


def logger_of(module: str) -> logging.Logger:
    """The logger of a module, by its `__name__`."""
    return logging.getLogger(module)
