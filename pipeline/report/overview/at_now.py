"""A report with lanes in, the status of each store at now out, and how its day compares with the one before."""

import polars as pl

from store_uptime.pipeline.durations import WEEK_US
from store_uptime.pipeline.report.figures import FIGURE, uptime_percent
from store_uptime.pipeline.report.lanes import (
    MINUTE_US,
    LaneStatus,
    is_carried,
    is_down,
    lanes_of,
    last_of_each,
    open_changes,
)
from store_uptime.pipeline.report.overview.counts import MINUTES, counted_uptime_percent, minutes_between
from store_uptime.pipeline.report.report import Report
from store_uptime.pipeline.report.times import utc_time

DAY_BEFORE = (5 * 24 * 60, 6 * 24 * 60)
"""The 24 hours before the last day, in minutes of the week."""
WORSE_POINTS = -1
WORDS = {
    LaneStatus.CLOSED: "closed",
    LaneStatus.UP: "up",
    LaneStatus.DOWN: "down",
    LaneStatus.UNKNOWN: "unknown",
    LaneStatus.UP_CARRIED: "up",
    LaneStatus.DOWN_CARRIED: "down",
}


def got_worse(report: Report) -> pl.Series:
    """Whether the last day of each store was at least a point less than the day before; false where either is unknown.

    In the order of `Report.exact`. Raises ValueError where the report has no lanes.
    """
    return (stores_at_now(report)["change_day"] <= WORSE_POINTS).fill_null(False)


def stores_at_now(report: Report) -> pl.DataFrame:
    """A row for each store, in the order of `Report.exact`: docs/semantics.md, "What the page counts".

    store_id; status (closed, up, down, unknown) in the last minute before now; is_carried; down_since_utc (null: it is
    not down), down_since_is_cut (it was down as the week began); uptime_day_before, downtime_day_before (int64, minutes
    of the 24 hours before the last day), uptime_percent_day_before and change_day, the points by which the last day is
    better (both DECIMAL(10,2); null: nothing is known). Raises ValueError where the report has no lanes.
    """
    status, since_us, exact_us = pl.col("last_status"), pl.col("since_us"), pl.col("down_since_us")
    last = last_of_each(lanes_of(report)).select("store", last_status="status")
    down, unknown = pl.col("down_minutes"), pl.col("unknown_minutes")
    day = uptime_percent(pl.col("uptime_last_day_us"), pl.col("downtime_last_day_us"))
    week_us = report.plan.horizon.now_us - WEEK_US
    return (
        report.exact.lazy()
        .select("store_id", "down_since_us", day=day)
        .with_row_index("store")
        .join(last.lazy(), on="store", how="left", maintain_order="left")
        .join(down_runs(report).lazy(), on="store", how="left", maintain_order="left")
        .join(minutes_between(report, *DAY_BEFORE).lazy(), on="store", how="left", maintain_order="left")
        .with_columns(status.fill_null(LaneStatus.CLOSED), pl.col(MINUTES).fill_null(0))
        .with_columns(
            # A report of a version that did not keep the instant has the minute.
            since_us=pl.when(is_down(status)).then(exact_us.fill_null(week_us + MINUTE_US * pl.col("since_minute"))),
            before=counted_uptime_percent(),
        )
        .with_columns(since_us.clip(week_us))
        .select(
            "store_id",
            status=status.replace_strict(WORDS, return_dtype=pl.String),
            is_carried=is_carried(status),
            down_since_utc=utc_time("since_us"),
            down_since_is_cut=(since_us <= week_us).fill_null(False),
            uptime_day_before=pl.col("open_minutes") - down - unknown,
            downtime_day_before=down,
            uptime_percent_day_before="before",
            change_day=(pl.col("day") - pl.col("before")).cast(FIGURE),
        )
        .collect()
    )


def down_runs(report: Report) -> pl.DataFrame:
    """store, since_minute (int64): where the last down time of each store that has any begins; closed time does not end
    it."""
    # Of a store that is down at now this is the run that lasts until then.
    begins = is_down(pl.col("status")) & ~is_down(pl.col("before")).fill_null(False)
    last = last_of_each(open_changes(report).filter(begins))
    return last.select("store", since_minute=pl.col("minute").cast(pl.Int64))
