"""The stores of a sample: their ids, zones, business hours and habits, a group of stores at a time."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from store_uptime.pipeline.sample.random_numbers import draw, next_random, u64, uuid

POLLS_AT_ONCE = 500_000
UNKNOWN_ZONE = "America/Springfield"


@dataclass(frozen=True)
class Feed:
    """What is to be made: how many stores, over how many days up to when, and from which seed."""

    stores: int
    days: int
    seed: int
    end_us: int

    @property
    def hours(self) -> int:
        """Hours of the feed: as many polls per store, but for those that are missing or repeated."""
        return 24 * self.days

    @property
    def never_polled(self) -> int:
        """How many further stores have hours or a zone but no poll."""
        return -(-self.stores // 100)


# Of each hundred stores so many have this zone, with about so many hours from UTC.
ZONES = pl.DataFrame(
    [
        ("America/New_York", 32, -5),
        ("America/Chicago", 20, -6),
        ("America/Los_Angeles", 18, -8),
        ("America/Denver", 8, -7),
        ("America/Phoenix", 4, -7),
        ("America/Detroit", 2, -5),
        ("America/Boise", 2, -7),
        ("Pacific/Honolulu", 1, -10),
        ("US/Central", 2, -6),
        ("America/Puerto_Rico", 2, -4),
        ("Asia/Beirut", 2, 2),
        ("Europe/London", 1, 0),
        ("Asia/Kolkata", 1, 5),
        (None, 5, -6),
    ],
    schema={"zone": pl.String, "share": pl.UInt32, "utc_hours": pl.Int64},
    orient="row",
)


# Of each hundred stores so many keep these hours: open from about `opens_hour` for `open_hours`, where a store may
# move them (`shifting`) by half hours of its own.
PATTERNS = pl.DataFrame(
    [
        ("day", 41, 9, 12, 1),
        ("long day", 13, 7, 16, 1),
        ("lunch and dinner", 16, 11, 11, 1),
        ("night", 14, 17, 9, 1),
        ("until 23:59", 6, 0, 24, 0),
        ("until 00:00", 5, 0, 24, 0),
        ("not written", 5, 0, 24, 0),
    ],
    schema={
        "pattern": pl.String,
        "share": pl.UInt32,
        "opens_hour": pl.Int64,
        "open_hours": pl.Int64,
        "shifting": pl.Int64,
    },
    orient="row",
)


def store_groups(feed: Feed) -> Iterator[pl.DataFrame]:
    """The stores, so many at a time that their polls fit in memory; those never polled come last."""
    total = feed.stores + feed.never_polled
    step = max(1, POLLS_AT_ONCE // feed.hours)
    return (stores_between(first, min(first + step, total), feed) for first in range(0, total, step))


def stores_between(first: int, until: int, feed: Feed) -> pl.DataFrame:
    """The stores of these numbers, one row each, with all that their hours, zone and polls are made from.

    number, store_key (uint64), store_id, zone, utc_hours, pattern, opens_hour, open_hours, shifting, and
    `offset_s` (the second of the hour when it is polled), `outage_odds` (of an outage in a day, per thousand),
    `off_when_closed` (bool), `silent_hours` (without polls before the end), `polled` (bool).
    """
    number = pl.int_range(first, until, dtype=pl.UInt64)
    keyed = pl.select(number=number, store_key=next_random(number + next_random(u64(feed.seed % 2**64))))
    rare = pl.col("number") % 100  # not drawn, so that a hundred stores hold one of each
    return (
        keyed.with_columns(
            store_id=uuid("store_key"),
            zone_lot=draw("store_key", "zone", 100),
            hours_lot=draw("store_key", "hours", 100),
        )
        .join(of_each_hundred(ZONES, "zone_lot"), on="zone_lot", maintain_order="left")
        .join(of_each_hundred(PATTERNS, "hours_lot"), on="hours_lot", maintain_order="left")
        .with_columns(
            zone=pl.when(rare == 42).then(pl.lit(UNKNOWN_ZONE)).otherwise("zone"),
            offset_s=draw("store_key", "second of the hour", 2_880),
            outage_odds=pl.when(draw("store_key", "troubled", 100) < 8).then(700).otherwise(50),
            off_when_closed=draw("store_key", "off when closed", 100) < 5,
            silent_hours=pl.when(rare.is_in([7, 77]))
            .then(draw("store_key", "silent", 4 * 24) + 24)
            .otherwise(0)
            .clip(upper_bound=feed.hours // 2),
            polled=pl.col("number") < feed.stores,
        )
        .drop("zone_lot", "hours_lot")
    )


def of_each_hundred(table: pl.DataFrame, lot: str) -> pl.DataFrame:
    """A table's rows, each as often as its share, numbered from 0 to 99."""
    rows = table.select(pl.exclude("share").repeat_by("share"))
    return rows.explode(rows.columns).with_columns(pl.int_range(pl.len(), dtype=pl.UInt64).alias(lot))
