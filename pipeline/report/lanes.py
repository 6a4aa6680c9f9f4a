"""The lanes of a report in, what each store's week consists of out: docs/semantics.md, "The lane of a store".

lanes_of       the lanes of a report that has any
lane_spans     the spans of one status
open_changes   the changes while a store is open, as if its closed time were not there
last_of_each   the last change of each store
is_down        whether a status is down, seen or carried
is_carried     whether it is known, but not from a poll nearby
"""

import polars as pl

from store_uptime.pipeline.durations import SECOND_US, WEEK_US
from store_uptime.pipeline.report.lane_status import LaneStatus
from store_uptime.pipeline.report.report import Report

MINUTE_US = 60 * SECOND_US
WEEK_MINUTES = WEEK_US // MINUTE_US
STATUS, STORE = pl.col("status"), pl.col("store")


def lanes_of(report: Report) -> pl.DataFrame:
    """`Report.lanes`. Raises ValueError where the report has none."""
    if report.lanes is None:
        raise ValueError("the report has no lanes: make it with build_report_with_lanes")
    return report.lanes


def lane_spans(report: Report) -> pl.DataFrame:
    """store, status, from_minute, until_minute (int32, the end excluded): by store and minute, up to now.

    Closed time is a span too, but for that before a store's first change. Raises ValueError: see `lanes_of`.
    """
    # By store and minute they are already: a window over the stores would take sixty times as long.
    following = pl.when(STORE.shift(-1) == STORE).then(pl.col("minute").shift(-1))
    return lanes_of(report).select(
        "store",
        "status",
        from_minute=pl.col("minute").cast(pl.Int32),
        until_minute=following.cast(pl.Int32).fill_null(WEEK_MINUTES),
    )


def open_changes(report: Report) -> pl.DataFrame:
    """store, minute, status, before (the last status in which the store was open; null: the first one of the week), by
    store and minute. Raises ValueError: see `lanes_of`."""
    opened = lanes_of(report).filter(STATUS != LaneStatus.CLOSED)
    return opened.with_columns(before=pl.when(STORE.shift() == STORE).then(STATUS.shift()))


def last_of_each(changes: pl.DataFrame) -> pl.DataFrame:
    """The last change of each store. changes: by store and minute."""
    return changes.filter((STORE.shift(-1) != STORE).fill_null(True))


def is_down(status: pl.Expr) -> pl.Expr:
    """Whether a status is down, seen or carried."""
    return (status == LaneStatus.DOWN) | (status == LaneStatus.DOWN_CARRIED)


def is_carried(status: pl.Expr) -> pl.Expr:
    """Whether a status is known, but not from a poll nearby."""
    return status >= LaneStatus.UP_CARRIED
