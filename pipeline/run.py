"""A run, from source to report: read -> clean -> plan -> partitions -> uptime -> report.

report_in_one_pass   the figures of all stores, or of one
build_timeline       the segments of one store, each with the poll that it rests on
explain              the same for a store of a finished report
explain_with_outages the same with its outages
data_version         the version of the data that a run would read
polled_stores        the stores that a report would have
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from os import cpu_count
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from store_uptime.pipeline.errors import NoPolls, UnknownStore
from store_uptime.pipeline.logs import logger_of
from store_uptime.pipeline.options import DEFAULTS, LIMITS, Horizon, Limits, Options
from store_uptime.pipeline.panics import panics_as_errors
from store_uptime.pipeline.plan.horizon import find_horizon
from store_uptime.pipeline.source import as_source
from store_uptime.pipeline.source.protocol import POLLS_ALONE
from store_uptime.pipeline.steps import Step
from store_uptime.pipeline.threads import in_threads

# Polars, DuckDB and the modules that need them are imported within the functions below: the import takes 0.2 s, which
# cost no time while the polls are being pulled from a database.
if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from store_uptime.pipeline.plan.partitions import CodeRange, Partition
    from store_uptime.pipeline.plan.plan import Plan
    from store_uptime.pipeline.plan.prepare import Prepared
    from store_uptime.pipeline.report.report import Report
    from store_uptime.pipeline.report.timeline import Timeline
    from store_uptime.pipeline.source.protocol import Source
    from store_uptime.pipeline.uptime.stage import Figures, Uptime

Result = TypeVar("Result")
log = logger_of(__name__)
AT_ONCE = 2
"""Partitions that are computed beside each other."""
Progress = Callable[[str], None]
"""Called with the current step, in a few words."""


def silent(step: str) -> None:
    """The progress that is not shown."""


def report_in_one_pass(
    source: "Source", options: Options, limits: Limits, progress: Progress, with_lanes: bool
) -> "Report":
    """The figures of all stores or one: `build_report` says what it raises. with_lanes: also `Report.lanes`."""
    with open_run(source, options, limits, progress) as (prepared, db):
        from store_uptime.pipeline.uptime.stage import uptime, uptime_with_lanes

        return report_of(prepared, partial(uptime_with_lanes if with_lanes else uptime, db), limits, progress)


def build_timeline(
    source: "Source | str | Path",
    store: str,
    options: Options = DEFAULTS,
    limits: Limits = LIMITS,
    progress: Progress = silent,
) -> "Timeline":
    """The pieces that add up to the figures of one store. `options.store` is ignored.

    Raises what `build_report` raises.
    """
    with open_run(as_source(source), replace(options, store=store), limits, progress) as (prepared, db):
        from store_uptime.pipeline.plan.partitions import partition_of
        from store_uptime.pipeline.plan.plan import ranked_stores
        from store_uptime.pipeline.plan.plausibility import no_poll_in_horizon, table_warnings
        from store_uptime.pipeline.plan.prepare import make_plan
        from store_uptime.pipeline.plan.table_facts import table_facts
        from store_uptime.pipeline.report.timeline import timeline_of

        # The ids of a text are all known by now, perhaps more than a line has room for: the store is in one of them.
        partitions = (partition_of(codes, prepared.declared, prepared.horizon) for codes in prepared.code_ranges)
        partition = max(partitions, key=lambda one: one.stores.height)
        stores = ranked_stores(partition.stores, prepared.source.codes)
        plan = make_plan(prepared, stores, partition.dated_intervals, stores)
        told = table_warnings(plan, table_facts(prepared, plan))
        warnings = [*prepared.source.warnings, *told, *no_poll_in_horizon(plan)]
        for warning in warnings:
            log.warning("%s: %s", plan.source, warning)
        return replace(timeline_of(db, plan, partition), warnings=[str(warning) for warning in warnings])


@contextmanager
def open_run(
    source: "Source", options: Options, limits: Limits, progress: Progress
) -> "Iterator[tuple[Prepared, DuckDBPyConnection]]":
    """Read -> clean -> plan -> partitions: the prepared run, and the database to compute in.

    The source is closed when the block begins.
    """
    progress(Step.READING.words)
    since_s = monotonic()
    with panics_as_errors(source.name), ExitStack() as resources:
        with source.opened() as opened:
            horizon = horizon_of(opened, options)
            raw = opened.read(horizon, options.store)
            progress(Step.READING.words)  # again: the version of the data is known now, and callers read it here
            from store_uptime.pipeline.plan.prepare import prepare_run
            from store_uptime.pipeline.uptime.stage import database

            # Before the tables are waited for: to create a database takes a tenth of a small report's time.
            db = resources.enter_context(database(limits))
            prepared = prepare_run(opened, options, horizon, raw)
            # A report of one store without a poll in the horizon has no row and a warning: the store is known.
            if options.store is None and prepared.polls.counts.accepted == 0:
                from store_uptime.pipeline.plan.rejected import why_no_polls

                raise why_no_polls(opened, horizon)
        polls = prepared.polls.counts.accepted
        log.debug("read %s: accepted polls: %d, partitions: %d", source.name, polls, len(prepared.code_ranges))
        progress(Step.COMPUTING.with_counts(polls=polls))
        # The source is closed here: its locks would keep others from replacing the tables while figures are computed.
        yield prepared, db
        log.info("computed %s: polls: %d, seconds: %.2f", source.name, polls, monotonic() - since_s)


def report_of(prepared: "Prepared", uptime: "Uptime", limits: Limits, progress: Progress) -> "Report":
    """Partitions -> uptime -> report: the figures of every partition as one report."""
    from store_uptime.pipeline.plan.table_facts import table_facts
    from store_uptime.pipeline.report.choice import beside_warnings
    from store_uptime.pipeline.report.computed import computed, report_from

    found = computed(prepared, figures_of_run(prepared, uptime, limits, progress))
    facts = table_facts(prepared, found.plan)
    with beside_warnings(prepared.source.warnings):
        return report_from(found, facts, prepared.warnings, prepared.attributes)


def figures_of_run(prepared: "Prepared", uptime: "Uptime", limits: Limits, progress: Progress) -> "Figures":
    """The figures of all partitions, for the windows of a report."""
    from store_uptime.pipeline.plan.partitions import partition_of
    from store_uptime.pipeline.plan.plan import max_gap_us
    from store_uptime.pipeline.plan.windows import last_week
    from store_uptime.pipeline.uptime.stage import joined_figures

    horizon = prepared.horizon
    windows, gap_us = last_week(horizon), max_gap_us(prepared.options, horizon)

    def figures(codes: "CodeRange") -> "Figures":
        return uptime(partition_of(codes, prepared.declared, horizon), windows, horizon, gap_us)

    return joined_figures(of_partitions(prepared, figures, limits, progress))


def of_partitions(
    prepared: "Prepared", figures: "Callable[[CodeRange], Result]", limits: Limits, progress: Progress
) -> "list[Result]":
    """The figures of each partition; two at a time, since a sort and a few steps keep one core busy.

    figures: makes the partition, too, so that no more of them are in memory than are worked on.
    """

    def done(number: int) -> None:
        percent = 100 * number // len(prepared.code_ranges)
        progress(Step.COMPUTING.with_counts(polls=prepared.polls.counts.accepted, percent=percent))

    at_once = min(AT_ONCE, limits.threads or cpu_count() or 1)
    return in_threads(figures, prepared.code_ranges, at_once, done)


def explain(source: "Source | str | Path", report: "Report", store: str, limits: Limits = LIMITS) -> "Timeline":
    """The pieces of one store of a finished report: from the report's own plan, and the polls that the source has now.

    `Timeline.agrees` is whether they still add up to the report's figures. Its only warning is that the data is old,
    if the report has that one. Raises UnknownStore where the report has no such store, and what the source raises.
    """
    from store_uptime.pipeline.uptime.stage import database

    source, planned = as_source(source), planned_store(report, store)
    with panics_as_errors(source.name):
        with source.opened(POLLS_ALONE) as opened:
            partition = partition_now(opened, planned.plan, store)
        with database(limits) as db:
            return timeline_of_report(db, planned, partition, report)


def explain_with_outages(
    source: "Source | str | Path", report: "Report", store: str, limits: Limits = LIMITS
) -> "Timeline":
    """The same with `Timeline.outages`, and with reasons where the source has them."""
    from store_uptime.pipeline.clean.poll_reasons import poll_reasons
    from store_uptime.pipeline.report.store_outages import outages_of_store
    from store_uptime.pipeline.uptime.stage import database

    source, planned = as_source(source), planned_store(report, store)
    horizon = planned.plan.horizon
    with panics_as_errors(source.name):
        with source.opened(POLLS_ALONE) as opened:
            partition = partition_now(opened, planned.plan, store)
            reasons = poll_reasons(opened.reasons(horizon, store), opened.codes, horizon, opened.mapping)
        with database(limits) as db:
            found = timeline_of_report(db, planned, partition, report)
            return replace(found, outages=outages_of_store(db, planned.plan, partition, reasons))


class PlannedStore(NamedTuple):
    """One store of a report: its part of the plan, and its row in `Report.exact`."""

    plan: "Plan"
    figures: dict[str, object]


def planned_store(report: "Report", store: str) -> PlannedStore:
    """A store of a report. Raises UnknownStore where the report has no such store."""
    from store_uptime.pipeline.plan.plan import plan_of_store

    figures = report.exact.filter(store_id=store)
    if figures.is_empty():
        raise UnknownStore(store, f"the report of {report.plan.source}")
    return PlannedStore(plan_of_store(report.plan, store), figures.row(0, named=True))


def partition_now(opened: "Source", plan: "Plan", store: str) -> "Partition":
    """A store with its business time in a plan, and the polls that the source has now."""
    from store_uptime.pipeline.clean.polls import clean_polls
    from store_uptime.pipeline.plan.partitions import code_ranges, planned_partition

    polls = clean_polls(opened.polls(plan.horizon, store), opened.codes, plan.horizon)
    (codes,) = code_ranges(polls.lines, len(opened.codes))
    return planned_partition(codes, plan)


def timeline_of_report(
    db: "DuckDBPyConnection", planned: PlannedStore, partition: "Partition", report: "Report"
) -> "Timeline":
    """The timeline of a store, compared with its figures."""
    from store_uptime.pipeline.data_warnings import OldData
    from store_uptime.pipeline.report.timeline import compared, timeline_of

    found = compared(timeline_of(db, planned.plan, partition), planned.figures)
    # The other warnings are about all stores.
    return replace(found, warnings=report.quality.warnings_of(OldData))


def data_version(source: "Source", options: Options = DEFAULTS) -> str | None:
    """The version of the data that a run would read; None where it is not known exactly.

    Two runs with the same options over the same version have the same figures, unless they depend on the clock: without
    a given now it decides which polls are ahead of it. Raises NoPolls where the source has no poll, UnknownStore,
    HorizonOutOfRange, and what the source raises.
    """
    with panics_as_errors(source.name), source.opened(POLLS_ALONE) as opened:
        horizon_of(opened, options)
        # With a given now the horizon needs no poll, so nothing has shown yet whether there is any.
        if options.now is not None and options.store is None:
            horizon_of(opened, DEFAULTS)
        return opened.version


def polled_stores(source: "Source") -> list[str]:
    """The stores of a report without options, in byte order. Raises NoPolls, AllPollsRejected, and what the source
    raises."""
    with panics_as_errors(source.name), source.opened(POLLS_ALONE) as opened:
        return opened.stores(horizon_of(opened, DEFAULTS))


def horizon_of(source: "Source", options: Options) -> Horizon:
    """The horizon of a run. Raises what `find_horizon` raises; the NoPolls names the reason."""
    try:
        return find_horizon(source, options)
    except NoPolls:
        from store_uptime.pipeline.plan.rejected import why_no_polls

        raise why_no_polls(source, None) from None
