"""The loggers of the package, below `store_uptime`: silent until the application gives one of them a handler.

INFO      a run: of which source, of how many stores and polls, how long it took
WARNING   what is probably wrong with the data
DEBUG     a source that was opened, and what was read of it
"""

import logging

# without it, Python itself would print warnings on stderr where nobody has set up logging
logging.getLogger("store_uptime").addHandler(logging.NullHandler())


def logger_of(module: str) -> logging.Logger:
    """The logger of a module, by its `__name__`."""
    return logging.getLogger(module)
