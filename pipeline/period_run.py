"""A run by periods, from source to report: read -> clean -> plan -> partitions -> periods -> report.

periods_in_one_pass   the figures of all stores, or of one, in each period
"""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
from duckdb import DuckDBPyConnection

from store_uptime.pipeline.errors import BadPeriod, NoPolls, UnknownStore
from store_uptime.pipeline.logs import logger_of
from store_uptime.pipeline.options import Horizon, Limits, Options
from store_uptime.pipeline.panics import panics_as_errors
from store_uptime.pipeline.periods import Period
from store_uptime.pipeline.plan.partitions import CodeRange, known_partition
from store_uptime.pipeline.plan.periods import PeriodRun, find_periods, period_windows, week_cells
from store_uptime.pipeline.plan.plan import max_gap_us
from store_uptime.pipeline.plan.prepare import Prepared, prepare_run, with_reasons
from store_uptime.pipeline.plan.rejected import why_no_polls
from store_uptime.pipeline.plan.table_facts import table_facts
from store_uptime.pipeline.report.choice import beside_warnings
from store_uptime.pipeline.report.periods.computed import (
    ComputedPeriods,
    computed_periods,
    groups_of,
    period_report_from,
)
from store_uptime.pipeline.report.periods.period_report import PeriodReport
from store_uptime.pipeline.run import Progress, of_partitions
from store_uptime.pipeline.steps import Step
from store_uptime.pipeline.uptime.periods import OutageNumbers, PeriodCuts, PeriodFigures, PeriodTable, period_figures
from store_uptime.pipeline.uptime.runs import down_runs, down_runs_split_at_closing
from store_uptime.pipeline.uptime.stage import database

if TYPE_CHECKING:
    from store_uptime.pipeline.source.protocol import Source

log = logger_of(__name__)


@dataclass(frozen=True)
class PeriodTables:
    """What a report by periods has beside its rows: the tables, and whether an outage ends where its store closes."""

    tables: frozenset[PeriodTable] = frozenset()
    split_at_closing: bool = False


def periods_in_one_pass(
    source: "Source", options: Options, wanted: PeriodTables, limits: Limits, progress: Progress
) -> PeriodReport:
    """The figures of all stores or one: `build_periods` says what it raises."""
    progress(Step.READING.words)
    with panics_as_errors(source.name), ExitStack() as resources:
        with source.opened() as opened:
            run = periods_of(opened, options)
            raw = opened.read(run.horizon, options.store)
            progress(Step.READING.words)  # again: the version of the data is known now, and callers read it here
            db = resources.enter_context(database(limits))
            prepared = prepare_run(opened, options, run.horizon, raw)
            if "outages" in wanted.tables:
                prepared = with_reasons(prepared, raw)
            span = opened.poll_span_us() if prepared.polls.counts.accepted == 0 else None
            if prepared.declared.stores.is_empty() and prepared.polls.counts.accepted == 0:
                raise nothing_known(opened, options, run.horizon)
        progress(Step.COMPUTING.with_counts(polls=prepared.polls.counts.accepted))
        with beside_warnings(source.warnings):
            found, periods = periods_of_run(prepared, run, wanted, db, limits, progress)
    facts = table_facts(prepared, found.plan)
    with beside_warnings(source.warnings):
        return period_report_from(found, periods, facts, prepared.warnings, prepared.attributes, span)


def periods_of(source: "Source", options: Options) -> PeriodRun:
    """The periods of a run. Raises what `find_periods` raises; the NoPolls names the reason."""
    try:
        return find_periods(source, options, options.period or Period("7d"))
    except NoPolls:
        raise why_no_polls(source, None) from None


def nothing_known(source: "Source", options: Options, horizon: Horizon) -> Exception:
    """The error where no table knows any store, or the one of the options."""
    if options.store is not None:
        return UnknownStore(options.store, source.name)
    return why_no_polls(source, horizon)


def periods_of_run(
    prepared: Prepared,
    run: PeriodRun,
    wanted: PeriodTables,
    db: DuckDBPyConnection,
    limits: Limits,
    progress: Progress,
) -> tuple[ComputedPeriods, pl.DataFrame]:
    """The figures of all partitions, and their periods: see `period_windows`."""
    horizon, gap_us = prepared.horizon, max_gap_us(prepared.options, prepared.horizon)
    clocks = prepared.declared.clocks
    windows, periods = period_windows(run, clocks)
    if periods.is_empty():
        raise BadPeriod(f"{run.whole} has no instant on the clock of any store")
    grouped = groups_of(prepared)
    cuts = PeriodCuts(
        windows=windows,
        cells=week_cells(run, clocks) if "profile" in wanted.tables else None,
        groups=grouped.of_store.select(code="store", group="group"),
        outages=outage_numbers(wanted) if "outages" in wanted.tables else None,
    )

    def figures(codes: CodeRange) -> PeriodFigures:
        return period_figures(db, known_partition(codes, prepared.declared, horizon), cuts, horizon, gap_us)

    found = of_partitions(prepared, figures, limits, progress)
    return computed_periods(prepared, found, periods, grouped), periods


def outage_numbers(wanted: PeriodTables) -> OutageNumbers:
    """How down runs become outages."""
    return down_runs_split_at_closing if wanted.split_at_closing else down_runs
