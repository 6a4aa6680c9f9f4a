"""The public names, each with its home; `__init__.py` imports a home when a name of it is first used."""

from .build import (
    build_outages as build_outages,
    build_periods as build_periods,
    build_report as build_report,
    build_report_with_lanes as build_report_with_lanes,
)
from .calendar.offsets import (
    local_offsets as local_offsets,
)
from .calendar.tzdata import (
    known_zones as known_zones,
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
    age_in_words as age_in_words,
)
from .durations import (
    DURATION_PATTERN as DURATION_PATTERN,
    duration_text as duration_text,
    is_duration as is_duration,
    parse_duration as parse_duration,
    parse_positive_duration as parse_positive_duration,
    quoted as quoted,
)
from .embedded.server import (
    embedded_server as embedded_server,
    throwaway_server as throwaway_server,
)
from .errors import (
    AddressNotUnderstood as AddressNotUnderstood,
    AllPollsRejected as AllPollsRejected,
    BadMapping as BadMapping,
    BadPeriod as BadPeriod,
    CannotWrite as CannotWrite,
    CellFull as CellFull,
    CertificatesUnusable as CertificatesUnusable,
    Clause as Clause,
    ClusterLost as ClusterLost,
    ClusterNeedsFiles as ClusterNeedsFiles,
    ClusterUnreachable as ClusterUnreachable,
    EmbeddedUnavailable as EmbeddedUnavailable,
    ExchangeMissing as ExchangeMissing,
    ExchangeNotShared as ExchangeNotShared,
    ExtraMissing as ExtraMissing,
    HorizonOutOfRange as HorizonOutOfRange,
    LibraryPanicked as LibraryPanicked,
    NoPolls as NoPolls,
    NoSuchZone as NoSuchZone,
    NoWorkers as NoWorkers,
    NowTooLate as NowTooLate,
    PartMissing as PartMissing,
    PeriodOutOfRange as PeriodOutOfRange,
    ReportDamaged as ReportDamaged,
    SheetFull as SheetFull,
    SourceBusy as SourceBusy,
    SourceMismatch as SourceMismatch,
    SourceMissing as SourceMissing,
    SourceRefused as SourceRefused,
    SourceUnreachable as SourceUnreachable,
    StoreUptimeError as StoreUptimeError,
    UnknownAttribute as UnknownAttribute,
    UnknownStore as UnknownStore,
    UnknownValue as UnknownValue,
    WorkerMismatch as WorkerMismatch,
    WorkersLost as WorkersLost,
    writing as writing,
)
from .extras import (
    Extra as Extra,
    provided_by as provided_by,
)
from .files import (
    ForEditing as ForEditing,
    Purpose as Purpose,
    write_file as write_file,
    write_new_file as write_new_file,
    write_stream as write_stream,
)
from .instants import (
    instant_text as instant_text,
    parse_instant as parse_instant,
)
from .load.load import (
    load_files as load_files,
)
from .load.result import (
    Loaded as Loaded,
    LoadedFile as LoadedFile,
    LoadedTable as LoadedTable,
)
from .machine import (
    memory as memory,
)
from .mapping.mapping import (
    AS_NAMED as AS_NAMED,
    SourceMapping as SourceMapping,
)
from .mapping.mapping_file import (
    read_mapping as read_mapping,
)
from .options import (
    EMBEDDED as EMBEDDED,
    LOOKBACK as LOOKBACK,
    OLD_US as OLD_US,
    Columns as Columns,
    Format as Format,
    Limits as Limits,
    Only as Only,
    Options as Options,
    Selection as Selection,
    attributes_in_words as attributes_in_words,
    parse_only as parse_only,
)
from .panics import (
    panics_as_errors as panics_as_errors,
)
from .parts.cluster import (
    Cluster as Cluster,
    check_cluster as check_cluster,
)
from .parts.cluster_tls import (
    Tls as Tls,
)
from .parts.worker_program import (
    WorkerShare as WorkerShare,
    worker_program as worker_program,
)
from .periods import (
    RELATIVE as RELATIVE,
    By as By,
    Period as Period,
)
from .plan.rejected import (
    rejected_tables as rejected_tables,
)
from .report.about import (
    About as About,
)
from .report.archive import (
    ArchivedReport as ArchivedReport,
    archive as archive,
    restore as restore,
)
from .report.comparison import (
    comparison as comparison,
    since_earlier as since_earlier,
)
from .report.figures import (
    uptime_percents as uptime_percents,
)
from .report.lane_status import (
    LaneStatus as LaneStatus,
)
from .report.lanes import (
    lane_spans as lane_spans,
)
from .report.overview.at_now import (
    WORSE_POINTS as WORSE_POINTS,
    stores_at_now as stores_at_now,
)
from .report.overview.group_days import (
    group_days as group_days,
)
from .report.overview.incidents import (
    incidents as incidents,
)
from .report.overview.overview import (
    HourOfWeek as HourOfWeek,
    Overview as Overview,
    ProfileCell as ProfileCell,
    WindowOverview as WindowOverview,
    overview as overview,
)
from .report.overview.store_days import (
    joined_days as joined_days,
    store_days as store_days,
    timeline_days as timeline_days,
)
from .report.overview.summary import (
    summary as summary,
)
from .report.periods.period_about import (
    PeriodAbout as PeriodAbout,
)
from .report.periods.period_archive import (
    ArchivedPeriods as ArchivedPeriods,
    archive_periods as archive_periods,
    holds_periods as holds_periods,
    restore_periods as restore_periods,
)
from .report.periods.period_files import (
    guarded_table as guarded_table,
)
from .report.periods.period_report import (
    PeriodReport as PeriodReport,
    View as View,
)
from .report.quality_lists import (
    LISTS as LISTS,
    LISTS_OF_PERIODS as LISTS_OF_PERIODS,
)
from .report.report import (
    REPORT as REPORT,
    Report as Report,
    csv_bytes as csv_bytes,
    rejects_targets as rejects_targets,
    write_rejects as write_rejects,
)
from .report.report_folder import (
    report_folder_targets as report_folder_targets,
    write_period_folder as write_period_folder,
    write_report_folder as write_report_folder,
)
from .report.selection import (
    select as select,
)
from .report.stretches import (
    Day as Day,
    Stretch as Stretch,
    Week as Week,
    week_of as week_of,
)
from .report.timeline import (
    TIMELINE as TIMELINE,
    Timeline as Timeline,
)
from .run import (
    build_timeline as build_timeline,
    data_version as data_version,
    explain as explain,
    explain_with_outages as explain_with_outages,
    polled_stores as polled_stores,
)
from .sample.sample import (
    write_sample as write_sample,
)
from .source import (
    open_source as open_source,
    reads_files as reads_files,
    visit_files as visit_files,
)
from .source.frames import (
    Frames as Frames,
)
from .source.postgres.connection import (
    connect as connect,
    end_statements as end_statements,
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
    StepText as StepText,
    step_of as step_of,
)
from .storage.addresses import (
    ObjectAddress as ObjectAddress,
    files_at as files_at,
    is_stored as is_stored,
    object_at as object_at,
)
from .targets import (
    ReportFolder as ReportFolder,
    Target as Target,
    check_targets as check_targets,
    write_pieces_to_target as write_pieces_to_target,
    write_target as write_target,
)
from .text import (
    counted as counted,
    most_frequent_first as most_frequent_first,
    printable as printable,
)

__all__: list[str]
