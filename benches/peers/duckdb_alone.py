"""DuckDB alone: it reads the Parquet files itself, and one query makes the seven columns.

    python benches/peers/duckdb_alone.py FOLDER FILE

One sweep instead of joins: openings and polls are packed into one integer each, sorted once, and all that follows
streams over them. Range joins and ASOF joins gave the same figures and took a quarter more processor time. It holds up
to two million stores. What `store-uptime report` does and this does not:

- no rejects, no counts, no lists, no summary; a status other than active is inactive, and any time is believed
- a store whose hours rows are all bad is closed here, and has unknown hours in the report
- zones are DuckDB's own (ICU), not `tzdata`'s; a wall-clock time that occurs twice is its second occurrence here
- no max-gap, no lookback of another length, no single store; one file a table, typed as the sample's are
- the newest poll is taken as now, however far ahead of the clock it is
"""

import sys
from pathlib import Path

import duckdb

REPORT = """
with polls as materialized (
    select store_id, epoch_us(timestamp_utc) as poll_us, status = 'active' as active
    from read_parquet($polls)
    where timestamp_utc >= (select max(timestamp_utc) from read_parquet($polls)) - interval 192 hours
),
instant as materialized (
    select max(poll_us) as now_us, now_us - 192 * 3600000000 as start_us
    from polls
),
stores as materialized (
    select store_id, row_number() over () as store,
           coalesce(min(timezone_str) filter (timezone_str in (select name from pg_timezone_names())),
                    'America/Chicago') as zone
    from (select distinct store_id from polls)
    left join read_parquet($zones) using (store_id)
    group by store_id
),
rules as materialized (
    select store, zone, day_of_week,
           to_microseconds(epoch_us(start_time_local::time)) as opens,
           to_microseconds(epoch_us(end_time_local::time))   as closes
    from read_parquet($hours)
    join stores using (store_id)
),
dates as (
    select unnest(generate_series(make_timestamp(start_us)::date - 3, make_timestamp(now_us)::date + 2,
                                  interval 1 day)) as midnight
    from instant
),
clock as (
    select zone, day_of_week, opens, closes,
           epoch_us(timezone(zone, midnight + opens)) as open_us,
           epoch_us(timezone(zone, midnight + closes + if(closes <= opens, interval 1 day, interval 0 day))) as close_us
    from (select distinct zone, day_of_week, opens, closes from rules)
    join dates on isodow(midnight) = day_of_week + 1
),
blocks as (
    select store, open_us, close_us,
           coalesce(sum(apart) over (partition by store order by open_us, close_us), 0) as block
    from (
        select store, open_us, close_us, open_us > 60000000 + max(close_us) over (
            partition by store order by open_us, close_us rows between unbounded preceding and 1 preceding
        ) as apart
        from rules
        join clock using (zone, day_of_week, opens, closes)
        where close_us > open_us
    )
),
intervals as (
    select store, greatest(min(open_us), any_value(start_us)) as open_us, max(close_us) as close_us
    from blocks, instant
    group by store, block
    having max(close_us) > any_value(start_us) and min(open_us) <= any_value(now_us)
    union all
    select store, start_us, now_us + 1
    from stores, instant
    where store not in (select store from rules)
),
-- A mark is a store, the microseconds since the start, and in the last two bits 0 opening, 1 active, 2 inactive.
marks as (
    select (store << 42) + ((poll_us - start_us) << 2) + if(active, 1, 2) as mark, null::bigint as close_mark
    from polls
    join stores using (store_id), instant
    union all
    select (store << 42) + ((open_us - start_us) << 2), (store << 42) + ((close_us - start_us) << 2)
    from intervals, instant
),
ordered as (
    select mark, mark & 3 as kind, close_mark
    from marks
    order by mark
),
-- Of several polls at once, inactive counts: it comes last. What repeats the status before it is left out.
changes as (
    select mark, kind, close_mark
    from ordered
    qualify kind = 0 or (
        (lead(mark) over () >> 2) is distinct from (mark >> 2)
        and ((lag(mark) over () & 3) is distinct from kind or (lag(mark) over () >> 2) = (mark >> 2))
    )
),
neighbours as (
    select mark, kind,
           max(close_mark) over (rows unbounded preceding) as close_mark,
           lag(kind) over () = 0                           as is_first,
           lag(mark) over ()                               as before,
           lead(mark) over ()                              as after
    from changes
),
judged as (
    select *, kind > 0 and mark < close_mark as is_evidence, max(if(is_evidence, mark, null)) over (
        rows unbounded preceding
    ) as evidence
    from neighbours
),
parts as materialized (
    select mark >> 42                                                             as store,
           if(is_evidence and is_first, before, mark) >> 2                        as from_mark,
           least(coalesce(after, close_mark), close_mark) >> 2                    as until_mark,
           if((evidence >> 42) = (mark >> 42), evidence & 3, null)                as kind,
           is_evidence
    from judged
    where is_evidence or (kind = 0 and coalesce(after, close_mark) >= close_mark)
),
-- What is silent before any evidence takes the first that comes.
later as (
    select store, arg_min(kind, from_mark) as kind
    from parts
    where is_evidence and store in (select store from parts where kind is null)
    group by store
),
pieces as (
    select store, from_mark - (store << 40) + start_us as from_us, until_mark - (store << 40) + start_us as until_us,
           coalesce(parts.kind, later.kind) = 1 as active
    from parts
    left join later using (store), instant
),
sums as (
    select store,
           sum(hour_us) filter (active)     as up_hour,
           sum(hour_us) filter (not active) as down_hour,
           sum(day_us) filter (active)      as up_day,
           sum(day_us) filter (not active)  as down_day,
           sum(week_us) filter (active)     as up_week,
           sum(week_us) filter (not active) as down_week,
           max(hour_us) filter (active is null) > 0 as no_hour,
           max(day_us) filter (active is null) > 0  as no_day,
           max(week_us) filter (active is null) > 0 as no_week
    from (
        select store, active,
               greatest(least(until_us, now_us) - greatest(from_us, now_us - 3600000000), 0)       as hour_us,
               greatest(least(until_us, now_us) - greatest(from_us, now_us - 24 * 3600000000), 0)  as day_us,
               greatest(least(until_us, now_us) - greatest(from_us, now_us - 168 * 3600000000), 0) as week_us
        from pieces, instant
    )
    group by store
)
select store_id,
       if(no_hour, null, (coalesce(round_even(up_hour / 6e5, 0), 0) / 100)::decimal(10, 2))
           as "uptime_last_hour(minutes)",
       if(no_day, null, (coalesce(round_even(up_day / 36e6, 0), 0) / 100)::decimal(10, 2))
           as "uptime_last_day(hours)",
       if(no_week, null, (coalesce(round_even(up_week / 36e6, 0), 0) / 100)::decimal(10, 2))
           as "uptime_last_week(hours)",
       if(no_hour, null, (coalesce(round_even(down_hour / 6e5, 0), 0) / 100)::decimal(10, 2))
           as "downtime_last_hour(minutes)",
       if(no_day, null, (coalesce(round_even(down_day / 36e6, 0), 0) / 100)::decimal(10, 2))
           as "downtime_last_day(hours)",
       if(no_week, null, (coalesce(round_even(down_week / 36e6, 0), 0) / 100)::decimal(10, 2))
           as "downtime_last_week(hours)"
from stores
left join sums using (store)
order by store_id
"""


def main(folder: Path, out: Path) -> None:
    """Read, compute, write."""
    tables = {"polls": "store_status", "hours": "menu_hours", "zones": "timezones"}
    files = {name: str(folder / f"{table}.parquet") for name, table in tables.items()}
    with duckdb.connect() as db:
        db.sql(REPORT, params=files).write_csv(str(out))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
