"""Polls, business hours and time zones in; uptime and downtime of every store out.

source -> clean -> calendar -> uptime (DuckDB) -> report, each a module of this package. These are its public names.
"""

from pipeline.errors import StoreUptimeError
from pipeline.options import Limits, Options
from pipeline.report import Report
from pipeline.run import build_report
from pipeline.source import Frames, Source, open_source

__all__ = ["Frames", "Limits", "Options", "Report", "Source", "StoreUptimeError", "build_report", "open_source"]
