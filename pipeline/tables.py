"""The tables by name: docs/semantics.md, "Input" and "Stores"."""

from typing import Literal

Table = Literal["store_status", "menu_hours", "timezones", "stores"]

COLUMNS: dict[Table, tuple[str, ...]] = {
    "store_status": ("store_id", "timestamp_utc", "status"),
    "menu_hours": ("store_id", "day_of_week", "start_time_local", "end_time_local"),
    "timezones": ("store_id", "timezone_str"),
}
"""The three tables that every source has, and the columns that each needs."""
NEEDED_COLUMNS: dict[Table, tuple[str, ...]] = {**COLUMNS, "stores": ("store_id",)}
"""The same of all tables: `stores` may be absent."""
OPTIONAL_COLUMNS: dict[Table, tuple[str, ...]] = {
    "store_status": ("reason",),
    "menu_hours": ("valid_from", "valid_to"),
    "timezones": ("valid_from", "valid_to"),
    "stores": ("name",),
}
"""The columns that a table may have besides; all further ones of `stores` are attributes, under their own names."""
ROWS_OF: dict[Table, str] = {"store_status": "polls", "menu_hours": "hours", "timezones": "zones", "stores": "stores"}
"""The name for the rows of a table in counts, names of files and sentences."""
VARIANTS = {"dayOfWeek": "day_of_week", "dayofweek": "day_of_week", "day": "day_of_week"}
"""Other names of columns that are accepted."""
ATTRIBUTE = "attribute "
"""What the name of an attribute begins with in raw rows of `stores`, so that none is taken for `file` or `line`."""

SPACE = " \t\n\r\v\f"
"""The characters that are trimmed from a status or a zone."""


def own_columns(table: Table) -> tuple[str, ...]:
    """The columns that a table needs and those that it may have, without attributes."""
    return NEEDED_COLUMNS[table] + OPTIONAL_COLUMNS[table]
