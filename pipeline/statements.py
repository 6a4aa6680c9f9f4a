"""The statements in the `.sql` files beside their step, each read once."""

from functools import cache
from importlib import resources
from typing import LiteralString, cast


@cache
def statement(package: str, name: str) -> LiteralString:
    """The text of `PACKAGE/sql/NAME.sql`; a step passes its own `__package__`."""
    path = resources.files(package).joinpath("sql", f"{name}.sql")
    return cast("LiteralString", path.read_text(encoding="utf-8"))
