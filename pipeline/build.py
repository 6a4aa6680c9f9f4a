"""A source in, its report out: in one pass over the polls, or in two, whose memory does not grow with them.

build_report             the figures of all stores, or of one
build_report_with_lanes  the same, with the status of each store in each minute of the week
"""

from typing import TYPE_CHECKING, cast

from store_uptime.pipeline.errors import ClusterNeedsFiles
from store_uptime.pipeline.logs import logger_of
from store_uptime.pipeline.options import DEFAULTS, LIMITS, Limits, Options
from store_uptime.pipeline.run import Progress, report_in_one_pass, silent
from store_uptime.pipeline.source import as_source

if TYPE_CHECKING:
    from pathlib import Path

    from store_uptime.pipeline.parts.cluster import Cluster
    from store_uptime.pipeline.report.report import Report
    from store_uptime.pipeline.source.folder.folder import Folder
    from store_uptime.pipeline.source.protocol import Source

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
    """The report, in as many passes as it takes."""
    if not source.is_of_files:
        if cluster is not None:
            raise ClusterNeedsFiles(source.name)
        return report_in_one_pass(source, options, limits, progress, with_lanes)
    from store_uptime.pipeline.parts.cluster import Cluster, check_cluster
    from store_uptime.pipeline.parts.size import is_large

    files, where = cast("Folder", source), cluster or Cluster(only_large=True)
    check_cluster(where)
    if where.only_large and not is_large(files, options, limits, where.large_polls):
        return report_in_one_pass(source, options, limits, progress, with_lanes)
    from store_uptime.pipeline.parts.driver import report_in_parts

    log.debug("in two passes: %s", source.name)
    return report_in_parts(files, options, limits, progress, where, with_lanes)
