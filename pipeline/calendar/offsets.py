"""Zones in, tables of their UTC offsets out, which times can be joined with.

local_offsets   the stretches of equal offset of some zones
local_days      the local dates of one zone, with their clock changes
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from store_uptime.pipeline.calendar.tzdata import zone_rules
from store_uptime.pipeline.durations import DAY_US, SECOND_US

DEFAULT_ZONE = "America/Chicago"
FOREVER_US = 2**62
SCHEMA = {
    "zone": pl.String,
    "offset_us": pl.Int64,
    "from_utc_us": pl.Int64,
    "until_utc_us": pl.Int64,
    "from_wall_us": pl.Int64,
    "until_wall_us": pl.Int64,
}


def local_offsets(zones: Iterable[str], start_us: int, end_us: int) -> pl.DataFrame:
    """The UTC offset of each zone, for every wall-clock and every UTC time between two instants.

    One row per zone and stretch of equal offset: zone, `offset_us`, [`from_utc_us`, `until_utc_us`) and
    [`from_wall_us`, `until_wall_us`). The wall-clock stretches follow RFC 5545, section 3.3.5, and leave no gap and
    no overlap: a time that occurs twice lies in the first stretch, a skipped one has the offset from before the gap.
    """
    rows = [row for zone in zones for row in stretches(zone, start_us, end_us)]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def local_days(zone: str, start_us: int, end_us: int) -> pl.DataFrame:
    """The local dates that [start_us, end_us) touches, in order: date, start_us, end_us, change_us, shift_us.

    A date lasts from its midnight to the next one's, each by the rule of RFC 5545: a midnight that is skipped is the
    change itself. change_us: when the clocks change on that date (null: they do not), which may be its very start or
    end; shift_us: by how much.
    """
    offsets = local_offsets([zone], start_us - 3 * DAY_US, end_us + 3 * DAY_US)
    dates = pl.int_range(start_us // DAY_US - 2, end_us // DAY_US + 3, dtype=pl.Int64, eager=True)
    begins, ends = pl.col("start_us"), pl.col("end_us")
    return (
        midnights(dates, offsets)
        .with_columns(end_us=begins.shift(-1))
        # begins < ends: a date that a zone left out, as Samoa did in 2011, has no length.
        .filter(begins < ends, begins < end_us, ends > start_us)
        .join(dated_changes(offsets), on="date", how="left", maintain_order="left")
    )


def midnights(dates: pl.Series, offsets: pl.DataFrame) -> pl.DataFrame:
    """date, start_us: the instants of local midnight on dates that are given as days since 1970."""
    stretch = offsets.select("from_wall_us", "offset_us")
    walls = pl.DataFrame({"wall_us": dates * DAY_US})
    return walls.join_asof(stretch, left_on="wall_us", right_on="from_wall_us").select(
        date=date_of(pl.col("wall_us")), start_us=pl.col("wall_us") - pl.col("offset_us")
    )


def dated_changes(offsets: pl.DataFrame) -> pl.DataFrame:
    """date, change_us, shift_us: each change of one zone's offset, on the date that it makes shorter or longer."""
    # That is the date of the first time that is skipped, or of the last one before the clocks go back.
    shift = pl.col("offset_us").diff()
    wall = pl.col("from_utc_us") + pl.col("offset_us").shift()
    last = pl.when(shift < 0).then(wall - 1).otherwise(wall)
    return offsets.select(date=date_of(last), change_us="from_utc_us", shift_us=shift).drop_nulls()


def date_of(wall_us: pl.Expr) -> pl.Expr:
    return (wall_us // DAY_US).cast(pl.Int32).cast(pl.Date)


def stretches(name: str, start_us: int, end_us: int) -> Iterator[tuple[str, int, int, int, int, int]]:
    """The rows of one zone, the first without a beginning and the last without an end."""
    zone = zone_rules(name)
    offset = offset_us(zone, start_us)
    from_utc = from_wall = -FOREVER_US
    for change in changes(zone, start_us, end_us):
        after = offset_us(zone, change)
        # The larger offset is the rule of RFC 5545 for both kinds of change: a time that occurs twice is still in this
        # stretch, and so is one that is skipped.
        until_wall = change + max(offset, after)
        yield name, offset, from_utc, change, from_wall, until_wall
        offset, from_utc, from_wall = after, change, until_wall
    yield name, offset, from_utc, FOREVER_US, from_wall, FOREVER_US


def changes(zone: ZoneInfo, start_us: int, end_us: int) -> Iterator[int]:
    """The instants at which a zone's offset changes: days that differ at their ends, halved down to the second."""
    # zoneinfo has no list of changes, so they are found by its offsets. Two changes within 24 hours would be missed;
    # since 1970 no zone of `tzdata` had any, which a test checks for every version.
    for before in range(start_us // SECOND_US * SECOND_US, end_us, DAY_US):
        low, high = before, before + DAY_US
        if offset_us(zone, low) == offset_us(zone, high):
            continue
        while high - low > SECOND_US:
            middle = low + (high - low) // 2 // SECOND_US * SECOND_US
            same = offset_us(zone, middle) == offset_us(zone, low)
            low, high = (middle, high) if same else (low, middle)
        yield high


def offset_us(zone: ZoneInfo, instant: int) -> int:
    offset = zone.utcoffset(datetime.fromtimestamp(instant // SECOND_US, zone))
    return (offset or timedelta(0)) // timedelta(microseconds=1)
