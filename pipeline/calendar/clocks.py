"""Clocks: the zone of each date, by which local dates begin somewhere and have hours: docs/semantics.md, "Periods".

Clock            a zone, or several where the zone of a store changes with a date
first_instants   where the dates of a clock begin
local_date       the date of an instant
zone_at          the zone of that date

Dates are days since 1970.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from store_uptime.pipeline.calendar.offsets import local_offsets
from store_uptime.pipeline.durations import DAY_US

EPOCH_DATE = date(1970, 1, 1)
NEAR = 4
"""Dates beyond an instant that may touch it, on any clock, also where its zone changes."""
CHANGE = "|"
"""Between the zones of a clock and the dates of their changes, in its text: no zone has it in its name."""


@dataclass(frozen=True)
class Clock:
    """The zone of each date. zones: the first date, as days since 1970, of each zone, in order; the first of all."""

    zones: tuple[tuple[int | None, str], ...]

    @classmethod
    def of_text(cls, text: str) -> "Clock":
        """`Europe/Berlin`, or `Europe/Berlin|19800|Europe/London`."""
        first, *rest = text.split(CHANGE)
        changes = ((int(day), zone) for day, zone in zip(rest[::2], rest[1::2], strict=True))
        return cls(((None, first), *changes))

    @property
    def text(self) -> str:
        """What `of_text` reads."""
        (_, first), *rest = self.zones
        return CHANGE.join([first, *(f"{day}{CHANGE}{zone}" for day, zone in rest)])


def first_instants(clock: Clock, first: int, last: int) -> pl.DataFrame:
    """The dates of a clock: day (int64), zone, from_us, until_us: from its first instant to that of the next date.

    A date without an instant has no length: from_us = until_us.
    """
    days = pl.DataFrame({"day": pl.int_range(first, last + 2, dtype=pl.Int64, eager=True)})
    since = [(first if day is None else max(day, first), zone) for day, zone in clock.zones]
    zones = pl.DataFrame(since, schema={"since": pl.Int64(), "zone": pl.String()}, orient="row")
    zoned = days.join_asof(zones.sort("since", maintain_order=True), left_on="day", right_on="since")
    offsets = offsets_near(clock, first, last)
    midnight_us = pl.col("day") * DAY_US - pl.col("offset_us")
    begins = (
        zoned.join(offsets, on="zone")
        .filter(midnight_us < pl.col("until_utc_us"))
        .group_by("day")
        .agg(from_us=pl.max_horizontal("from_utc_us", midnight_us).min())
    )
    # A change of zone may let a date begin before the one that it follows: that one has no instant then.
    return (
        zoned.join(begins, on="day")
        .sort("day")
        .with_columns(pl.col("from_us").cum_min(reverse=True))
        .with_columns(until_us=pl.col("from_us").shift(-1))
        .drop_nulls("until_us")
        .select("day", "zone", "from_us", "until_us")
    )


def offsets_near(clock: Clock, first: int, last: int) -> pl.DataFrame:
    """The stretches of equal offset of the zones of a clock: zone, offset_us, from_utc_us, until_utc_us."""
    zones = sorted({zone for _, zone in clock.zones})
    return local_offsets(zones, (first - NEAR) * DAY_US, (last + NEAR) * DAY_US).select(
        "zone", "offset_us", "from_utc_us", "until_utc_us"
    )


def local_date(clock: Clock, instant: int) -> date:
    """The date of an instant on a clock."""
    near = first_instants(clock, instant // DAY_US - NEAR, instant // DAY_US + NEAR)
    return date_of(int(near.filter(pl.col("from_us") <= instant, pl.col("until_us") > instant)["day"][0]))


def zone_at(clock: Clock, instant: int) -> str:
    """The zone of the date that it is on a clock at an instant."""
    day = days_of(local_date(clock, instant))
    return [zone for since, zone in clock.zones if since is None or since <= day][-1]


def days_of(day: date) -> int:
    """The days from 1970 to a date."""
    return (day - EPOCH_DATE).days


def date_of(days: int) -> date:
    """The date so many days after 1970 began."""
    return EPOCH_DATE + timedelta(days=days)


def weekday_of(day: pl.Expr) -> pl.Expr:
    """The weekday of a date, 0 = Monday: int8."""
    return ((day + 3) % 7).cast(pl.Int8)  # 1 January 1970 was a Thursday
