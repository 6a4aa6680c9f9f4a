"""Files that this program has written, recognised by their content: an earlier report is no data.

Rejected rows are data once they are corrected: see `text_files.rejects_table`.
"""

import zipfile
import zlib
from collections.abc import Sequence
from typing import BinaryIO

HEADER_BEGINNINGS = (
    ("store_id", "uptime_last_hour(minutes)", "uptime_last_day(hours)", "uptime_last_week(hours)"),  # reports
    ("status", "start_local", "end_local", "start_utc", "end_utc"),  # timelines
    ("at", "who", "client", "action", "subject", "detail"),  # the audit
)
"""How the headers of our CSV files begin. They are written out: their modules would bring DuckDB along."""
HOURS_OF_PERIODS = ("business(hours)", "uptime(hours)", "downtime(hours)", "unknown(hours)", "excused(hours)")
OUTAGES = (
    *("start_utc", "end_utc", "start_local", "end_local", "business_hours", "elapsed_hours", "ends", "starts_because"),
    *("polls", "first_poll_utc", "last_poll_utc", "least_hours", "most_hours", "excused_hours", "reason"),
)
PERIOD_HEADERS = (
    (
        *("store_id", "period", "start_utc", "end_utc", "state", *HOURS_OF_PERIODS),
        *("uptime_percent", "coverage_percent", "polls", "outages"),
        *("longest_outage(hours)", "downtime_least(hours)", "downtime_most(hours)"),
    ),
    ("store_id", *OUTAGES),
    ("store_id", "name", *OUTAGES),
)
"""The headers of a report by periods: its stores, its outages."""
GROUPED_HEADERS = (
    (
        *("period", "stores", "stores_open", "stores_unknown", *HOURS_OF_PERIODS),
        *("uptime_percent", "coverage_percent", "outages", "downtime_least(hours)", "downtime_most(hours)"),
        *("store_median_percent", "worst_store"),
    ),
    ("weekday", "hour", "business(hours)", "downtime(hours)", "unknown(hours)", "outages_begun", "down_percent"),
)
"""Those of its groups and its profile, behind the attributes that they are of."""
PROPERTIES_BYTES = 1 << 16
MARK = "store_uptime"
"""The name of a property that our workbooks have, and of what stands in the metadata of our Parquet files."""


def is_own_header(names: Sequence[str]) -> bool:
    """Whether a CSV file with this header is a report, a timeline or a list of ours."""
    return is_period_header(names) or any(
        tuple(names[: len(beginning)]) == beginning for beginning in HEADER_BEGINNINGS
    )


def is_period_header(names: Sequence[str]) -> bool:
    """Whether a CSV file with this header is a table of a report by periods."""
    own = tuple(names)
    return own in PERIOD_HEADERS or any(own[-len(end) :] == end for end in GROUPED_HEADERS)


def is_own_json(content: bytes) -> bool:
    """Whether a file that begins so is a report or a timeline of ours as JSON."""
    return content.startswith(b'{"provenance"') or (content.startswith(b'{"store_id": ') and b'"agrees": ' in content)


def is_own_workbook(content: BinaryIO) -> bool:
    """Whether a file is a report of ours as XLSX."""
    try:
        with zipfile.ZipFile(content) as file, file.open("docProps/custom.xml") as properties:
            return MARK.encode() in properties.read(PROPERTIES_BYTES)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, OSError, RuntimeError, ValueError):
        return False
