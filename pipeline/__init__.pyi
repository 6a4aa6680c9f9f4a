"""The public names, each with its home; `__init__.py` imports a home when a name of it is first used."""

from .calendar.tzdata import (
    known_zones as known_zones,
)
from .calendar.tzdata import (
    zone_rules as zone_rules,
)
from .clean.rules import (
    Reason as Reason,
)
from .clean.split import (
    TableCounts as TableCounts,
)
from .data_warnings import (
    WARNING_CODES as WARNING_CODES,
)
from .data_warnings import (
    age_in_words as age_in_words,
)
from .durations import (
    DURATION_PATTERN as DURATION_PATTERN,
)
from .durations import (
    duration_text as duration_text,
)
from .durations import (
    is_duration as is_duration,
)
from .durations import (
    parse_duration as parse_duration,
)
from .durations import (
    parse_positive_duration as parse_positive_duration,
)
from .durations import (
    quoted as quoted,
)
from .embedded.server import (
    embedded_server as embedded_server,
)
from .embedded.server import (
    throwaway_server as throwaway_server,
)
from .errors import (
    AddressNotUnderstood as AddressNotUnderstood,
)
from .errors import (
    AllPollsRejected as AllPollsRejected,
)
from .errors import (
    BadMapping as BadMapping,
)
from .errors import (
    CannotWrite as CannotWrite,
)
from .errors import (
    CellFull as CellFull,
)
from .errors import (
    Clause as Clause,
)
from .errors import (
    EmbeddedUnavailable as EmbeddedUnavailable,
)
from .errors import (
    HorizonOutOfRange as HorizonOutOfRange,
)
from .errors import (
    LibraryPanicked as LibraryPanicked,
)
from .errors import (
    NoPolls as NoPolls,
)
from .errors import (
    ReportDamaged as ReportDamaged,
)
from .errors import (
    SheetFull as SheetFull,
)
from .errors import (
    SourceBusy as SourceBusy,
)
from .errors import (
    SourceMismatch as SourceMismatch,
)
from .errors import (
    SourceMissing as SourceMissing,
)
from .errors import (
    SourceRefused as SourceRefused,
)
from .errors import (
    SourceUnreachable as SourceUnreachable,
)
from .errors import (
    StoreUptimeError as StoreUptimeError,
)
from .errors import (
    UnknownStore as UnknownStore,
)
from .files import (
    ForEditing as ForEditing,
)
from .files import (
    Purpose as Purpose,
)
from .files import (
    check_targets as check_targets,
)
from .files import (
    write_file as write_file,
)
from .files import (
    write_new_file as write_new_file,
)
from .instants import (
    parse_instant as parse_instant,
)
from .load.load import (
    load_files as load_files,
)
from .load.result import (
    Loaded as Loaded,
)
from .load.result import (
    LoadedFile as LoadedFile,
)
from .load.result import (
    LoadedTable as LoadedTable,
)
from .mapping.mapping import (
    AS_NAMED as AS_NAMED,
)
from .mapping.mapping import (
    SourceMapping as SourceMapping,
)
from .mapping.mapping_file import (
    read_mapping as read_mapping,
)
from .options import (
    EMBEDDED as EMBEDDED,
)
from .options import (
    LOOKBACK as LOOKBACK,
)
from .options import (
    OLD_US as OLD_US,
)
from .options import (
    Columns as Columns,
)
from .options import (
    Format as Format,
)
from .options import (
    Limits as Limits,
)
from .options import (
    Options as Options,
)
from .options import (
    Selection as Selection,
)
from .panics import (
    panics_as_errors as panics_as_errors,
)
from .plan.rejected import (
    rejected_tables as rejected_tables,
)
from .report.about import (
    About as About,
)
from .report.archive import (
    ArchivedReport as ArchivedReport,
)
from .report.archive import (
    archive as archive,
)
from .report.archive import (
    restore as restore,
)
from .report.comparison import (
    comparison as comparison,
)
from .report.comparison import (
    since_earlier as since_earlier,
)
from .report.quality_lists import (
    LISTS as LISTS,
)
from .report.report import (
    REPORT as REPORT,
)
from .report.report import (
    Report as Report,
)
from .report.report import (
    rejects_targets as rejects_targets,
)
from .report.report import (
    write_rejects as write_rejects,
)
from .report.selection import (
    select as select,
)
from .report.stretches import (
    Day as Day,
)
from .report.stretches import (
    Stretch as Stretch,
)
from .report.stretches import (
    Week as Week,
)
from .report.stretches import (
    week_of as week_of,
)
from .report.timeline import (
    TIMELINE as TIMELINE,
)
from .report.timeline import (
    Timeline as Timeline,
)
from .run import (
    build_report as build_report,
)
from .run import (
    build_report_with_lanes as build_report_with_lanes,
)
from .run import (
    build_timeline as build_timeline,
)
from .run import (
    data_version as data_version,
)
from .run import (
    explain as explain,
)
from .run import (
    polled_stores as polled_stores,
)
from .sample.sample import (
    write_sample as write_sample,
)
from .source import (
    open_source as open_source,
)
from .source.frames import (
    Frames as Frames,
)
from .source.postgres.connection import (
    connect as connect,
)
from .source.postgres.connection import (
    end_statements as end_statements,
)
from .source.postgres.connection import (
    parse_conninfo as parse_conninfo,
)
from .source.proposal import (
    proposed_mapping as proposed_mapping,
)
from .source.protocol import (
    Source as Source,
)
from .steps import (
    Step as Step,
)
from .steps import (
    step_of as step_of,
)
from .text import (
    counted as counted,
)
from .text import (
    most_frequent_first as most_frequent_first,
)
from .text import (
    printable as printable,
)

__all__: list[str]
