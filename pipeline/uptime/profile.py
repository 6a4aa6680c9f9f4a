"""Business intervals, runs of status and the hours of the week in; the profile out: docs/semantics.md, "Profile".

profile_of   sums by group, weekday and hour of the clock on the wall
"""

import polars as pl

from store_uptime.pipeline.packing import PollKeys
from store_uptime.pipeline.uptime.runs import DOWN, UNKNOWN, in_windows

CELL = ("group", "window_id")
SUMS = ("business_us", "downtime_us", "unknown_us", "outages_begun")
START, END = pl.col("start_at"), pl.col("end_at")


def profile_of(
    intervals: pl.DataFrame, runs: pl.DataFrame, begins: pl.DataFrame, cells: pl.DataFrame, keys: PollKeys
) -> pl.DataFrame:
    """group, window_id, business_us, downtime_us, unknown_us, outages_begun: of cells with business time.

    intervals: code, scope, group, start_at, end_at, not after now. runs: the same, and status. begins: the same of the
    first run of each outage. cells: see `in_windows`; window_id is the number of the cell.
    """
    # Many stores have the same hours: their intervals are cut once, as those of the first store on the line.
    first = keys.first_position(pl.col("code"))
    alike = (
        intervals.lazy()
        .group_by("scope", "group", start_at=START - first, end_at=END - first)
        .agg(stores=pl.len())
        .with_columns(code=pl.lit(keys.first, pl.UInt32))
        .collect(engine="streaming")
    )
    business = in_windows(alike, cells, keys).select(*CELL, business_us=(END - START) * pl.col("stores") // 2)
    lost = in_windows(runs.filter(pl.col("status") >= DOWN), cells, keys).select(
        *CELL,
        downtime_us=pl.when(pl.col("status") == DOWN).then(END - START) // 2,
        unknown_us=pl.when(pl.col("status") == UNKNOWN).then(END - START) // 2,
    )
    # The first step of an outage lies in one cell alone.
    first_steps = begins.with_columns(end_at=START + 2)
    begun = in_windows(first_steps, cells, keys).select(*CELL, outages_begun=pl.lit(1, pl.Int64))
    return (
        pl.concat([business, lost, begun], how="diagonal")
        .group_by(CELL)
        .agg(pl.col(SUMS).sum())
        .filter(pl.col("business_us") > 0)
        .collect(engine="streaming")
    )
