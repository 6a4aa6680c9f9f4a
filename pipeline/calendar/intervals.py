"""Weekly hours and zones in, merged UTC business intervals out: docs/semantics.md, "Business time".

    shifts             each weekly row on each local date of its weekday, in wall-clock microseconds
    open_intervals     the same in UTC
    merged_intervals   one interval where they overlap, touch, or nearly touch
    clipped            to the horizon

`business_intervals` runs them in this order for stores with weekly hours; `always_open` is for those without. Times
are int64 microseconds; UTC ones since 1970, wall-clock ones since 1970 on that clock. Intervals are half-open.
"""

# Offsets are joined by zone and wall-clock time, so that Python looks up a zone once per zone and day, never per store.

import polars as pl

from store_uptime.pipeline.calendar.offsets import local_offsets
from store_uptime.pipeline.durations import DAY_US, SECOND_US
from store_uptime.pipeline.options import Horizon

BRIDGED_US = 60 * SECOND_US


def business_intervals(stores: pl.DataFrame, hours: pl.DataFrame, horizon: Horizon) -> pl.DataFrame:
    """When each store is open: store (uint32), `open_us`, `close_us` (int64), disjoint, in order.

    stores: store, zone, always_open; hours: store, weekday, start_us, end_us. An interval that is open at now has its
    true closing, after now; an always open store has one interval, the horizon.
    """
    # A shift of the first or last date, anywhere on Earth and over midnight, begins or ends within five days.
    offsets = local_offsets(stores["zone"].unique(), horizon.start_us - 5 * DAY_US, horizon.now_us + 5 * DAY_US)
    local = hours.lazy().join(stores.lazy().select("store", "zone"), on="store")
    written = merged_intervals(open_intervals(shifts(local, horizon), offsets.lazy()))
    around_the_clock = always_open(stores.filter("always_open"), horizon).lazy()
    return pl.concat([clipped(written, horizon), around_the_clock]).sort("store", "open_us").collect()


def always_open(stores: pl.DataFrame, horizon: Horizon) -> pl.DataFrame:
    """The one interval of each store that never closes: the horizon, now included."""
    # Half-open: one microsecond more, so that a poll at now lies in it.
    return stores.select(
        "store",
        open_us=pl.lit(horizon.start_us, pl.Int64),
        close_us=pl.lit(horizon.now_us + 1, pl.Int64),
    )


def shifts(hours: pl.LazyFrame, horizon: Horizon) -> pl.LazyFrame:
    """store, zone, `start_wall_us`, `end_wall_us`: rule 1. An end at or before the start is on the next date."""
    overnight = pl.when(pl.col("end_us") <= pl.col("start_us")).then(DAY_US).otherwise(0)
    return hours.join(local_dates(horizon), on="weekday").select(
        "store",
        "zone",
        start_wall_us=pl.col("date_us") + pl.col("start_us"),
        end_wall_us=pl.col("date_us") + pl.col("end_us") + overnight,
    )


def local_dates(horizon: Horizon) -> pl.LazyFrame:
    """weekday, `date_us`: every date on which a shift may begin that the horizon touches."""
    # A shift lasts up to two dates, clocks are up to 14 h from UTC, and an interval of tomorrow may be merged with one
    # that is open at now.
    first, last = horizon.start_us // DAY_US - 3, horizon.now_us // DAY_US + 2
    days = pl.int_range(first, last + 1, dtype=pl.Int64)
    return pl.LazyFrame().select(
        weekday=((days + 3) % 7).cast(pl.Int8),  # 1 January 1970 was a Thursday
        date_us=days * DAY_US,
    )


def open_intervals(local: pl.LazyFrame, offsets: pl.LazyFrame) -> pl.LazyFrame:
    """store, `open_us`, `close_us` in UTC: rule 2."""
    # A shift that lies within a skipped hour has no length in UTC, or a negative one.
    return (
        local.pipe(in_utc, "start_wall_us", "open_us", offsets)
        .pipe(in_utc, "end_wall_us", "close_us", offsets)
        .select("store", "open_us", "close_us")
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


def merged_intervals(intervals: pl.LazyFrame) -> pl.LazyFrame:
    """The intervals of each store, one where they overlap, touch, or leave at most 60 s between them: rule 3."""
    # All stores are on one line, far apart: one running maximum over all rows is the latest closing of the same store,
    # without a window per store.
    stretch = pl.col("store").cast(pl.Int128) * 2**64
    is_first = (pl.col("opening") > pl.col("reached").shift() + BRIDGED_US).fill_null(True)
    is_last = is_first.shift(-1, fill_value=True)
    return (
        intervals.with_columns(opening=stretch + pl.col("open_us"))
        .sort("opening")
        .with_columns(reached=(stretch + pl.col("close_us")).cum_max())
        .select(
            pl.col("store", "open_us").filter(is_first),
            close_us=(pl.col("reached") - stretch).cast(pl.Int64).filter(is_last),
        )
    )


def clipped(intervals: pl.LazyFrame, horizon: Horizon) -> pl.LazyFrame:
    """The parts of the intervals in the horizon: rule 4."""
    # <= now: a poll at exactly now may fall into an interval that opens at now. The closing is not cut: `evidence` has
    # to know whether the interval is still open.
    return intervals.filter(pl.col("close_us") > horizon.start_us, pl.col("open_us") <= horizon.now_us).with_columns(
        pl.col("open_us").clip(horizon.start_us)
    )
