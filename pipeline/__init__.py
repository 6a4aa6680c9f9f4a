"""Polls, business hours and time zones in; uptime and downtime of every store out.

source -> clean -> calendar -> uptime (DuckDB) -> report, each a module of this package. These are its public names;
a module is imported when a name of it is first used, so that nobody waits for what they do not use.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.changes import comparison, since_earlier
    from pipeline.data_warnings import WARNING_CODES, age_in_words
    from pipeline.embedded import embedded_server, throwaway_server
    from pipeline.errors import (
        AddressNotUnderstood,
        AllPollsRejected,
        BadMapping,
        CannotWrite,
        CellFull,
        EmbeddedUnavailable,
        HorizonOutOfRange,
        LibraryPanicked,
        NoPolls,
        ReportDamaged,
        SheetFull,
        SourceBusy,
        SourceMismatch,
        SourceMissing,
        SourceRefused,
        SourceUnreachable,
        StoreUptimeError,
        UnknownStore,
    )
    from pipeline.files import ForEditing, Purpose, check_targets, write_file, write_new_file
    from pipeline.intake import TableCounts
    from pipeline.lists import LISTS
    from pipeline.load import Loaded, LoadedFile, LoadedTable, load_files
    from pipeline.mapping import AS_NAMED, SourceMapping
    from pipeline.mapping_file import read_mapping
    from pipeline.options import EMBEDDED, OLD_US, Columns, Format, Limits, Options
    from pipeline.panics import panics_told
    from pipeline.proposal import proposed_mapping
    from pipeline.rejected import rejected_tables
    from pipeline.report import REPORT, Report, rejects_targets, write_rejects
    from pipeline.run import beginning, build_report, build_timeline, explain, polled_stores
    from pipeline.sample import write_sample
    from pipeline.saved_report import SavedReport, restored, saved
    from pipeline.selection import Selection, selected
    from pipeline.source import open_source
    from pipeline.source.connection import connected, end_statements, understood
    from pipeline.source.frames import Frames, Source
    from pipeline.stretches import Day, Stretch, Week, week_of
    from pipeline.timeline import TIMELINE, Timeline
    from pipeline.zone_files import known_zones, zone_rules

__all__ = [
    "AS_NAMED",
    "EMBEDDED",
    "LISTS",
    "OLD_US",
    "REPORT",
    "TIMELINE",
    "WARNING_CODES",
    "AddressNotUnderstood",
    "AllPollsRejected",
    "BadMapping",
    "CannotWrite",
    "CellFull",
    "Columns",
    "Day",
    "EmbeddedUnavailable",
    "ForEditing",
    "Format",
    "Frames",
    "HorizonOutOfRange",
    "LibraryPanicked",
    "Limits",
    "Loaded",
    "LoadedFile",
    "LoadedTable",
    "NoPolls",
    "Options",
    "Purpose",
    "Report",
    "ReportDamaged",
    "SavedReport",
    "Selection",
    "SheetFull",
    "Source",
    "SourceBusy",
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
    "check_targets",
    "comparison",
    "connected",
    "embedded_server",
    "end_statements",
    "explain",
    "known_zones",
    "load_files",
    "open_source",
    "panics_told",
    "polled_stores",
    "proposed_mapping",
    "read_mapping",
    "rejected_tables",
    "rejects_targets",
    "restored",
    "saved",
    "selected",
    "since_earlier",
    "throwaway_server",
    "understood",
    "week_of",
    "write_file",
    "write_new_file",
    "write_rejects",
    "write_sample",
    "zone_rules",
]

HOMES = {
    "changes": ("comparison", "since_earlier"),
    "data_warnings": ("WARNING_CODES", "age_in_words"),
    "embedded": ("embedded_server", "throwaway_server"),
    "errors": (
        "AddressNotUnderstood",
        "AllPollsRejected",
        "BadMapping",
        "CannotWrite",
        "CellFull",
        "EmbeddedUnavailable",
        "HorizonOutOfRange",
        "LibraryPanicked",
        "NoPolls",
        "ReportDamaged",
        "SheetFull",
        "SourceBusy",
        "SourceMismatch",
        "SourceMissing",
        "SourceRefused",
        "SourceUnreachable",
        "StoreUptimeError",
        "UnknownStore",
    ),
    "files": ("ForEditing", "Purpose", "check_targets", "write_file", "write_new_file"),
    "intake": ("TableCounts",),
    "lists": ("LISTS",),
    "mapping": ("AS_NAMED", "SourceMapping"),
    "mapping_file": ("read_mapping",),
    "proposal": ("proposed_mapping",),
    "load": ("Loaded", "LoadedFile", "LoadedTable", "load_files"),
    "report": ("REPORT", "Report", "rejects_targets", "write_rejects"),
    "panics": ("panics_told",),
    "options": ("EMBEDDED", "OLD_US", "Columns", "Format", "Limits", "Options"),
    "rejected": ("rejected_tables",),
    "run": ("beginning", "build_report", "build_timeline", "explain", "polled_stores"),
    "sample": ("write_sample",),
    "saved_report": ("SavedReport", "restored", "saved"),
    "selection": ("Selection", "selected"),
    "source": ("open_source",),
    "source.connection": ("connected", "end_statements", "understood"),
    "source.frames": ("Frames", "Source"),
    "stretches": ("Day", "Stretch", "Week", "week_of"),
    "timeline": ("TIMELINE", "Timeline"),
    "zone_files": ("known_zones", "zone_rules"),
}


def __getattr__(name: str) -> object:
    for home, names in HOMES.items():
        if name in names:
            return getattr(import_module(f"pipeline.{home}"), name)
    raise AttributeError(f"module 'pipeline' has no attribute {name!r}")
