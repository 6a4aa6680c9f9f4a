"""The mapping of a source: its names of tables, columns and statuses. docs/semantics.md, "Mapping".

Without a mapping the names and words of docs/semantics.md count, and nothing else: nothing is guessed. Its file is read
by `mapping_file.py`.

    AS_NAMED        the standard names and words
    mapping_line    a line of such a file, for the sentence of an error
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from store_uptime.pipeline.errors import BadMapping
from store_uptime.pipeline.mapping.mapping_rules import Monday, TimestampUnit, check_section, toml_value, word_text
from store_uptime.pipeline.tables import ATTRIBUTE, NEEDED_COLUMNS, OPTIONAL_COLUMNS, VARIANTS, Table, own_columns

MappingValue = str | int | list[str]
"""What a key of a mapping stands for: a name, the number of Monday, or words."""
TomlTable = Mapping[str, Any]
"""A table of a TOML file: `check_section` says what its values are."""


UNNAMED = "the mapping"  # in errors, where it comes from no file


@dataclass(frozen=True)
class SourceMapping:
    """The names and words of a source.

    tables           for each table its name in PostgreSQL, where it is another: `polls` or `schema.polls`
    columns          for each table and column its name in the source, where it is another
    active, inactive the words for the two statuses, lower case, numbers and booleans as text (`1`, `true`)
    monday           the number of Monday: weekdays are counted from 0 or from 1
    timestamp_unit   what a numeric timestamp counts since 1970 UTC; None: a number is no timestamp
    """

    tables: dict[Table, str] = field(default_factory=dict)
    columns: dict[Table, dict[str, str]] = field(default_factory=dict)
    active: tuple[str, ...] = ("active",)
    inactive: tuple[str, ...] = ("inactive",)
    monday: Monday = 0
    timestamp_unit: TimestampUnit | None = None

    def __post_init__(self) -> None:
        """Raises BadMapping where it says what no file may say."""
        sections: dict[str, dict[str, object]] = {}
        for table, name in self.tables.items():
            sections.setdefault(table, {})["table"] = name
        for table, names in self.columns.items():
            sections.setdefault(table, {}).update(names)
        for key, words in (("active", self.active), ("inactive", self.inactive)):
            sections.setdefault("store_status", {})[key] = list(words) if isinstance(words, tuple) else words
        if self.timestamp_unit is not None:
            sections["store_status"]["timestamp_unit"] = self.timestamp_unit
        sections.setdefault("menu_hours", {})["monday"] = self.monday
        for table, section in sections.items():
            check_section(UNNAMED, table, section)
        check_contradictions(UNNAMED, self)

    def found_columns(self, table: Table, present: Sequence[str]) -> dict[str, str] | None:
        """The name of each column of a table among those that are present; None where one that the table needs is
        missing or ambiguous.

        Optional ones are among them where they are present, once. Of `stores` so is each attribute: `ATTRIBUTE` and
        its own name.
        """
        found: dict[str, str] = {}
        for column in NEEDED_COLUMNS[table]:
            name = self._found(table, column, present)
            if name is None:
                return None
            found[column] = name
        for column in OPTIONAL_COLUMNS[table]:
            name = self._found(table, column, present)
            if name is None and table == "stores":
                name = with_blanks(self.column_name(table, column), present)
            if name is not None and name not in found.values():
                found[column] = name
        return found | attributes(found, present) if table == "stores" else found

    def missing_columns(self, table: Table, present: Sequence[str]) -> list[str]:
        """The columns of a table that are not among those that are present, or more than once."""
        return [column for column in NEEDED_COLUMNS[table] if self._found(table, column, present) is None]

    def table_name(self, table: Table) -> str:
        """The name of a table in PostgreSQL."""
        return self.tables.get(table, table)

    def column_name(self, table: Table, column: str) -> str:
        """The name of a column of a table in the source."""
        return self.columns.get(table, {}).get(column, column)

    def to_dict(self) -> dict[str, dict[str, MappingValue]]:
        """The differences from AS_NAMED, as a TOML file has them: for each table its keys."""
        sections = {table: dict(self._section(table)) for table in NEEDED_COLUMNS}
        return {table: section for table, section in sections.items() if section}

    @staticmethod
    def from_dict(plain: Mapping[str, TomlTable], file: str = UNNAMED) -> "SourceMapping":
        """The mapping of a TOML file's content; `file` is named in errors. Raises BadMapping."""
        for name, section in plain.items():
            check_section(file, name, section)
        tables = {table: plain.get(table, {}) for table in NEEDED_COLUMNS}
        polls, hours = tables["store_status"], tables["menu_hours"]
        try:
            return SourceMapping(
                tables={table: keys["table"] for table, keys in tables.items() if "table" in keys},
                columns={table: names for table, keys in tables.items() if (names := column_names(table, keys))},
                active=status_words(polls, "active", AS_NAMED.active),
                inactive=status_words(polls, "inactive", AS_NAMED.inactive),
                monday=hours.get("monday", AS_NAMED.monday),
                timestamp_unit=polls.get("timestamp_unit"),
            )
        except BadMapping as error:
            raise error.replace(file=file) from None

    @property
    def digest(self) -> str:
        """Sixteen characters that identify the mapping."""
        import hashlib  # takes 3 ms, which a report need not wait for

        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()[:16]

    def _found(self, table: Table, column: str, present: Sequence[str]) -> str | None:
        mapped = self.columns.get(table, {}).get(column)
        names = [column] if mapped is None else [mapped]
        # Variants of a name count only without it: a table with `timestamp` and `timestamp_utc` is not ambiguous.
        if mapped is None and column not in present:
            names = [variant for variant, standard in VARIANTS.items() if standard == column]
        found = [name for name in present if name in names]
        return found[0] if len(found) == 1 else None

    def _section(self, table: Table) -> Iterator[tuple[str, MappingValue]]:
        if table in self.tables:
            yield "table", self.tables[table]
        yield from self.columns.get(table, {}).items()
        if table == "store_status":
            if self.active != AS_NAMED.active:
                yield "active", list(self.active)
            if self.inactive != AS_NAMED.inactive:
                yield "inactive", list(self.inactive)
            if self.timestamp_unit is not None:
                yield "timestamp_unit", self.timestamp_unit
        elif table == "menu_hours" and self.monday != AS_NAMED.monday:
            yield "monday", self.monday


