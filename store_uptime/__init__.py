"""How long each store was really online: uptime and downtime from polls, business hours and time zones.

`__init__.pyi` lists the public names; a module is imported when a name of it is first used.
"""

from pathlib import Path

import lazy_loader

if not (Path(__file__).parent / "pipeline" / "run.py").is_file():
    raise ImportError(
        "this checkout of store-uptime has its links as text: get it again where git can make links"
        " (on Windows: git -c core.symlinks=true clone), or install a wheel"
    )

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
