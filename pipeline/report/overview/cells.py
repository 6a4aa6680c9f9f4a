"""Zones and now in, the hours and dates of the week on their clocks out, in minutes of the week.

zone_hours   the hours of the clock on the wall of each zone
zone_dates   the local dates of each zone

A minute belongs to the hour and the date in which its last microsecond lies, as it has the status of that. Dates and
hours are those of docs/semantics.md, "Periods".
"""

from collections.abc import Iterable

import polars as pl

from store_uptime.pipeline.calendar.clocks import weekday_of
from store_uptime.pipeline.calendar.offsets import local_offsets
from store_uptime.pipeline.durations import HOUR_US, WEEK_US
from store_uptime.pipeline.report.lanes import MINUTE_US, WEEK_MINUTES

DAY = pl.col("day")


def zone_hours(zones: Iterable[str], now_us: int) -> pl.DataFrame:
    """zone, day (of 1970, int64), weekday (int8, 0 = Monday), hour (int8), from_minute, until_minute (int64): of each
    zone without gap or overlap, in order."""
    # Of all zones at once: of each by itself, as for reports by periods, it takes 10 ms a zone.
    start_us = now_us - WEEK_US
    offset, hour = pl.col("offset_us"), pl.col("wall_hour")
    first_us, last_us = pl.col("from_utc_us").clip(start_us), pl.col("until_utc_us").clip(upper_bound=now_us)
    begins = pl.max_horizontal(first_us, hour * HOUR_US - offset)
    return (
        local_offsets(sorted(set(zones)), start_us, now_us)
        .lazy()
        .filter(first_us < last_us)
        .with_columns(wall_hour=pl.int_ranges((first_us + offset) // HOUR_US, (last_us + offset - 1) // HOUR_US + 1))
        .explode("wall_hour")
        # A date does not begin again where clocks go back over midnight: what follows belongs to its first hour.
        .with_columns(from_minute=(begins - start_us) // MINUTE_US, day=(hour // 24).cum_max().over("zone"))
        .with_columns(hour=(hour - 24 * DAY).clip(0, 23).cast(pl.Int8), weekday=weekday_of(DAY))
        .with_columns(until_minute=pl.col("from_minute").shift(-1).over("zone").fill_null(WEEK_MINUTES))
        # What is shorter than a minute may have none that ends in it.
        .filter(pl.col("from_minute") < pl.col("until_minute"))
        .select("zone", "day", "weekday", "hour", "from_minute", "until_minute")
        .collect()
    )


def zone_dates(zones: Iterable[str], now_us: int) -> pl.DataFrame:
    """zone, date, from_minute, until_minute (int64): of each zone without gap or overlap, in order; cut to the week."""
    return (
        zone_hours(zones, now_us)
        .group_by("zone", "day", maintain_order=True)
        .agg(pl.col("from_minute").min(), pl.col("until_minute").max())
        .select("zone", "from_minute", "until_minute", date=DAY.cast(pl.Int32).cast(pl.Date))
    )
