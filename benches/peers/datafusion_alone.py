"""DataFusion alone: it reads the Parquet files itself, and a few queries make the seven columns.

    python benches/peers/datafusion_alone.py FOLDER FILE

It knows zones only as constants of a query, so Python's `zoneinfo` tells the few offsets beforehand. One sweep instead
of joins: openings and polls are packed into one integer each, sorted once, and the windows follow that order. It holds
up to two million stores. What `store-uptime report` does and this does not:

- no rejects, no counts, no lists, no summary; a status other than active is inactive, and any time is believed
- a store whose hours rows are all bad is closed here, and has unknown hours in the report
- zones are those that `zoneinfo` finds: the operating system's before `tzdata`'s
- no max-gap, no lookback of another length, no single store; one file a table, typed as the sample's are
- the newest poll is taken as now, however far ahead of the clock it is
"""

import sys
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa

HOUR_US = 3_600_000_000
FOREVER_US = 2**62
MICROSECOND = timedelta(microseconds=1)
STEP = timedelta(minutes=30)  # clocks change at such a time of UTC
DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OFFSETS = pa.schema([("zone", pa.string()), *((name, pa.int64()) for name in ("since_us", "until_us", "offset_us"))])
DATES = pa.schema([("day_of_week", pa.int8()), ("day_us", pa.int64())])

NEWEST = "select max(timestamp_utc) as newest from store_status"
STORES = """
select store_id, cast(row_number() over () as bigint) as store, coalesce(zone, 'America/Chicago') as zone
from (
    select distinct store_id
    from store_status
    where timestamp_utc >= to_timestamp_micros({start_us})
) as polled
left join (
    select store_id, min(timezone_str) as zone
    from timezones
    where timezone_str in (select zone from offsets)
    group by store_id
) as zones using (store_id)
"""
SHIFTS = """
with rules as (
    select store, zone, day_us + cast(start_time_local as bigint) / 1000 as opens_us,
           day_us + cast(end_time_local as bigint) / 1000
               + case when end_time_local > start_time_local then 0 else 86400000000 end as closes_us
    from menu_hours
    join stores using (store_id)
    join dates using (day_of_week)
)
select store, opens_us - opening.offset_us as open_us, closes_us - closing.offset_us as close_us
from rules
join offsets as opening on opening.zone = rules.zone and opens_us >= opening.since_us and opens_us < opening.until_us
join offsets as closing on closing.zone = rules.zone and closes_us >= closing.since_us and closes_us < closing.until_us
"""
INTERVALS = """
with reached as (
    select store, open_us, close_us, max(close_us) over (
        partition by store order by open_us, close_us rows between unbounded preceding and 1 preceding
    ) as reached_us
    from shifts
    where close_us > open_us
),
blocks as (
    select store, open_us, close_us,
           sum(case when open_us > reached_us + 60000000 then 1 else 0 end) over (
               partition by store order by open_us, close_us rows between unbounded preceding and current row
           ) as block
    from reached
),
merged as (
    select store, greatest(min(open_us), {start_us}) as open_us, max(close_us) as close_us
    from blocks
    group by store, block
)
select store, open_us, close_us
from merged
where close_us > {start_us} and open_us <= {now_us}
union all
select stores.store, {start_us}, {now_us} + 1
from stores
left anti join shifts on shifts.store = stores.store
"""
# A mark is a store, the microseconds since the start, and in the last two bits 0 opening, 1 active, 2 inactive.
# Of several polls at once, inactive counts: it comes last.
PARTS = """
with marks as (
    select (store << 42) + ((cast(timestamp_utc as bigint) - {start_us}) << 2)
               + case when status = 'active' then 1 else 2 end as mark,
           cast(null as bigint) as close_mark
    from store_status
    join stores using (store_id)
    where timestamp_utc >= to_timestamp_micros({start_us})
    union all
    select (store << 42) + ((open_us - {start_us}) << 2), (store << 42) + ((close_us - {start_us}) << 2)
    from intervals
),
paired as (
    select mark, close_mark, lag(mark) over (order by mark) as before, lead(mark) over (order by mark) as after
    from marks
),
changes as (
    select mark, mark & 3 as kind, close_mark
    from paired
    where (mark & 3) = 0 or (
        ((after >> 2) is distinct from (mark >> 2))
        and ((before >> 2) = (mark >> 2) or (before & 3) is distinct from (mark & 3))
    )
),
neighbours as (
    select mark, kind,
           max(close_mark) over (order by mark rows between unbounded preceding and current row) as close_mark,
           lag(kind) over (order by mark) = 0                                                   as is_first,
           lag(mark) over (order by mark)                                                       as before,
           lead(mark) over (order by mark)                                                      as after
    from changes
),
judged as (
    select mark, kind, close_mark, is_first, before,
           least(coalesce(after, close_mark), close_mark) as until_mark,
           kind > 0 and mark < close_mark                 as is_evidence,
           max(case when kind > 0 and mark < close_mark then mark end) over (
               order by mark rows between unbounded preceding and current row
           ) as evidence
    from neighbours
)
select mark >> 42                                                      as store,
       case when is_evidence and is_first then before else mark end >> 2 as from_mark,
       until_mark >> 2                                                 as until_mark,
       case when (evidence >> 42) = (mark >> 42) then evidence & 3 end     as kind,
       is_evidence
from judged
where is_evidence or (kind = 0 and until_mark = close_mark)
"""
# What is silent before any evidence takes the first that comes.
REPORT = """
with later as (
    select store, first_value(kind order by from_mark) as kind
    from parts
    where is_evidence and store in (select store from parts where kind is null)
    group by store
),
pieces as (
    select parts.store, from_mark - (parts.store << 40) + {start_us} as from_us,
           least(until_mark - (parts.store << 40) + {start_us}, {now_us}) as until_us,
           coalesce(parts.kind, later.kind) = 1 as active
    from parts
    left join later on later.store = parts.store
),
lengths as (
    select store, active,
           greatest(until_us - greatest(from_us, {now_us} - 3600000000), 0)       as hour_us,
           greatest(until_us - greatest(from_us, {now_us} - 24 * 3600000000), 0)  as day_us,
           greatest(until_us - greatest(from_us, {now_us} - 168 * 3600000000), 0) as week_us
    from pieces
),
sums as (
    select store,
           sum(hour_us) filter (where active)     as up_hour,
           sum(hour_us) filter (where not active) as down_hour,
           sum(day_us) filter (where active)      as up_day,
           sum(day_us) filter (where not active)  as down_day,
           sum(week_us) filter (where active)     as up_week,
           sum(week_us) filter (where not active) as down_week,
           coalesce(max(hour_us) filter (where active is null) > 0, false) as no_hour,
           coalesce(max(day_us) filter (where active is null) > 0, false)  as no_day,
           coalesce(max(week_us) filter (where active is null) > 0, false) as no_week
    from lengths
    group by store
)
select store_id, {figures}
from stores
left join sums using (store)
order by store_id
"""
# Half to even in whole numbers: DataFusion itself rounds a half away from zero.
FIGURE = """
case when no_{window} then null else cast((
    coalesce({way}_{window}, 0) / {unit_us}
    + case when {way}_{window} % {unit_us} * 2 + {way}_{window} / {unit_us} % 2 > {unit_us} then 1 else 0 end
) / 100.0 as decimal(10, 2)) end as "{way}time_last_{window}({unit})"
"""
WINDOWS = (("hour", "minutes", 600_000), ("day", "hours", 36_000_000), ("week", "hours", 36_000_000))
FIGURES = ",".join(
    FIGURE.format(way=way, window=window, unit=unit, unit_us=unit_us)
    for way in ("up", "down")
    for window, unit, unit_us in WINDOWS
)


