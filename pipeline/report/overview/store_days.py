"""Reports of one store with lanes in, its local dates out: those of several weeks as one list.

store_days    the dates of one report, up to an instant
joined_days   those of several reports
"""

from collections.abc import Sequence

import polars as pl

from store_uptime.pipeline.calendar.offsets import local_days
from store_uptime.pipeline.durations import WEEK_US
from store_uptime.pipeline.report.lanes import MINUTE_US, LaneStatus, is_down, lane_spans
from store_uptime.pipeline.report.overview.cells import zone_dates
from store_uptime.pipeline.report.overview.counts import counted_uptime_percent
from store_uptime.pipeline.report.report import Report

COUNTED = ("covered_minutes", "open_minutes", "down_minutes", "unknown_minutes")


def store_days(report: Report, until_us: int) -> pl.DataFrame:
    """A row for each local date of the week of a report of one store, by date, as far as it is before an instant.

    date; covered_minutes (of the date within the week and before that instant), open_minutes, down_minutes,
    unknown_minutes (int64), counted as `group_days` does; day_minutes: how long the whole date is. Raises ValueError
    where the report has no lanes.
    """
    now_us, zone = report.plan.horizon.now_us, report.exact["zone"].item()
    start_us = now_us - WEEK_US
    limit = max(0, -(-(min(until_us, now_us) - start_us) // MINUTE_US))
    dates = zone_dates([zone], now_us).with_columns(pl.col("until_minute").clip(upper_bound=limit))
    dates = dates.filter(pl.col("from_minute") < pl.col("until_minute")).select("date", "from_minute", "until_minute")
    begin, end = pl.col("from_minute"), pl.col("until_minute")
    spans = lane_spans(report).filter(pl.col("status") != LaneStatus.CLOSED)
    minutes = pl.min_horizontal(end, "until_minute_right") - pl.max_horizontal(begin, "from_minute_right")
    status, inside = pl.col("status"), minutes.clip(0).cast(pl.Int64)
    lengths = local_days(zone, start_us, now_us).select(
        "date", day_minutes=((pl.col("end_us") - pl.col("start_us")) // MINUTE_US)
    )
    sums = (
        dates.join(spans, how="cross")
        .group_by("date")
        .agg(
            open_minutes=inside.sum(),
            down_minutes=pl.when(is_down(status)).then(inside).otherwise(0).sum(),
            unknown_minutes=pl.when(status == LaneStatus.UNKNOWN).then(inside).otherwise(0).sum(),
        )
    )
    return (
        dates.with_columns(covered_minutes=(end - begin).cast(pl.Int64))
        .join(sums, on="date", how="left")
        .join(lengths, on="date", how="left")
        .with_columns(pl.col(COUNTED).fill_null(0))
        .sort("date")
        .select("date", *COUNTED, "day_minutes")
    )


def joined_days(days: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The dates of several reports, no time of which is of two, by date: those of one date added up.

    uptime_percent: DECIMAL(10,2), null where nothing is known. report: the place in the list of the one that has most
    of the date.
    """
    numbered = [frame.with_columns(report=pl.lit(number, pl.UInt32)) for number, frame in enumerate(days)]
    return (
        pl.concat(numbered)
        .sort("date", "covered_minutes", descending=[False, True])
        .group_by("date", maintain_order=True)
        .agg(pl.col(COUNTED).sum(), pl.col("day_minutes").max(), pl.col("report").first())
        .with_columns(uptime_percent=counted_uptime_percent())
    )
