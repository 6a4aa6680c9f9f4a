"""chDB alone, ClickHouse in the process: it reads the Parquet files itself, and one query makes the seven columns.

    python benches/peers/chdb_alone.py FOLDER FILE

Arrays instead of joins: a store's openings, closings and polls become one sorted array of integers, and what follows
is functions of arrays. ClickHouse knows zones only as constants, and reads a skipped time otherwise than we do, so
Python's `zoneinfo` tells the few offsets beforehand. What `store-uptime report` does and this does not:

- no rejects, no counts, no lists, no summary; a status other than active is inactive, and any time is believed
- a store whose hours rows are all bad is closed here, and has unknown hours in the report
- zones are those that `zoneinfo` finds: the operating system's before `tzdata`'s
- no max-gap, no lookback of another length, no single store; one file a table, typed as the sample's are
- the newest poll is taken as now, however far ahead of the clock it is
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import chdb

HOUR_US = 3_600_000_000
MICROSECOND = timedelta(microseconds=1)
STEP = timedelta(minutes=30)  # clocks change at such a time of UTC
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SETTINGS = """
settings schema_inference_make_columns_nullable = 0, output_format_decimal_trailing_zeros = 1,
         format_csv_null_representation = ''
"""

NEWEST = "select toUnixTimestamp64Micro(max(timestamp_utc)) from {polls}"
ZONES = "select distinct timezone_str from {zones}"
# Times are microseconds since the start: now is 192 hours later. A mark is a time, and in its last two bits 0 for an
# opening or closing, 1 for active, 2 for inactive.
REPORT = """
with
offsets as (
    select zone, groupArray(local_us) as since, groupArray(offset_us) as offset
    from (
        select *
        from values('zone String, local_us Int64, offset_us Int64', {offsets})
        order by zone, local_us
    )
    group by zone
),
zones as (
    select store_id, min(timezone_str) as zone
    from {zones}
    where timezone_str in (select zone from offsets)
    group by store_id
),
rules as (
    select store_id, day_of_week, if(zone = '', 'America/Chicago', zone) as zone,
           toUnixTimestamp64Micro(start_time_local) as start_us, toUnixTimestamp64Micro(end_time_local) as end_us
    from {hours} as hours
    left join zones using (store_id)
),
shifts as (
    select store_id,
           day * 86400000000 + start_us                                        as opens_us,
           day * 86400000000 + end_us + if(end_us > start_us, 0, 86400000000)  as closes_us,
           opens_us - offset[arrayLastIndex(each -> each <= opens_us, since)] - {start_us}   as open_us,
           closes_us - offset[arrayLastIndex(each -> each <= closes_us, since)] - {start_us} as close_us
    from rules
    join offsets using (zone)
    array join arrayFilter(each -> (each + 3) % 7 = day_of_week, range({first_day}, {first_day} + 14)) as day
),
-- Shifts as a sweep: each begins at an even number, and ends at an odd one a minute late, so that a gap of a minute is
-- none. Where their count goes from 0 to 1 the store opens, and where it goes from 1 to 0 it closes.
business as (
    select store_id, true as has_hours,
           groupArrayIf([open_us * 2, (close_us + 60000000) * 2 + 1], close_us > open_us) as spans,
           arraySort(arrayFlatten(spans))                                                 as ends,
           arrayCumSum(each -> 1 - 2 * bitAnd(each, 1), ends)                             as depths,
           arrayFilter((each, depth) -> depth = 1 - bitAnd(each, 1), ends, depths)        as edges,
           arrayMap(each -> greatest(bitShiftRight(each, 1) - 60000000 * bitAnd(each, 1), 0) * 4, edges)
                                                                                          as bounds
    from shifts
    group by store_id
),
polls as (
    select store_id,
           groupArray((toUnixTimestamp64Micro(timestamp_utc) - {start_us}) * 4 + if(status = 'active', 1, 2)) as polls
    from {polls}
    where timestamp_utc >= fromUnixTimestamp64Micro({start_us})
    group by store_id
),
-- Of several polls at once, inactive counts: it comes last.
-- What is silent takes the status before it, or else the one after it.
pieces as (
    select store_id,
           arraySort(arrayConcat(polls, if(has_hours, bounds, [toInt64(0), toInt64({now_us} * 4 + 4)]))) as marks,
           arrayFilter((each, next) -> bitAnd(each, 3) = 0 or bitShiftRight(each, 2) != bitShiftRight(next, 2),
                       marks, arrayShiftLeft(marks, 1))                               as once,
           arrayMap(each -> bitAnd(each, 3), once)                                    as kinds,
           arrayMap(each -> each % 2, arrayCumSum(each -> each = 0, kinds))           as inside,
           arrayMap((each, next, open) -> open * if(each > 0, each, next), kinds, arrayShiftLeft(kinds, 1), inside)
                                                                                      as told,
           arrayReverseFill(each -> each > 0, arrayFill(each -> each > 0, told))      as filled,
           arrayMap((each, open) -> if(open = 1, each, 3), filled, inside)            as status,
           arrayMap(each -> bitShiftRight(each, 2), once)                             as from_us,
           arrayMap(each -> least(each, {now_us}), arrayShiftLeft(from_us, 1))        as until_us
    from polls
    left join business using (store_id)
)
select store_id, {figures}
from pieces
order by store_id
"""
FIGURE = """
if({unknown} > 0, null, toDecimal64(toInt64(roundBankers({known} / {unit_us})), 2) / 100) as "{way}time_last_{name}"
"""
LENGTH = """
arraySum((begin, end, each) -> if(each = {status}, greatest(end - greatest(begin, {window_us}), 0), 0),
         from_us, until_us, status)
