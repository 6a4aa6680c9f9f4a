"""The table `store_status` of a sample: about one poll an hour and store, with outages, repeats and contradictions."""

import polars as pl

from store_uptime.pipeline.durations import HOUR_US, SECOND_US
from store_uptime.pipeline.sample.random_numbers import draw, next_random, salt, u64
from store_uptime.pipeline.sample.stores import Feed

REASONS = ("no connection", "tablet is off", "paused by staff", "kitchen is full", "printer out of paper")


def polls(stores: pl.DataFrame, feed: Feed) -> pl.DataFrame:
    """store_id, status, timestamp_utc (UTC, microseconds), reason: the polls of these stores, shuffled, some of them
    twice. Some that are inactive have a reason, those of a store on a day the same."""
    once = polls_once(stores, feed)
    repeats = once.filter(draw("poll_key", "repeat", 1_000) < 3)
    contradictions = once.filter(draw("poll_key", "contradiction", 20_000) == 0).with_columns(~pl.col("inactive"))
    # Each copy gets a position of its own, so that repeats do not stand beside what they repeat.
    copies = [rows.with_columns(copy=u64(n)) for n, rows in enumerate((once, repeats, contradictions))]
    return (
        pl.concat(copies)
        .with_columns(position=next_random(pl.col("poll_key") + pl.col("copy")))
        .sort("position", maintain_order=True)
        .select(
            "store_id",
            status=pl.when("inactive").then(pl.lit("inactive")).otherwise(pl.lit("active")),
            timestamp_utc=pl.col("poll_us").cast(pl.Datetime("us", "UTC")),
            reason=pl.when("inactive").then("reason"),
        )
    )


def polls_once(stores: pl.DataFrame, feed: Feed) -> pl.DataFrame:
    """store_id, poll_key (uint64), reason, poll_us (int64), inactive (bool): a poll an hour, but for those that are
    missing."""
    hour = pl.col("hour").cast(pl.Int64)
    jitter = draw("poll_key", "jitter", 720 * SECOND_US).cast(pl.Int64)
    hour_us = feed.end_us + (hour - feed.hours) * HOUR_US
    every_hour = pl.LazyFrame().select(hour=pl.int_range(feed.hours, dtype=pl.UInt64))
    return (
        stores.lazy()
        .filter("polled")
        .join(every_hour, how="cross")
        .filter(hour < feed.hours - pl.col("silent_hours").cast(pl.Int64))
        .with_columns(poll_key=next_random(pl.col("store_key") + pl.col("hour")))
        .with_columns(missing=draw("poll_key", "missing", 100))
        .filter(pl.col("missing") >= 2)
        .select(
            "store_id",
            "poll_key",
            reason=reason_of_day(),
            poll_us=hour_us + pl.col("offset_s").cast(pl.Int64) * SECOND_US + jitter,
            inactive=in_outage() | is_switched_off(hour_us) | (draw("poll_key", "flicker", 200) == 0),
        )
        .collect()
    )


def reason_of_day() -> pl.Expr:
    """What is said of a store's inactive polls of 24 hours; null: nothing."""
    key = next_random(next_random(pl.col("store_key") + salt("reason")) + pl.col("hour") // 24)
    return pl.when(key % 3 == 0).then(pl.lit(pl.Series(REASONS)).gather(key // 3 % len(REASONS)))


def in_outage() -> pl.Expr:
    """Whether an outage that began in this stretch of 24 hours, or in the one before, is still going on."""
    day, hour = pl.col("hour") // 24 + 1, pl.col("hour") % 24
    return outage_covers(day, hour) | outage_covers(day - 1, hour + 24)


def outage_covers(day: pl.Expr, hour: pl.Expr) -> pl.Expr:
    """Whether that day's outage, if it has one, covers an hour counted from the day's start: it lasts 1 to 20 hours."""
    key = next_random(next_random(pl.col("store_key") + salt("outage")) + day)
    begins, lasts = key // 1_000 % 24, key // 24_000 % 20 + 1
    return (key % 1_000 < pl.col("outage_odds")) & (hour >= begins) & (hour < begins + lasts)


def is_switched_off(hour_us: pl.Expr) -> pl.Expr:
    """Whether the store goes offline when it closes, and is closed by about now."""
    local_hour = hour_us // HOUR_US + pl.col("utc_hours")
    return pl.col("off_when_closed") & ((local_hour - pl.col("opens_hour")) % 24 >= pl.col("open_hours"))
