"""The tables `timezones` and `menu_hours` of a sample.

A few stores opened later until ten days before the end, and one had another zone: what was before a change lies outside
the horizon of a report.
"""

import polars as pl

from store_uptime.pipeline.durations import DAY_US
from store_uptime.pipeline.sample.random_numbers import draw
from store_uptime.pipeline.sample.stores import Feed

CHANGED_BEFORE_DAYS = 10
EARLIER_ZONE = "US/Pacific"
ALWAYS = {"valid_from": pl.lit(None, pl.Date), "valid_to": pl.lit(None, pl.Date)}

SHIFTS = pl.DataFrame(
    [
        ("day", "09:00", "21:00"),
        ("long day", "07:00", "23:00"),
        ("lunch and dinner", "11:00", "14:30"),
        ("lunch and dinner", "17:00", "22:00"),
        ("night", "17:00", "02:00"),
        ("until 23:59", "00:00", "23:59"),
        ("until 00:00", "00:00", "00:00"),
    ],
    schema=["pattern", "opens", "closes"],
    orient="row",
)


def zones(stores: pl.DataFrame, feed: Feed) -> pl.DataFrame:
    """store_id, timezone_str, valid_from, valid_to (date): one row for each store that has a zone, and two for one."""
    now = stores.drop_nulls("zone").select("number", "store_id", timezone_str="zone", **ALWAYS)
    has_moved = pl.col("number") == 31
    return dated(now, has_moved, feed, timezone_str=pl.lit(EARLIER_ZONE)).drop("number")


def hours(stores: pl.DataFrame, feed: Feed) -> pl.DataFrame:
    """store_id, day_of_week (int8), start_time_local, end_time_local (time), valid_from, valid_to (date): a store's own
    version of its pattern."""
    has_changed = (pl.col("number") % 50 == 11) & (pl.col("shifting") == 1)
    later = (pl.col("start_time_local").cast(pl.Int64) + 3_600 * 1_000_000_000) % (24 * 3_600 * 1_000_000_000)
    rows = dated(weekly_hours(stores), has_changed, feed, start_time_local=later.cast(pl.Time))
    return rows.drop("number", "shifting")


def dated(rows: pl.DataFrame, has_changed: pl.Expr, feed: Feed, **earlier: pl.Expr) -> pl.DataFrame:
    """The rows, behind those that held before a change, where there was one."""
    day = pl.lit(feed.end_us // DAY_US - CHANGED_BEFORE_DAYS, pl.Int32).cast(pl.Date)
    before = rows.filter(has_changed).with_columns(valid_to=day, **earlier)
    return pl.concat([before, rows.with_columns(valid_from=pl.when(has_changed).then(day))])


def weekly_hours(stores: pl.DataFrame) -> pl.DataFrame:
    half_hours = draw("store_key", "half hours", 7).cast(pl.Int64) - 3
    moved = half_hours * 30 * pl.col("shifting")
    late = (draw("store_key", "late", 3) == 0) & pl.col("day_of_week").is_in([4, 5])
    later = pl.when(late).then(60).otherwise(0) * pl.col("shifting")
    closed_day = draw("store_key", "closed day", 56)  # one store in eight has one
    week = pl.select(day_of_week=pl.int_range(7, dtype=pl.Int8))
    return (
        stores.join(week, how="cross", maintain_order="left_right")
        .filter(pl.col("day_of_week") != closed_day)
        .join(SHIFTS, on="pattern", maintain_order="left_right")
        .select(
            "number",
            "shifting",
            "store_id",
            "day_of_week",
            start_time_local=time_of_minutes(minutes_of("opens") + moved),
            end_time_local=time_of_minutes(minutes_of("closes") + moved + later),
            **ALWAYS,
        )
    )


def minutes_of(clock: str) -> pl.Expr:
    hour, minute = (pl.col(clock).str.slice(at, 2).cast(pl.Int64) for at in (0, 3))
    return hour * 60 + minute


def time_of_minutes(since_midnight: pl.Expr) -> pl.Expr:
    """The time of day, on this date or the next."""
    return (since_midnight % (24 * 60) * 60_000_000_000).cast(pl.Time)
