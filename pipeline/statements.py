"""The statements of `sql/`, read once each."""

from functools import cache
from importlib import resources
from typing import LiteralString, cast


@cache
def statement(name: str) -> LiteralString:
    """The text of `sql/NAME.sql`; a name may have folders, as in `load/tables`."""
    path = resources.files("pipeline").joinpath("sql", *f"{name}.sql".split("/"))
    return cast("LiteralString", path.read_text(encoding="utf-8"))