def main(folder: Path, out: Path) -> None:
    """Each step is kept, because a view would be computed anew for each of its readers."""
    sys.meta_path.insert(0, WithoutPandas())
    from datafusion import SessionContext

    context = SessionContext()
    for table in ("store_status", "menu_hours", "timezones"):
        context.register_parquet(table, str(folder / f"{table}.parquet"))
    now = context.sql(NEWEST).to_pydict()["newest"][0]
    now_us = (now - EPOCH) // MICROSECOND
    words = {"now_us": now_us, "start_us": now_us - 192 * HOUR_US, "figures": FIGURES}

    def keep(name: str, query: str) -> None:
        context.register_table(name, context.sql(query.format(**words)).cache())

    names = context.sql("select distinct timezone_str from timezones").to_pydict()["timezone_str"]
    start = now - timedelta(hours=192)
    rows = [row for zone in {*names, "America/Chicago"} - {None} for row in offsets(zone, start)]
    context.from_arrow(pa.Table.from_pylist(rows, OFFSETS), "offsets")
    context.from_arrow(pa.Table.from_pylist(dates(start), DATES), "dates")
    keep("stores", STORES)
    keep("shifts", SHIFTS)
    keep("intervals", INTERVALS)
    keep("parts", PARTS)
    context.sql(REPORT.format(**words)).write_csv(str(out), with_header=True)


class WithoutPandas:
    """Arrow imports pandas where it is installed; nothing here uses it, and it takes half a second."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        """Not there."""
        if name == "pandas":
            raise ModuleNotFoundError(name)


def offsets(name: str, start: datetime) -> list[dict[str, object]]:
    """zone, offset_us, and since_us and until_us, the local time to which it applies; none for what is no zone.

    A time that occurs twice is still the first one, and a skipped one has the offset from before the gap.
    """
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return []
    first = start.replace(minute=0, second=0, microsecond=0) - 5 * DAY
    told: list[tuple[int, int]] = []
    for at in (first + place * STEP for place in range(17 * 48)):
        offset_us = (at.astimezone(zone).utcoffset() or timedelta()) // MICROSECOND
        if not told or offset_us != told[-1][1]:
            told.append(((at - EPOCH) // MICROSECOND + max(offset_us, told[-1][1] if told else offset_us), offset_us))
    ends = [since_us for since_us, _ in told[1:]]
    return [
        {"zone": name, "since_us": since_us, "until_us": until_us, "offset_us": offset_us}
        for (since_us, offset_us), until_us in zip(told, [*ends, FOREVER_US], strict=True)
    ]


def dates(start: datetime) -> list[dict[str, object]]:
    """day_of_week and day_us, the date's midnight: all dates whose shifts can reach the horizon."""
    midnights = [datetime.combine(start.date(), time(), UTC) + days * DAY for days in range(-3, 11)]
    return [{"day_of_week": each.weekday(), "day_us": (each - EPOCH) // MICROSECOND} for each in midnights]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
