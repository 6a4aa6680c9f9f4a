"""How long each store was really online: uptime and downtime from polls, business hours and time zones.

`__init__.pyi` lists the public names, docs/python.md describes them; a module is imported when a name of it is first
used.
"""

from pathlib import Path

import lazy_loader

# git on Windows writes the two links as text files that hold where they lead, unless it is told to make links
if not (Path(__file__).parent / "pipeline" / "run.py").is_file():
    raise ImportError(
        "this checkout of store-uptime has its links as text: get it again where git can make links"
        " (on Windows: git -c core.symlinks=true clone), or install a wheel"
    )

public_name, _, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    if name != "__version__":
        return public_name(name)
    from importlib.metadata import version  # takes 20 ms, which a report need not wait for

    return version("store-uptime")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
