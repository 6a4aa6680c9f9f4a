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
HEADER_COLUMNS = (
    {"store_id", "period", "start_utc", "end_utc", "business", "uptime", "downtime"},  # reports by periods
    {"store_id", "start_utc", "end_utc", "starts_because", "ends"},  # lists of outages
    {"period", "stores", "stores_open", "stores_unknown", "worst_store"},  # roll-ups
    {"business", "downtime", "unknown", "outages_begun", "down_percent"},  # profiles
)
"""What the headers of others of them have among further columns: names and attributes of stores."""
PROPERTIES_BYTES = 1 << 16
MARK = "store_uptime"
"""The name of a property that our workbooks have, and of what stands in the metadata of our Parquet files."""


def is_own_header(names: Sequence[str]) -> bool:
    """Whether a CSV file with this header is a report, a timeline or a list of ours."""
    begins_so = any(tuple(names[: len(beginning)]) == beginning for beginning in HEADER_BEGINNINGS)
    return begins_so or any(columns.issubset(names) for columns in HEADER_COLUMNS)


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
