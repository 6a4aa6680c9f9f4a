"""Polls, business hours and time zones in; uptime and downtime of every store out.

source -> clean -> plan (calendar) -> uptime (DuckDB) -> report, each a folder of this package. What the service needs
of it is listed in `__init__.pyi`; what users of the package need, in that of `store_uptime`.
"""

import lazy_loader

if __name__ != "store_uptime.pipeline":
    raise ImportError("import it as store_uptime.pipeline: under two names, each class would be there twice")

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
