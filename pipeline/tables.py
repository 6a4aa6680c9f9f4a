"""The three tables by name: docs/semantics.md, "Input"."""

from typing import Literal

Table = Literal["store_status", "menu_hours", "timezones"]

COLUMNS: dict[Table, tuple[str, ...]] = {
    "store_status": ("store_id", "timestamp_utc", "status"),
    "menu_hours": ("store_id", "day_of_week", "start_time_local", "end_time_local"),
    "timezones": ("store_id", "timezone_str"),
}
ROWS_OF: dict[Table, str] = {"store_status": "polls", "menu_hours": "hours", "timezones": "zones"}
"""What the rows of a table are called: in counts, in names of files, in sentences."""
VARIANTS = {"dayOfWeek": "day_of_week", "dayofweek": "day_of_week", "day": "day_of_week"}
"""Other names that columns are known under."""

SPACE = " \t\n\r\v\f"
"""What is trimmed from a status or a zone."""
