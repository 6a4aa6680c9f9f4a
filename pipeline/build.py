"""A source in, its report out: in one pass over the polls, or in two, whose memory does not grow with them.

build_report             the figures of all stores, or of one
build_report_with_lanes  the same, with the status of each store in each minute of the week
build_periods            the figures of any periods
build_outages            the outages of a period
"""

from dataclasses import replace
from typing import TYPE_CHECKING, cast, get_args

from store_uptime.pipeline.errors import ClusterNeedsFiles
from store_uptime.pipeline.logs import logger_of
from store_uptime.pipeline.options import DEFAULTS, LIMITS, Limits, Options, check_word
from store_uptime.pipeline.periods import Period
from store_uptime.pipeline.run import Progress, report_in_one_pass, silent
from store_uptime.pipeline.source import as_source

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from polars import DataFrame

    from store_uptime.pipeline.parts.cluster import Cluster
    from store_uptime.pipeline.report.periods.period_report import PeriodReport
    from store_uptime.pipeline.report.report import Report
    from store_uptime.pipeline.source.folder.folder import Folder
    from store_uptime.pipeline.source.protocol import Source
    from store_uptime.pipeline.uptime.periods import PeriodTable

log = logger_of(__name__)


def build_report(
    source: "Source | str | Path",
    options: Options = DEFAULTS,
    limits: Limits = LIMITS,
    progress: Progress = silent,
    cluster: "Cluster | None" = None,
) -> "Report":
    """The uptime and downtime of every store with a poll in the horizon: docs/semantics.md.

    source: a source that `open_source` returns, or an address that it takes. cluster: where a report in two passes is
    made, all of them or large ones; None: in this process, and in two passes only where the files have more polls than
    memory would like. The report is the same in any case.
    Raises NoPolls, AllPollsRejected, UnknownStore, HorizonOutOfRange, what the source raises, and what a cluster
    raises.
    """
    return report(as_source(source), options, limits, progress, cluster, with_lanes=False)


def build_report_with_lanes(
    source: "Source | str | Path",
    options: Options = DEFAULTS,
    limits: Limits = LIMITS,
    progress: Progress = silent,
    cluster: "Cluster | None" = None,
) -> "Report":
    """The same report with `Report.lanes`: the status of every store in each minute of the week."""
    return report(as_source(source), options, limits, progress, cluster, with_lanes=True)


def report(
    source: "Source", options: Options, limits: Limits, progress: Progress, cluster: "Cluster | None", with_lanes: bool
) -> "Report":
    """The report, in as many passes as it takes. Raises ValueError for options of a report by periods."""
    if options.period is not None or options.group_by:
        raise ValueError("period and group_by are those of a report by periods: call build_periods")
    where = two_passes(source, options, limits, cluster)
    if where is None:
        return report_in_one_pass(source, options, limits, progress, with_lanes)
    from store_uptime.pipeline.parts.driver import report_in_parts
    from store_uptime.pipeline.parts.kinds import ThreeWindows

    return report_in_parts(cast("Folder", source), options, limits, progress, where, ThreeWindows(with_lanes))


def two_passes(source: "Source", options: Options, limits: Limits, cluster: "Cluster | None") -> "Cluster | None":
    """Where two passes are made; None: one pass will do. Raises ClusterNeedsFiles, and what a cluster raises."""
    if not source.is_of_files:
        if cluster is not None:
            raise ClusterNeedsFiles(source.name)
        return None
    from store_uptime.pipeline.parts.cluster import Cluster, check_cluster
    from store_uptime.pipeline.parts.size import is_large

    files, where = cast("Folder", source), cluster or Cluster(only_large=True)
    check_cluster(where)
    if where.only_large and not is_large(files, options, limits, where.large_polls):
        return None
    log.debug("in two passes: %s", source.name)
    return where


def build_periods(  # noqa: PLR0913 - those of `build_report`, and what else is wanted
    source: "Source | str | Path",
    period: Period | str,
    options: Options = DEFAULTS,
    limits: Limits = LIMITS,
    progress: Progress = silent,
    cluster: "Cluster | None" = None,
    *,
    tables: "PeriodTable | Collection[PeriodTable]" = (),
    split_at_closing: bool = False,
) -> "PeriodReport":
    """The uptime and downtime of every store that is known in each period: docs/semantics.md, "Periods".

    period: also by its name, such as `last-month`. tables: what else is wanted, `profile` (of the groups of
    `options.group_by`) and `outages`. split_at_closing: whether an outage ends where its store closes. The others are
    those of `build_report`.
    Raises BadPeriod, PeriodOutOfRange, NoSuchZone, UnknownAttribute, UnknownValue, and what `build_report` raises.
    """
    from store_uptime.pipeline.period_run import PeriodTables, periods_in_one_pass
    from store_uptime.pipeline.uptime.periods import PeriodTable

    names = (tables,) if isinstance(tables, str) else tables
    for name in names:
        check_word("tables", name, get_args(PeriodTable))
    opened, named = as_source(source), replace(options, period=Period(period) if isinstance(period, str) else period)
    wanted = PeriodTables(frozenset(names), split_at_closing)
    where = two_passes(opened, named, limits, cluster)
    if where is None:
        return periods_in_one_pass(opened, named, wanted, limits, progress)
    from store_uptime.pipeline.parts.driver import report_in_parts
    from store_uptime.pipeline.parts.kinds import ByPeriods

    return report_in_parts(cast("Folder", opened), named, limits, progress, where, ByPeriods(wanted))


def build_outages(  # noqa: PLR0913 - the same
    source: "Source | str | Path",
    period: Period | str = "7d",
    options: Options = DEFAULTS,
    limits: Limits = LIMITS,
    progress: Progress = silent,
    cluster: "Cluster | None" = None,
    *,
    split_at_closing: bool = False,
    longest_first: bool = False,
) -> "DataFrame":
    """The outages of a period, in whole microseconds: docs/semantics.md, "Outages".

    store_id, start_us, end_us, business_us, ends, starts_because, polls, first_poll_us, last_poll_us, least_us,
    most_us, excused_us, reason; by start and id, or the longest first. Raises what `build_periods` raises.
    """
    report = build_periods(
        source,
        period,
        options,
        limits,
        progress,
        cluster,
        tables=("outages",),
        split_at_closing=split_at_closing,
    )
    return report.ordered_outages(longest_first)
