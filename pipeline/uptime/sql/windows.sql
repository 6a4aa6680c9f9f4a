-- windows:  microseconds of business time, up and down, per store and window
-- needs:    segments, intervals, stores
-- gives:    store, uptime_last_hour_us, downtime_last_hour_us, business_last_hour_us, polls_last_hour,
--           uptime_last_day_us, downtime_last_day_us, business_last_day_us, polls_last_day,
--           uptime_last_week_us, downtime_last_week_us, business_last_week_us, polls_last_week (polls: the evidence, now
--           included); unique on store
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rules 5 and 6; nothing is rounded
--
-- Windows are columns, not rows: each segment is read once for all three.
create or replace temp table windows as
with known as (
    select store,
           sum(since(start_us, end_us, hour_start_us())) filter (active)     as up_hour,
           sum(since(start_us, end_us, hour_start_us())) filter (not active) as down_hour,
           count(*) filter (counted_us >= hour_start_us())                   as polls_hour,
           sum(since(start_us, end_us, day_start_us())) filter (active)      as up_day,
           sum(since(start_us, end_us, day_start_us())) filter (not active)  as down_day,
           count(*) filter (counted_us >= day_start_us())                    as polls_day,
           sum(since(start_us, end_us, week_start_us())) filter (active)     as up_week,
           sum(since(start_us, end_us, week_start_us())) filter (not active) as down_week,
           count(*) filter (counted_us >= week_start_us())                   as polls_week
    from segments
    group by store
),
opened as (
    select store,
           sum(since(open_us, least(close_us, now_us()), hour_start_us())) as hour,
           sum(since(open_us, least(close_us, now_us()), day_start_us()))  as day,
           sum(since(open_us, least(close_us, now_us()), week_start_us())) as week
    from intervals
    group by store
)
select store,
       coalesce(up_hour, 0)::int64   as uptime_last_hour_us,
       coalesce(down_hour, 0)::int64 as downtime_last_hour_us,
       coalesce(hour, 0)::int64      as business_last_hour_us,
       coalesce(polls_hour, 0)       as polls_last_hour,
       coalesce(up_day, 0)::int64    as uptime_last_day_us,
       coalesce(down_day, 0)::int64  as downtime_last_day_us,
       coalesce(day, 0)::int64       as business_last_day_us,
       coalesce(polls_day, 0)        as polls_last_day,
       coalesce(up_week, 0)::int64   as uptime_last_week_us,
       coalesce(down_week, 0)::int64 as downtime_last_week_us,
       coalesce(week, 0)::int64      as business_last_week_us,
       coalesce(polls_week, 0)       as polls_last_week
from stores
left join known using (store)
left join opened using (store)
order by store;