"""
WINDOWS = {
    "hour(minutes)": (191 * HOUR_US, 600_000),
    "day(hours)": (168 * HOUR_US, 36_000_000),
    "week(hours)": (24 * HOUR_US, 36_000_000),
}
FIGURES = ",".join(
    FIGURE.format(
        unknown=LENGTH.format(status=0, window_us=window_us),
        known=LENGTH.format(status=status, window_us=window_us),
        way=way,
        name=name,
        unit_us=unit_us,
    )
    for way, status in (("up", 1), ("down", 2))
    for name, (window_us, unit_us) in WINDOWS.items()
)


def main(folder: Path, out: Path) -> None:
    """Look at now and the zones, then ask for all the rest."""
    names = {"polls": "store_status", "hours": "menu_hours", "zones": "timezones"}
    files = {name: f"file('{folder / table}.parquet', Parquet)" for name, table in names.items()}
    now_us = int(rows(NEWEST.format(**files))[0])
    start = EPOCH + now_us * MICROSECOND - timedelta(hours=192)
    zones = {"America/Chicago", *rows(ZONES.format(**files))}
    query = REPORT.format(
        **files,
        start_us=(start - EPOCH) // MICROSECOND,
        now_us=192 * HOUR_US,
        first_day=(start - EPOCH).days - 3,
        offsets=", ".join(str(row) for zone in zones for row in offsets(zone, start)),
        figures=FIGURES,
    )
    out.write_bytes(chdb.query(query + SETTINGS, "CSVWithNames").bytes())


def rows(query: str) -> list[str]:
    """A query's only column."""
    return str(chdb.query(query + SETTINGS, "TabSeparatedRaw")).splitlines()


def offsets(name: str, start: datetime) -> list[tuple[str, int, int]]:
    """The zone, since which local time, and the offset; none for what is no zone. All is in microseconds.

    A time that occurs twice is still the first one, and a skipped one has the offset from before the gap.
    """
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return []
    first = start.replace(minute=0, second=0, microsecond=0) - timedelta(days=5)
    told: list[tuple[str, int, int]] = []
    for at in (first + place * STEP for place in range(17 * 48)):
        offset_us = (at.astimezone(zone).utcoffset() or timedelta()) // MICROSECOND
        if not told:
            told.append((name, 0, offset_us))
        elif offset_us != told[-1][2]:
            told.append((name, (at - EPOCH) // MICROSECOND + max(offset_us, told[-1][2]), offset_us))
    return told


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
