"""Named statements of `sql/*.sql`, with the class of their rows and with their values.

Each statement has a function of its name in the module of its subject, which takes typed values and returns a
`Statement`. `Registry` executes it in the event loop, `connection.execute_statement` elsewhere.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Generic, LiteralString, TypeVar, cast

from store_uptime.service.registry.rows import NoRow, Row

FOLDER = Path(__file__).parent / "sql"
HEAD = re.compile(r"^-- (\w+): .*$", re.MULTILINE)
AnyRow = TypeVar("AnyRow", bound=Row)


@dataclass(frozen=True)
class Statement(Generic[AnyRow]):
    """A statement by name, the class of its rows (NoRow: it gives none), and its values by name."""

    name: str
    row: type[AnyRow]
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def sql(self) -> LiteralString:
        """The text of the statement, with placeholders for the values."""
        return statements()[self.name]

    @property
    def gives_rows(self) -> bool:
        """Whether there is anything to fetch."""
        return self.row is not NoRow


@cache
def statements() -> dict[str, LiteralString]:
    """The text of every statement by its name, as it stands in the files."""
    found: dict[str, LiteralString] = {}
    for path in sorted(FOLDER.glob("*.sql")):
        _, *parts = HEAD.split(path.read_text(encoding="utf-8"))
        # A cast, as psycopg takes literals alone: the text comes from our own files and holds no value.
        found |= {name: cast("LiteralString", sql.strip()) for name, sql in zip(parts[::2], parts[1::2], strict=True)}
    return found
