"""A run, from source to report: plan, exchange, map, concat.

build_report     the figures of all stores, or of one
build_timeline   the segments of one store, each with the poll that it rests on
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import polars as pl

from pipeline.calendar import business_intervals
from pipeline.errors import UnknownStore
from pipeline.figures import exact
from pipeline.intake import Taken, found_horizon, require_polls, taken_hours, taken_polls, taken_zones
from pipeline.options import DEFAULTS, LIMITS, Limits, Options, microseconds
from pipeline.plan import Partition, Plan, exchange, make_plan
from pipeline.quality import quality
from pipeline.report import Report
from pipeline.source import Source
from pipeline.uptime import Figures, uptime

Progress = Callable[[str], None]
"""Is told what is being done, in a few words."""


def silent(step: str) -> None:
    """The progress that tells nobody."""


def build_report(
    source: Source, options: Options = DEFAULTS, limits: Limits = LIMITS, progress: Progress = silent
) -> Report:
    """The uptime and downtime of every store with a poll in the horizon: docs/semantics.md.

    Raises NoPolls, UnknownStore, and what the source raises.
    """
    with source:
        plan, tables = planned(source, options, progress)
    progress("computing uptime and downtime")
    partitions = exchange(plan, tables["polls"].accepted)
    figures = concatenated(map(partial(figures_of, plan=plan, limits=limits), partitions))
    whole = exact(plan, figures)
    return Report(
        plan=plan,
        exact=whole,
        quality=quality(plan, tables, whole, figures.repeats, source.remarks),
        rejects={name: taken.rejected for name, taken in tables.items()},
    )


def planned(source: Source, options: Options, progress: Progress) -> tuple[Plan, dict[str, Taken]]:
    """The plan, and the tables that it was made from."""
    if options.store is not None and not source.has_polled(options.store):
        raise UnknownStore(options.store, source.name)
    horizon = found_horizon(source, options)
    progress("reading polls, hours and zones")
    background = ThreadPoolExecutor(1)  # hours and zones are read and judged while the polls are on their way
    polls_read = background.submit(source.polls, horizon, options.store)
    background.shutdown(wait=False)  # Ctrl-C must not wait for a pull that cannot be interrupted
    hours, zones = taken_hours(source.hours(options.store)), taken_zones(source.zones(options.store))
    polls = taken_polls(polls_read.result(), horizon, source.gives_all)
    if options.store is None:
        require_polls(source, horizon, polls.accepted)
    tables = {"polls": polls, "hours": hours, "zones": zones}
    return make_plan(source.name, options, horizon, polls, hours, zones), tables


def figures_of(partition: Partition, plan: Plan, limits: Limits) -> Figures:
    """The figures of one partition: what a worker does, wherever it is."""
    stores = plan.stores.join(partition.polls.select(pl.col("store").unique()), on="store", how="semi")
    intervals = business_intervals(stores, plan.hours.join(stores, on="store", how="semi"), plan.horizon)
    return uptime(partition.polls, intervals, plan.horizon, reach_us(plan), limits)


def reach_us(plan: Plan) -> int:
    """How far a poll speaks, in microseconds: never beyond the horizon, whatever was asked."""
    length_us = plan.horizon.now_us - plan.horizon.start_us
    return length_us if plan.options.max_gap is None else min(microseconds(plan.options.max_gap), length_us)


def concatenated(figures: Iterable[Figures]) -> Figures:
    """The figures of all partitions as one."""
    every = list(figures)
    return Figures(
        windows=pl.concat(one.windows for one in every),
        stores=pl.concat(one.stores for one in every),
        repeats=pl.concat(one.repeats for one in every).sum(),
    )
