"""Reports of one store with lanes in, or its timeline, its local dates out: those of several weeks as one list.

store_days      the dates of one report, up to an instant, to the minute as lanes are
timeline_days   those of a timeline, exact
joined_days     those of several reports
"""

from collections.abc import Sequence

import polars as pl

from store_uptime.pipeline.calendar.offsets import local_days
from store_uptime.pipeline.durations import WEEK_US
from store_uptime.pipeline.report.figures import uptime_percent
from store_uptime.pipeline.report.lanes import MINUTE_US, LaneStatus, is_down, lane_spans
from store_uptime.pipeline.report.overview.cells import zone_dates
from store_uptime.pipeline.report.report import Report
from store_uptime.pipeline.report.timeline import Timeline

COUNTED = ("covered_us", "open_us", "down_us", "unknown_us")
UP = pl.col("open_us") - pl.col("unknown_us") - pl.col("down_us")


def store_days(report: Report, until_us: int) -> pl.DataFrame:
    """A row for each local date of the week of a report of one store, by date, as far as it is before an instant.

    date; covered_us (of the date within the week and before that instant), open_us, down_us, unknown_us (int64), whole
    minutes that are counted as `group_days` does; day_us: how long the whole date is. Raises ValueError where the
    report has no lanes.
    """
    now_us, zone = report.plan.horizon.now_us, report.exact["zone"].item()
    start_us = now_us - WEEK_US
    limit = max(0, -(-(min(until_us, now_us) - start_us) // MINUTE_US))
    dates = zone_dates([zone], now_us).with_columns(pl.col("until_minute").clip(upper_bound=limit))
    dates = dates.filter(pl.col("from_minute") < pl.col("until_minute")).select("date", "from_minute", "until_minute")
    begin, end = pl.col("from_minute"), pl.col("until_minute")
    spans = lane_spans(report).filter(pl.col("status") != LaneStatus.CLOSED)
    minutes = pl.min_horizontal(end, "until_minute_right") - pl.max_horizontal(begin, "from_minute_right")
    status, inside = pl.col("status"), minutes.clip(0).cast(pl.Int64) * MINUTE_US
    lengths = local_days(zone, start_us, now_us).select("date", day_us=pl.col("end_us") - pl.col("start_us"))
    sums = (
        dates.join(spans, how="cross")
        .group_by("date")
        .agg(
            open_us=inside.sum(),
            down_us=pl.when(is_down(status)).then(inside).otherwise(0).sum(),
            unknown_us=pl.when(status == LaneStatus.UNKNOWN).then(inside).otherwise(0).sum(),
        )
    )
    return (
        dates.with_columns(covered_us=(end - begin).cast(pl.Int64) * MINUTE_US)
        .join(sums, on="date", how="left")
        .join(lengths, on="date", how="left")
        .with_columns(pl.col(COUNTED).fill_null(0))
        .sort("date")
        .select("date", *COUNTED, "day_us")
    )


def timeline_days(timeline: Timeline) -> pl.DataFrame:
    """The columns of `store_days`, of a timeline: its pieces as far as they are of each date."""
    now_us = timeline.plan.horizon.now_us
    start, end = pl.col("start_utc").dt.timestamp("us"), pl.col("end_utc").dt.timestamp("us")
    days = timeline.days.select("date", from_us=start, until_us=end)
    pieces = timeline.pieces.select("status", piece_from_us=start, piece_until_us=end)
    inside = pl.min_horizontal("until_us", "piece_until_us") - pl.max_horizontal("from_us", "piece_from_us")
    sums = (
        days.join(pieces, how="cross")
        .with_columns(inside_us=inside.clip(0))
        .group_by("date")
        .agg(
            open_us=pl.col("inside_us").sum(),
            down_us=pl.col("inside_us").filter(pl.col("status") == "down").sum(),
            unknown_us=pl.col("inside_us").filter(pl.col("status") == "unknown").sum(),
        )
    )
    covered = pl.col("until_us").clip(upper_bound=now_us) - pl.col("from_us").clip(lower_bound=now_us - WEEK_US)
    return (
        days.join(sums, on="date", how="left")
        .with_columns(covered_us=covered, day_us=pl.col("until_us") - pl.col("from_us"))
        .with_columns(pl.col(COUNTED).fill_null(0))
        .sort("date")
        .select("date", *COUNTED, "day_us")
    )


def joined_days(days: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The dates of several reports, no time of which is of two, by date: those of one date added up.

    uptime_percent: DECIMAL(10,2), null where nothing is known. report: the place in the list of the one that has most
    of the date.
    """
    numbered = [frame.with_columns(report=pl.lit(number, pl.UInt32)) for number, frame in enumerate(days)]
    return (
        pl.concat(numbered)
        .sort("date", "covered_us", descending=[False, True])
        .group_by("date", maintain_order=True)
        .agg(pl.col(COUNTED).sum(), pl.col("day_us").max(), pl.col("report").first())
        .with_columns(uptime_percent=uptime_percent(UP, pl.col("down_us")))
    )
