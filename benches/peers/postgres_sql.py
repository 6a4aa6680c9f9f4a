"""PostgreSQL alone: one query in the server that holds the tables, and COPY brings the seven columns.

    python benches/peers/postgres_sql.py URL FILE

It needs PostgreSQL 14 for multiranges; the embedded server is 18. The intervals of a store become two arrays, so that
a binary search finds the one that a poll lies in, and only polls that change a status outlive the first window. What
`store-uptime report` does and this does not:

- no rejects, no counts, no lists, no summary; a bad status is inactive, and an hours row without its times is skipped
- a store whose hours rows are all bad is closed here, and has unknown hours in the report
- zones are PostgreSQL's own, not `tzdata`'s; a wall-clock time that occurs twice is its second occurrence here
- no max-gap, no lookback of another length, no single store
- the newest poll is taken as now, however far ahead of the clock it is
"""

import sys
from pathlib import Path

import psycopg

# Sorts and hashes in memory. The planner cannot know how many rows a step gives, and without this it takes the slower
# joins; compiling expressions takes longer than it saves here.
SETTINGS = (
    "-c work_mem=256MB -c hash_mem_multiplier=2 -c enable_mergejoin=off -c enable_nestloop=off -c jit=off "
    "-c timezone=UTC"
)

REPORT = """
copy (
with recursive instant as materialized (
    select max(timestamp_utc) as now_utc, max(timestamp_utc) - interval '192 hours' as start_utc
    from store_status
),
-- Walks the index from one store to the next instead of reading every poll.
names as (
    (select store_id from store_status order by store_id limit 1)
    union all
    select (select min(store_id) from store_status where store_id > names.store_id)
    from names
    where store_id is not null
),
stores as materialized (
    select store_id, row_number() over ()::int as store
    from names
    where (select max(timestamp_utc) from store_status where store_status.store_id = names.store_id) >= (
        select start_utc from instant
    )
),
zones as (
    select store_id, min(timezone_str collate "C") as zone
    from timezones
    where timezone_str in (select name from pg_timezone_names)
    group by store_id
),
rules as materialized (
    select store, coalesce(zone, 'America/Chicago') as zone, day_of_week, start_time_local, end_time_local
    from menu_hours
    join stores using (store_id)
    left join zones using (store_id)
),
dates as (
    select generate_series(start_utc::date - 3, now_utc::date + 2, interval '1 day')::date as local_date
    from instant
),
shifts as (
    select *,
           (local_date + start_time_local) at time zone zone as open_utc,
           (local_date + (end_time_local <= start_time_local)::int + end_time_local) at time zone zone as close_utc
    from (select distinct zone, day_of_week, start_time_local, end_time_local from rules)
    join dates on extract(isodow from local_date) = day_of_week + 1
),
-- Each range is a minute longer than its shift, so that those with a gap of a minute touch and become one.
merged as (
    select store, unnest(range_agg(tstzrange(open_utc, close_utc + interval '1 minute'))) as span
    from rules
    join shifts using (zone, day_of_week, start_time_local, end_time_local)
    where close_utc > open_utc
    group by store
),
spans as (
    select store, greatest(lower(span), start_utc) as open_utc, upper(span) - interval '1 minute' as close_utc
    from merged, instant
    where upper(span) - interval '1 minute' > start_utc and lower(span) <= now_utc
    union all
    select store, start_utc, timestamptz 'infinity'
    from stores, instant
    where store not in (select store from rules)
),
intervals as materialized (
    select store, open_utc, close_utc, row_number() over (partition by store order by open_utc)::int as place
    from spans
),
business as (
    select store_id, store, array_agg(open_utc order by place) as opens, array_agg(close_utc order by place) as closes
    from intervals
    join stores using (store)
    group by store_id, store
),
-- Of several polls at once, inactive counts: it sorts first.
evidence as (
    select distinct on (store, poll_utc) store, poll_utc, active, place
    from (
        select store, timestamp_utc as poll_utc, status = 'active' as active, closes,
               width_bucket(timestamp_utc, opens) as place
        from store_status
        join business using (store_id)
        where timestamp_utc >= (select start_utc from instant)
    )
    where poll_utc < closes[place]
    order by store, poll_utc, active
),
changes as materialized (
    select store, poll_utc, active, place, place is distinct from place_before as is_first
    from (
        select *, lag(place) over polls as place_before, lag(active) over polls as active_before
        from evidence
        window polls as (partition by store order by poll_utc)
    )
    where place is distinct from place_before or active <> active_before
),
carried as (
    select store, silent.place, silent.open_utc, silent.close_utc,
           coalesce((array_agg(active order by poll_utc desc) filter (where changes.place < silent.place))[1],
                    (array_agg(active order by poll_utc))[1]) as active
    from (
        select *
        from intervals
        where (store, place) not in (select store, place from changes)
    ) as silent
    left join changes using (store)
    group by store, silent.place, silent.open_utc, silent.close_utc
),
pieces as (
    select store, active,
           case when is_first then open_utc else poll_utc end as from_utc,
           coalesce(lead(poll_utc) over (partition by store, place order by poll_utc), close_utc) as until_utc
    from changes
    join intervals using (store, place)
    union all
    select store, active, open_utc, close_utc
    from carried
),
lengths as (
    select store, active,
           greatest(until - greatest(from_utc, now_utc - interval '1 hour'), interval '0')    as in_hour,
           greatest(until - greatest(from_utc, now_utc - interval '24 hours'), interval '0')  as in_day,
           greatest(until - greatest(from_utc, now_utc - interval '168 hours'), interval '0') as in_week
    from pieces, instant, least(until_utc, now_utc) as until
),
sums as (
    select store,
           sum(in_hour) filter (where active)     as up_hour,
           sum(in_hour) filter (where not active) as down_hour,
           max(in_hour) filter (where active is null) > interval '0' as no_hour,
           sum(in_day) filter (where active)      as up_day,
           sum(in_day) filter (where not active)  as down_day,
           max(in_day) filter (where active is null) > interval '0' as no_day,
           sum(in_week) filter (where active)     as up_week,
           sum(in_week) filter (where not active) as down_week,
           max(in_week) filter (where active is null) > interval '0' as no_week
    from lengths
    group by store
),
-- Hundredths. A float is rounded half to even, a numeric away from zero.
figures as (
    select store, no_hour, no_day, no_week,
           round((extract(epoch from up_hour) * 1000000)::float8 / 6e5)    as up_hour,
           round((extract(epoch from up_day) * 1000000)::float8 / 36e6)    as up_day,
           round((extract(epoch from up_week) * 1000000)::float8 / 36e6)   as up_week,
           round((extract(epoch from down_hour) * 1000000)::float8 / 6e5)  as down_hour,
           round((extract(epoch from down_day) * 1000000)::float8 / 36e6)  as down_day,
           round((extract(epoch from down_week) * 1000000)::float8 / 36e6) as down_week
    from sums
)
select store_id,
       case when no_hour is not true then (coalesce(up_hour, 0)::numeric / 100)::numeric(10, 2) end
           as "uptime_last_hour(minutes)",
       case when no_day is not true then (coalesce(up_day, 0)::numeric / 100)::numeric(10, 2) end
           as "uptime_last_day(hours)",
       case when no_week is not true then (coalesce(up_week, 0)::numeric / 100)::numeric(10, 2) end
           as "uptime_last_week(hours)",
       case when no_hour is not true then (coalesce(down_hour, 0)::numeric / 100)::numeric(10, 2) end
           as "downtime_last_hour(minutes)",
       case when no_day is not true then (coalesce(down_day, 0)::numeric / 100)::numeric(10, 2) end
           as "downtime_last_day(hours)",
       case when no_week is not true then (coalesce(down_week, 0)::numeric / 100)::numeric(10, 2) end
           as "downtime_last_week(hours)"
from stores
left join figures using (store)
order by store_id collate "C"
) to stdout (format csv, header)
"""


def main(url: str, out: Path) -> None:
    """Ask, and write what comes as it comes."""
    with (
        psycopg.connect(url, options=SETTINGS) as connection,
        connection.cursor().copy(REPORT) as rows,
        out.open("wb") as file,
    ):
        for block in rows:
            file.write(block)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
