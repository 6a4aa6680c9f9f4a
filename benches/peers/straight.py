"""The straight script: the same seven columns with as little as possible between PostgreSQL and the file.

    python benches/peers/straight.py URL FILE

Three pulls, one DuckDB query, one CSV. It trusts its tables. What `store-uptime report` does and this does not:

- no rejects, no counts, no lists, no summary; a bad status is inactive, and an hours row without its times is skipped
- a store whose hours rows are all bad is closed here, and has unknown hours in the report
- zones are DuckDB's own (ICU), not `tzdata`'s; a wall-clock time that occurs twice is its second occurrence here
- no max-gap, no lookback of another length, no single store; no snapshot over the three pulls
- the newest poll is taken as now, however far ahead of the clock it is
"""

import sys
from pathlib import Path

import connectorx
import duckdb

REPORT = """
with instant as (
    select epoch_us(newest) as now_us, now_us - 192 * 3600000000 as start_us
    from newest
),
stores as (
    select store_id, row_number() over () as store,
           coalesce(min(timezone_str) filter (timezone_str in (select name from pg_timezone_names())),
                    'America/Chicago') as zone
    from (select distinct store_id from polls)
    left join zones using (store_id)
    group by store_id
),
ordered as (
    select store, epoch_us(timestamp_utc) as poll_us, active
    from polls
    join stores using (store_id)
    order by store, poll_us, active
),
once as (
    select store, poll_us, active
    from ordered
    qualify lag(store) over () is distinct from store or lag(poll_us) over () <> poll_us
),
polled as (
    select store, poll_us, active,
           if(lag(store) over () = store, lag(poll_us) over (), null)   as previous_us,
           if(lead(store) over () = store, lead(poll_us) over (), null) as next_us
    from once
),
dates as (
    select unnest(generate_series(make_timestamp(start_us)::date - 3, make_timestamp(now_us)::date + 2,
                                  interval 1 day)) as midnight
    from instant
),
shifts as (
    select store,
           epoch_us(timezone(zone, midnight + to_microseconds(start_us))) as open_us,
           epoch_us(timezone(zone, midnight + to_microseconds(end_us)
                                   + if(end_us <= start_us, interval 1 day, interval 0 day))) as close_us
    from hours
    join stores using (store_id)
    join dates on isodow(midnight) = day_of_week + 1
),
blocks as (
    select store, open_us, close_us,
           coalesce(sum(apart) over (partition by store order by open_us, close_us), 0) as block
    from (
        select *, open_us > 60000000 + max(close_us) over (
            partition by store order by open_us, close_us rows between unbounded preceding and 1 preceding
        ) as apart
        from shifts
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
    where store_id not in (select store_id from hours)
),
evidence as (
    select polled.store, open_us, close_us, poll_us, active, previous_us, next_us
    from polled
    join intervals on intervals.store = polled.store and open_us <= poll_us and poll_us < close_us
),
silent as (
    select store, open_us, close_us
    from intervals
    anti join evidence using (store, open_us)
),
carried as (
    select store, silent.open_us, silent.close_us,
           coalesce(arg_max(active, poll_us) filter (poll_us < silent.open_us), arg_min(active, poll_us)) as active
    from silent
    left join evidence using (store)
    group by all
),
pieces as (
    select store, if(previous_us >= open_us, poll_us, open_us) as from_us,
           least(coalesce(next_us, close_us), close_us) as until_us, active
    from evidence
    union all
    select store, open_us, close_us, active
    from carried
),
sums as (
    select store,
           coalesce(sum(hour_us) filter (active), 0)     as up_hour,
           coalesce(sum(day_us) filter (active), 0)      as up_day,
           coalesce(sum(week_us) filter (active), 0)     as up_week,
           coalesce(sum(hour_us) filter (not active), 0) as down_hour,
           coalesce(sum(day_us) filter (not active), 0)  as down_day,
           coalesce(sum(week_us) filter (not active), 0) as down_week,
           sum(hour_us) > 0 and not bool_or(active is not null) as no_hour,
           sum(day_us) > 0 and not bool_or(active is not null)  as no_day,
           sum(week_us) > 0 and not bool_or(active is not null) as no_week
    from (
        select store, active,
               greatest(least(until_us, now_us) - greatest(from_us, now_us - 3600000000), 0)       as hour_us,
               greatest(least(until_us, now_us) - greatest(from_us, now_us - 24 * 3600000000), 0)  as day_us,
               greatest(least(until_us, now_us) - greatest(from_us, now_us - 168 * 3600000000), 0) as week_us
        from pieces, instant
    )
    group by store
),
figures as (
    select store_id,
           if(no_hour, null, coalesce(round_even(up_hour / 6e5, 0) / 100, 0))   as a,
           if(no_day, null, coalesce(round_even(up_day / 36e6, 0) / 100, 0))    as b,
           if(no_week, null, coalesce(round_even(up_week / 36e6, 0) / 100, 0))  as c,
           if(no_hour, null, coalesce(round_even(down_hour / 6e5, 0) / 100, 0)) as d,
           if(no_day, null, coalesce(round_even(down_day / 36e6, 0) / 100, 0))  as e,
           if(no_week, null, coalesce(round_even(down_week / 36e6, 0) / 100, 0)) as f
    from stores
    left join sums using (store)
)
select store_id,
       a::decimal(10, 2) as "uptime_last_hour(minutes)",
       b::decimal(10, 2) as "uptime_last_day(hours)",
       c::decimal(10, 2) as "uptime_last_week(hours)",
       d::decimal(10, 2) as "downtime_last_hour(minutes)",
       e::decimal(10, 2) as "downtime_last_day(hours)",
       f::decimal(10, 2) as "downtime_last_week(hours)"
from figures
order by store_id
"""

NEWEST = "select max(timestamp_utc) as newest from store_status"
POLLS = """
select store_id, timestamp_utc, status = 'active' as active
from store_status
where timestamp_utc >= '{newest}'::timestamptz - interval '192 hours'
"""
HOURS = """
select store_id, day_of_week::int8 as day_of_week,
       (extract(epoch from start_time_local) * 1000000)::int8 as start_us,
       (extract(epoch from end_time_local) * 1000000)::int8   as end_us
from menu_hours
"""
ZONES = "select store_id, timezone_str from timezones"


def main(url: str, out: Path) -> None:
    """Pull, compute, write."""
    newest = connectorx.read_sql(url, NEWEST, return_type="arrow")
    polls = connectorx.read_sql(url, POLLS.format(newest=newest["newest"][0].as_py()), return_type="arrow")
    hours = connectorx.read_sql(url, HOURS, return_type="arrow")
    zones = connectorx.read_sql(url, ZONES, return_type="arrow")
    with duckdb.connect() as db:
        for name, table in {"newest": newest, "polls": polls, "hours": hours, "zones": zones}.items():
            db.register(name, table)
        db.sql(REPORT).write_csv(str(out))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
