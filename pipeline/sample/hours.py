"""The tables `timezones` and `menu_hours` of a sample."""

import polars as pl

from store_uptime.pipeline.sample.random_numbers import draw

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


def zones(stores: pl.DataFrame) -> pl.DataFrame:
    """store_id, timezone_str: one row for each store that has a zone."""
    return stores.drop_nulls("zone").select("store_id", timezone_str="zone")


def hours(stores: pl.DataFrame) -> pl.DataFrame:
    """store_id, day_of_week (int8), start_time_local, end_time_local (time): a store's own version of its pattern."""
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
            "store_id",
            "day_of_week",
            start_time_local=time_of_minutes(minutes_of("opens") + moved),
            end_time_local=time_of_minutes(minutes_of("closes") + moved + later),
        )
    )


def minutes_of(clock: str) -> pl.Expr:
    hour, minute = (pl.col(clock).str.slice(at, 2).cast(pl.Int64) for at in (0, 3))
    return hour * 60 + minute


def time_of_minutes(since_midnight: pl.Expr) -> pl.Expr:
    """The time of day, on this date or the next."""
    return (since_midnight % (24 * 60) * 60_000_000_000).cast(pl.Time)
