"""Polls, business hours and time zones in; uptime and downtime of every store out.

source -> clean -> calendar -> uptime (DuckDB) -> report, each a module of this package. These are its public names;
a module is imported when a name of it is first used, so that nobody waits for what they do not use.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.changes import comparison
    from pipeline.data_warnings import WARNING_CODES, age_in_words
    from pipeline.embedded import embedded_server, throwaway_server
    from pipeline.errors import (
        AddressNotUnderstood,
        AllPollsRejected,
        BadMapping,
        EmbeddedUnavailable,
        HorizonOutOfRange,
        NoPolls,
        SheetFull,
        SourceMismatch,
        SourceMissing,
        SourceRefused,
        SourceUnreachable,
        StoreUptimeError,
        UnknownStore,
    )
    from pipeline.intake import TableCounts
    from pipeline.lists import LISTS
    from pipeline.load import LoadedFile, load_files
    from pipeline.mapping import AS_NAMED, SourceMapping, read_mapping
    from pipeline.options import EMBEDDED, OLD_US, Columns, Format, Limits, Options
    from pipeline.proposal import proposed_mapping
    from pipeline.rejected import rejected_tables
    from pipeline.report import Report, write_rejects, written
    from pipeline.run import beginning, build_report, build_timeline, explain
    from pipeline.sample import write_sample
    from pipeline.saved_report import SavedReport, restored, saved
    from pipeline.selection import Selection, selected
    from pipeline.source import open_source
    from pipeline.source.connection import connected, end_statements, understood
    from pipeline.source.frames import Frames, Source
    from pipeline.stretches import Day, Stretch, Week, week_of
    from pipeline.timeline import Timeline
    from pipeline.zone_files import known_zones, zone_rules

__all__ = [
    "AS_NAMED",
    "EMBEDDED",
    "LISTS",
    "OLD_US",
    "WARNING_CODES",
    "AddressNotUnderstood",
    "AllPollsRejected",
    "BadMapping",
    "Columns",
    "Day",
    "EmbeddedUnavailable",
    "Format",
    "Frames",
    "HorizonOutOfRange",
    "Limits",
    "LoadedFile",
    "NoPolls",
    "Options",
    "Report",
    "SavedReport",
    "Selection",
    "SheetFull",
    "Source",
    "SourceMapping",
    "SourceMismatch",
    "SourceMissing",
    "SourceRefused",
    "SourceUnreachable",
    "StoreUptimeError",
    "Stretch",
    "TableCounts",
    "Timeline",
    "UnknownStore",
    "Week",
    "age_in_words",
    "beginning",
    "build_report",
    "build_timeline",
    "comparison",
    "connected",
    "embedded_server",
    "end_statements",
    "explain",
    "known_zones",
    "load_files",
    "open_source",
    "proposed_mapping",
    "read_mapping",
    "rejected_tables",
    "restored",
    "saved",
    "selected",
    "throwaway_server",
    "understood",
    "week_of",
    "write_rejects",
    "write_sample",
    "written",
    "zone_rules",
]

HOMES = {
    "changes": ("comparison",),
    "data_warnings": ("WARNING_CODES", "age_in_words"),
    "embedded": ("embedded_server", "throwaway_server"),
    "errors": (
        "AddressNotUnderstood",
        "AllPollsRejected",
        "BadMapping",
        "EmbeddedUnavailable",
        "HorizonOutOfRange",
        "NoPolls",
        "SheetFull",
        "SourceMismatch",
        "SourceMissing",
        "SourceRefused",
        "SourceUnreachable",
        "StoreUptimeError",
        "UnknownStore",
    ),
    "intake": ("TableCounts",),
    "lists": ("LISTS",),
    "load": ("LoadedFile", "load_files"),
    "mapping": ("AS_NAMED", "SourceMapping", "read_mapping"),
    "proposal": ("proposed_mapping",),
    "options": ("EMBEDDED", "OLD_US", "Columns", "Format", "Limits", "Options"),
    "rejected": ("rejected_tables",),
    "report": ("Report", "write_rejects", "written"),
    "run": ("beginning", "build_report", "build_timeline", "explain"),
    "sample": ("write_sample",),
    "saved_report": ("SavedReport", "restored", "saved"),
    "selection": ("Selection", "selected"),
    "source": ("open_source",),
    "source.connection": ("connected", "end_statements", "understood"),
    "source.frames": ("Frames", "Source"),
    "stretches": ("Day", "Stretch", "Week", "week_of"),
    "timeline": ("Timeline",),
    "zone_files": ("known_zones", "zone_rules"),
}


def __getattr__(name: str) -> object:
    for home, names in HOMES.items():
        if name in names:
            return getattr(import_module(f"pipeline.{home}"), name)
    raise AttributeError(f"module 'pipeline' has no attribute {name!r}")
