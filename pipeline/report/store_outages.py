"""The polls of one store of a report in, its outages out: docs/semantics.md, "Outages".

outages_of_store   the outages of the week before now
"""

import polars as pl
from duckdb import DuckDBPyConnection

from store_uptime.pipeline.durations import WEEK_US
from store_uptime.pipeline.plan.partitions import Partition
from store_uptime.pipeline.plan.plan import Plan
from store_uptime.pipeline.plan.windows import Windows
from store_uptime.pipeline.report.periods.computed import ranked_outages
from store_uptime.pipeline.report.periods.outage_list import exact_outages
from store_uptime.pipeline.uptime.periods import PeriodCuts, period_figures
from store_uptime.pipeline.uptime.runs import down_runs


def outages_of_store(
    db: DuckDBPyConnection, plan: Plan, partition: Partition, reasons: pl.DataFrame | None
) -> pl.DataFrame:
    """The outages of the one store that a plan was made for, by start, in the columns of `build_outages`.

    By the report's own max_gap: without one each poll speaks as far as rules 2 and 3 say, and an outage may have been
    as long as the active polls around it allow. reasons: code, poll_us, reason; None: the source has none.
    """
    now_us = plan.horizon.now_us
    cuts = PeriodCuts(Windows.for_all([(now_us - WEEK_US, now_us)]), outages=down_runs)
    outages = period_figures(db, partition, cuts, plan.horizon, plan.max_gap_us).outages
    assert outages is not None  # noqa: S101 - `cuts` wants them
    return exact_outages(ranked_outages(outages, partition.stores, reasons), partition.stores)