def mapping_line(table: Table, key: str, value: str | int | Sequence[str]) -> str:
    """A line of a mapping's file that sets a key of a table: `store_status.active = ["online"]`."""
    # A dotted key with its table, so that the line is a whole file by itself.
    return f"{table}.{key} = {toml_value(value)}"


def status_words(polls: TomlTable, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(word_text, polls[key]))) if key in polls else default


def column_names(table: Table, keys: TomlTable) -> dict[str, str]:
    """The names of the columns of a table, as far as its keys set them."""
    return {column: keys[column] for column in own_columns(table) if column in keys}


def with_blanks(column: str, present: Sequence[str]) -> str | None:
    """The one column whose name is that of another with blanks around it."""
    names = [name for name in present if name.strip() == column]
    return names[0] if len(names) == 1 else None


def attributes(found: Mapping[str, str], present: Sequence[str]) -> dict[str, str]:
    """The attributes among the columns of a table of stores: all that are none of its own, and have one name each,
    without blanks around it."""
    named = [(name.strip(), name) for name in present if name not in found.values()]
    times = Counter(own for own, _ in named)
    return {
        ATTRIBUTE + own: name for own, name in named if own and own not in own_columns("stores") and times[own] == 1
    }


def check_contradictions(file: str, mapping: SourceMapping) -> None:
    """Raises BadMapping for a word that means both statuses, and for a column that is two."""
    check_status_words(file, mapping)
    for table in NEEDED_COLUMNS:
        check_column_names(file, table, mapping)


def check_status_words(file: str, mapping: SourceMapping) -> None:
    both = [word for word in mapping.active if word in mapping.inactive]
    if both:
        found = f"has {toml_value(both[0])}, and so has inactive"
        raise BadMapping(file, "[store_status] active", found, "a word in one of them")


def check_column_names(file: str, table: Table, mapping: SourceMapping) -> None:
    # An optional column that is not mapped gives way: a feed may call its status `reason`.
    mapped = mapping.columns.get(table, {})
    columns = [*NEEDED_COLUMNS[table], *(column for column in OPTIONAL_COLUMNS[table] if column in mapped)]
    names = {column: mapping.column_name(table, column) for column in columns}
    for column, name in names.items():
        same = [other for other in names if other != column and names[other] == name]
        if same:
            found = f"is {toml_value(name)}, and so is {same[0]}"
            raise BadMapping(file, f"[{table}] {column}", found, "a column of its own for each")


AS_NAMED = SourceMapping()
"""The mapping of a feed that has the names and words of docs/semantics.md."""
