"""The three tables by name: docs/semantics.md, "Input"."""

from typing import Literal

Table = Literal["store_status", "menu_hours", "timezones"]

COLUMNS: dict[Table, tuple[str, ...]] = {
    "store_status": ("store_id", "timestamp_utc", "status"),
    "menu_hours": ("store_id", "day_of_week", "start_time_local", "end_time_local"),
    "timezones": ("store_id", "timezone_str"),
}
ROWS_OF: dict[Table, str] = {"store_status": "polls", "menu_hours": "hours", "timezones": "zones"}
"""The name for the rows of a table in counts, names of files and sentences."""
VARIANTS = {"dayOfWeek": "day_of_week", "dayofweek": "day_of_week", "day": "day_of_week"}
"""Other names of columns that are accepted."""

SPACE = " \t\n\r\v\f"
"""The characters that are trimmed from a status or a zone."""
