"""Polls, business hours and time zones in; uptime and downtime of every store out.

source -> clean -> calendar -> uptime (DuckDB) -> report, each a module of this package. These are its public names;
a module is imported when a name of it is first used, so that nobody waits for what they do not use.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.embedded import throwaway_server
    from pipeline.errors import StoreUptimeError
    from pipeline.intake import TableCounts
    from pipeline.load import LoadedFile, load_files
    from pipeline.options import EMBEDDED, Columns, Format, Limits, Options
    from pipeline.report import Report, write_rejects, written
    from pipeline.run import build_report, build_timeline
    from pipeline.sample import write_sample
    from pipeline.source import open_source
    from pipeline.source.frames import Frames, Source
    from pipeline.timeline import Timeline

__all__ = [
    "EMBEDDED",
    "Columns",
    "Format",
    "Frames",
    "Limits",
    "LoadedFile",
    "Options",
    "Report",
    "Source",
    "StoreUptimeError",
    "TableCounts",
    "Timeline",
    "build_report",
    "build_timeline",
    "load_files",
    "open_source",
    "throwaway_server",
    "write_rejects",
    "write_sample",
    "written",
]

HOMES = {
    "embedded": ("throwaway_server",),
    "errors": ("StoreUptimeError",),
    "intake": ("TableCounts",),
    "load": ("LoadedFile", "load_files"),
    "options": ("EMBEDDED", "Columns", "Format", "Limits", "Options"),
    "report": ("Report", "write_rejects", "written"),
    "run": ("build_report", "build_timeline"),
    "sample": ("write_sample",),
    "source": ("open_source",),
    "source.frames": ("Frames", "Source"),
    "timeline": ("Timeline",),
}


def __getattr__(name: str) -> object:
    for home, names in HOMES.items():
        if name in names:
            return getattr(import_module(f"pipeline.{home}"), name)
    raise AttributeError(f"module 'pipeline' has no attribute {name!r}")
