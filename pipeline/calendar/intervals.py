"""Weekly hours and zones in, UTC business intervals out: docs/semantics.md, "Business time".

    pattern_spans      each weekly row of a zone on each local date of its weekday, in UTC, cut to the horizon
    merged_intervals   one interval where spans of a store overlap, touch, or nearly touch

Stores share their patterns: a weekly row of a zone is turned into UTC once, however many stores have it. Times are
int64 microseconds; UTC ones since 1970, wall-clock ones since 1970 on that clock. Intervals are half-open.
"""

# Offsets are joined by zone and wall-clock time, so that Python looks up a zone once per zone and day, never per store.

import polars as pl

from store_uptime.pipeline.calendar.clocks import weekday_of
from store_uptime.pipeline.calendar.offsets import local_offsets
from store_uptime.pipeline.durations import DAY_US, SECOND_US
from store_uptime.pipeline.options import Horizon

BRIDGED_US = 60 * SECOND_US


def pattern_spans(patterns: pl.DataFrame, horizon: Horizon) -> pl.DataFrame:
    """The spans of each pattern near the horizon: pattern, `open_us`, `close_us` (int64); they may overlap.

    patterns: pattern (any type), zone, weekday, start_us, end_us, from_day, until_day (since 1970, the end excluded).
    """
    # A shift of the first or last date, anywhere on Earth and over midnight, begins or ends within five days.
    offsets = local_offsets(patterns["zone"].unique(), horizon.start_us - 5 * DAY_US, horizon.now_us + 5 * DAY_US)
    return open_spans(shifts(patterns.lazy(), horizon), offsets.lazy()).pipe(near, horizon).collect()


def shifts(patterns: pl.LazyFrame, horizon: Horizon) -> pl.LazyFrame:
    """pattern, zone, `start_wall_us`, `end_wall_us`: rule 1. An end at or before the start is on the next date."""
    overnight = pl.when(pl.col("end_us") <= pl.col("start_us")).then(DAY_US).otherwise(0)
    on_dates = patterns.join(local_dates(horizon), on="weekday").filter(
        pl.col("day").is_between("from_day", "until_day", closed="left")
    )
    return on_dates.select(
        "pattern",
        "zone",
        start_wall_us=pl.col("date_us") + pl.col("start_us"),
        end_wall_us=pl.col("date_us") + pl.col("end_us") + overnight,
    )


def local_dates(horizon: Horizon) -> pl.LazyFrame:
    """weekday, day, `date_us`: every date on which a shift may begin that the horizon touches."""
    # A shift lasts up to two dates, clocks are up to 14 h from UTC, and an interval of tomorrow may be merged with one
    # that is open at now.
    first, last = horizon.start_us // DAY_US - 3, horizon.now_us // DAY_US + 2
    days = pl.int_range(first, last + 1, dtype=pl.Int64)
    return pl.LazyFrame().select(
        weekday=weekday_of(days),
        day=days,
        date_us=days * DAY_US,
    )


def open_spans(local: pl.LazyFrame, offsets: pl.LazyFrame) -> pl.LazyFrame:
    """pattern, `open_us`, `close_us` in UTC: rule 2."""
    # A shift that lies within a skipped hour has no length in UTC, or a negative one.
    return (
        local.pipe(in_utc, "start_wall_us", "open_us", offsets)
        .pipe(in_utc, "end_wall_us", "close_us", offsets)
        .select("pattern", "open_us", "close_us")
        .filter(pl.col("close_us") > pl.col("open_us"))
    )


def in_utc(local: pl.LazyFrame, wall: str, utc: str, offsets: pl.LazyFrame) -> pl.LazyFrame:
    """The frame with a wall-clock column turned into UTC."""
    stretch = offsets.select("zone", "offset_us", "from_wall_us", "until_wall_us")
    return (
        local.join(stretch, on="zone")
        .filter(pl.col(wall).is_between("from_wall_us", "until_wall_us", closed="left"))
        .with_columns((pl.col(wall) - pl.col("offset_us")).alias(utc))
        .drop("offset_us", "from_wall_us", "until_wall_us")
    )


def near(spans: pl.LazyFrame, horizon: Horizon) -> pl.LazyFrame:
    """The spans that a merged interval of the horizon may consist of, cut where they begin before it or end after it:
    rule 4."""
    # Only the outer ends are cut. One that closes just before the horizon keeps its closing, and so is merged with what
    # opens within it, or left without a length; one that opens just after now likewise.
    return spans.filter(
        pl.col("close_us") > horizon.start_us - BRIDGED_US, pl.col("open_us") <= horizon.now_us + BRIDGED_US
    ).with_columns(
        pl.col("open_us").clip(lower_bound=horizon.start_us), pl.col("close_us").clip(upper_bound=horizon.now_us + 1)
    )


def merged_intervals(spans: pl.LazyFrame, bridged: int) -> pl.LazyFrame:
    """open_at, close_at: one interval where spans overlap, touch, or leave at most `bridged` between them: rule 3.

    spans: the same, in any order, on a line on which stores are further apart than that.
    """
    # So one running maximum over all rows is the latest closing of the same store, without a window for each store.
    is_first = (pl.col("open_at") > pl.col("reached").shift() + bridged).fill_null(True)
    is_last = is_first.shift(-1, fill_value=True)
    return (
        spans.sort("open_at")
        .with_columns(reached=pl.col("close_at").cum_max())
        .select(pl.col("open_at").filter(is_first), close_at=pl.col("reached").filter(is_last))
    )
