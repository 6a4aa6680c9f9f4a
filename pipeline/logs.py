"""The loggers of the package, below `store_uptime`: silent until the application gives one of them a handler.

INFO      a run and a load: what of, how much, how long
WARNING   what is probably wrong with the data
DEBUG     what a source is opened as, and each step of a run
"""

import logging

# without it, Python itself would print warnings on stderr where nobody has set up logging
logging.getLogger("store_uptime").addHandler(logging.NullHandler())


def logger_of(module: str) -> logging.Logger:
    """The logger of a module, by its `__name__`."""
    return logging.getLogger(module)
