"""How a feed says what the three tables are: docs/semantics.md, "Mapping".

Without a mapping the names and words of docs/semantics.md count, and nothing else: nothing is guessed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from pipeline.tables import COLUMNS, VARIANTS, Table

TimestampUnit = Literal["s", "ms", "us"]


@dataclass(frozen=True)
class SourceMapping:
    """What a source calls things.

    tables           for each table its name in PostgreSQL, where it is another
    columns          for each table and column its name in the source, where it is another
    active, inactive the words for the two statuses, lower case, numbers and booleans as text (`1`, `true`)
    monday           the number of Monday: weekdays are counted from 0 or from 1
    timestamp_unit   what a numeric timestamp counts since 1970 UTC; None: a number is no timestamp
    """

    tables: dict[Table, str] = field(default_factory=dict)
    columns: dict[Table, dict[str, str]] = field(default_factory=dict)
    active: tuple[str, ...] = ("active",)
    inactive: tuple[str, ...] = ("inactive",)
    monday: Literal[0, 1] = 0
    timestamp_unit: TimestampUnit | None = None

    def found_columns(self, table: Table, present: Sequence[str]) -> dict[str, str] | None:
        """For each column of a table its name among those that are present; None where one is missing or ambiguous."""
        found = {column: self._found(table, column, present) for column in COLUMNS[table]}
        return None if None in found.values() else {column: name for column, name in found.items() if name is not None}

    def table_name(self, table: Table) -> str:
        """The name of a table in PostgreSQL."""
        return self.tables.get(table, table)

    def to_dict(self) -> dict[str, Any]:
        """What differs from the usual, as plain values."""
        usual = asdict(AS_NAMED)
        return {name: value for name, value in asdict(self).items() if value != usual[name]}

    @staticmethod
    def from_dict(plain: Mapping[str, Any]) -> "SourceMapping":
        """The mapping that `to_dict` was called on."""
        words = {name: tuple(plain[name]) for name in ("active", "inactive") if name in plain}
        return replace(AS_NAMED, **{**plain, **words})

    def _found(self, table: Table, column: str, present: Sequence[str]) -> str | None:
        mapped = self.columns.get(table, {}).get(column)
        names = [column] if mapped is None else [mapped]
        if mapped is None and column not in present:
            names = [variant for variant, standard in VARIANTS.items() if standard == column]
        found = [name for name in present if name in names]
        return found[0] if len(found) == 1 else None


AS_NAMED = SourceMapping()
"""The mapping of a feed that has the names and words of docs/semantics.md."""


def suggestion(table: Table, key: str, value: str | int | Sequence[str]) -> str:
    """The line of a mapping's file that says what a key of a table is: `store_status.active = ["online"]`.

    With its table before the key it can stand in a file by itself.
    """
    return f"{table}.{key} = {json.dumps(value, ensure_ascii=False)}"
