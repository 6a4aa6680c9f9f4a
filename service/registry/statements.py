"""The named statements of `sql/registry.sql`."""

import re
from functools import cache
from pathlib import Path
from typing import LiteralString, cast

HEAD = re.compile(r"^-- (\w+): .*$", re.MULTILINE)


@cache
def statements() -> dict[str, LiteralString]:
    """Every statement by its name, as it stands in the file."""
    text = (Path(__file__).parent / "sql/registry.sql").read_text(encoding="utf-8")
    _, *parts = HEAD.split(text)
    return {name: cast("LiteralString", sql.strip()) for name, sql in zip(parts[::2], parts[1::2], strict=True)}
