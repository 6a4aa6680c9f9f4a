"""A plan and its partitions in, a report out: map and concat.

figures_of     the figures of one partition: what a worker does, wherever it is
concatenated   the figures of all partitions as one
"""

from collections.abc import Iterable
from functools import partial

import polars as pl
from duckdb import DuckDBPyConnection

from store_uptime.pipeline.options import microseconds
from store_uptime.pipeline.plan.partitions import Partition
from store_uptime.pipeline.plan.plan import Plan
from store_uptime.pipeline.plan.prepare import Prepared
from store_uptime.pipeline.report.figures import exact
from store_uptime.pipeline.report.quality import quality
from store_uptime.pipeline.report.report import Report
from store_uptime.pipeline.uptime.stage import Figures, uptime


def report(db: DuckDBPyConnection, ready: Prepared, *, lanes: bool = False) -> Report:
    """The report of a run that has been prepared."""
    of_partition = partial(figures_of, db, ready.plan, lanes=lanes)
    figures = concatenated(map(of_partition, ready.partitions))
    whole = exact(ready.plan, figures)
    return Report(
        plan=ready.plan,
        exact=whole,
        quality=quality(ready, whole),
        rejects=ready.rejected,
        lanes=figures.lanes,
    )


def figures_of(db: DuckDBPyConnection, plan: Plan, partition: Partition, *, lanes: bool = False) -> Figures:
    """The figures of one partition: what a worker does, wherever it is."""
    return uptime(db, partition, plan.horizon, max_gap_us(plan), lanes=lanes)


def max_gap_us(plan: Plan) -> int:
    """How far a poll speaks, in microseconds: never beyond the horizon, whatever was asked."""
    length_us = plan.horizon.now_us - plan.horizon.start_us
    return length_us if plan.options.max_gap is None else min(microseconds(plan.options.max_gap), length_us)


def concatenated(figures: Iterable[Figures]) -> Figures:
    """The figures of all partitions as one."""
    every = list(figures)
    lanes = [one.lanes for one in every if one.lanes is not None]
    return Figures(
        windows=pl.concat(one.windows for one in every),
        stores=pl.concat(one.stores for one in every),
        lanes=pl.concat(lanes).sort("store", "minute") if lanes else None,
    )
