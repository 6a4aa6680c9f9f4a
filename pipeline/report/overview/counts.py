"""Lanes and cells of the week in, minutes of stores by status out.

MEASURES          what is counted
status_steps      by how much each change of a lane changes the counts
minutes_in_cells  the minutes of all stores in each cell
minutes_between   the minutes of each store between two minutes of the week

A count changes only where a status does. A change by d in minute m adds d * (end - m) until an end, so the sum until it
is end * (sum of d) - (sum of d * m): each change is looked at once, and no minute is.
"""

import polars as pl

from store_uptime.pipeline.report.figures import uptime_percent
from store_uptime.pipeline.report.lanes import LaneStatus, is_carried, is_down, lane_spans, lanes_of
from store_uptime.pipeline.report.report import Report

MEASURES = ("open", "down", "unknown", "carried")
MINUTES = tuple(f"{name}_minutes" for name in MEASURES)
OPEN, DOWN, UNKNOWN, _ = (pl.col(name) for name in MINUTES)


def status_steps(report: Report) -> pl.DataFrame:
    """store, minute (int64), and for each of `MEASURES` 1, 0 or -1 (int64): how many more stores there are with it.

    down and carried are parts of open, and carried of what is known. Raises ValueError: see `lanes_of`.
    """
    now, store = pl.col("status"), pl.col("store")
    before = pl.when(store.shift() == store).then(now.shift()).otherwise(LaneStatus.CLOSED)
    return lanes_of(report).select(
        "store",
        pl.col("minute").cast(pl.Int64),
        **{name: after - prior for name, after, prior in zip(MEASURES, counted(now), counted(before), strict=True)},
    )


def counted(status: pl.Expr) -> tuple[pl.Expr, ...]:
    """Whether a status counts in each of `MEASURES`, as a number."""
    found = (status != LaneStatus.CLOSED, is_down(status), status == LaneStatus.UNKNOWN, is_carried(status))
    return tuple(each.cast(pl.Int64) for each in found)


def minutes_in_cells(steps: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """The cells, with `MINUTES`: the minutes of all stores of a scope in each.

    steps: scope, minute, `MEASURES`. cells: scope, from_minute, until_minute (int64), and more: of each scope without
    gap or overlap, from the first minute of the week on.
    """
    moments = {f"{name}_moment": pl.col(name) * pl.col("minute") for name in MEASURES}
    summed = [*MEASURES, *moments]
    in_cell = (
        steps.lazy()
        .group_by("scope", "minute")
        .agg(pl.col(MEASURES).sum())
        .with_columns(**moments)
        .sort("minute")
        .join_asof(
            cells.lazy().select("scope", "from_minute").sort("from_minute"),
            left_on="minute",
            right_on="from_minute",
            by="scope",
            check_sortedness=False,
        )
        .group_by("scope", "from_minute")
        .agg(pl.col(summed).sum())
    )
    until, scope = pl.col("until_minute"), "scope"
    return (
        cells.lazy()
        .join(in_cell, on=("scope", "from_minute"), how="left")
        .sort("scope", "from_minute")
        .with_columns(pl.col(summed).fill_null(0).cum_sum().over(scope))
        .with_columns(
            (until * pl.col(name) - pl.col(f"{name}_moment")).alias(minutes)
            for name, minutes in zip(MEASURES, MINUTES, strict=True)
        )
        .with_columns(pl.col(MINUTES) - pl.col(MINUTES).shift(fill_value=0).over(scope))
        .drop(summed)
        .collect()
    )


def minutes_between(report: Report, start: int, end: int) -> pl.DataFrame:
    """store, `MINUTES` (int64) of each store that is open between two minutes of the week.

    Raises ValueError: see `lanes_of`.
    """
    # By spans, not by changes: of one day most of them are left out before anything is summed.
    from_minute, until_minute = (pl.col(name).clip(start, end) for name in ("from_minute", "until_minute"))
    lengths = (
        lane_spans(report)
        .lazy()
        .select("store", "status", length=(until_minute - from_minute).cast(pl.Int64))
        .filter((pl.col("length") > 0) & (pl.col("status") != LaneStatus.CLOSED))
    )
    status, length = pl.col("status"), pl.col("length")
    summed = {name: (each * length).sum() for name, each in zip(MINUTES, counted(status), strict=True)}
    return lengths.group_by("store").agg(**summed).collect()


def counted_uptime_percent() -> pl.Expr:
    """Uptime of what is known, of `MINUTES`: null where nothing is, 100.00 or 0.00 only where nothing is down or up."""
    return uptime_percent(OPEN - UNKNOWN - DOWN, DOWN)


def down_percent_of_known() -> pl.Expr:
    """Down time of what is known, of `MINUTES`, by the same rule."""
    return uptime_percent(DOWN, OPEN - UNKNOWN - DOWN)


def down_percent_of_open() -> pl.Expr:
    """Down time of business time, of `MINUTES`, by the same rule."""
    return uptime_percent(DOWN, OPEN - DOWN)
