-- windows:  microseconds of business time, up and down, per store and window
-- needs:    segments, intervals, stores
-- gives:    store, uptime_last_hour_us, downtime_last_hour_us, polls_last_hour (evidence, now included),
--           uptime_last_day_us, downtime_last_day_us, polls_last_day,
--           uptime_last_week_us, downtime_last_week_us, polls_last_week,
--           business_last_hour_us, business_last_day_us, business_last_week_us; unique on store
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rules 5 and 6; nothing is rounded
create or replace temp table windows as
with known as (
    select store,
           greatest(start_us, poll_us - reach_us())      as start_us,
           least(end_us, poll_us + reach_us(), now_us()) as end_us,
           if(inside, poll_us, null)                     as evidence_us,
           active
    from segments
),
status as (
    select store,
           sum(since(hour_us(), start_us, end_us)) filter (active)     as uptime_last_hour_us,
           sum(since(hour_us(), start_us, end_us)) filter (not active) as downtime_last_hour_us,
           count(*) filter (evidence_us >= hour_us())                  as polls_last_hour,
           sum(since(day_us(), start_us, end_us)) filter (active)      as uptime_last_day_us,
           sum(since(day_us(), start_us, end_us)) filter (not active)  as downtime_last_day_us,
           count(*) filter (evidence_us >= day_us())                   as polls_last_day,
           sum(since(week_us(), start_us, end_us)) filter (active)     as uptime_last_week_us,
           sum(since(week_us(), start_us, end_us)) filter (not active) as downtime_last_week_us,
           count(*) filter (evidence_us >= week_us())                  as polls_last_week
    from known
    group by store
),
business as (
    select store,
           sum(since(hour_us(), open_us, least(close_us, now_us()))) as business_last_hour_us,
           sum(since(day_us(), open_us, least(close_us, now_us())))  as business_last_day_us,
           sum(since(week_us(), open_us, least(close_us, now_us()))) as business_last_week_us
    from intervals
    group by store
)
select store,
       coalesce(columns(status.* exclude (store)), 0)::int64,
       coalesce(columns(business.* exclude (store)), 0)::int64
from stores
left join status using (store)
left join business using (store)
order by store;
