-- windows:  microseconds of business time, up and down, per store and window
-- needs:    segments, intervals, stores, bounds (window_name, window_us: where it begins),
--           reach (one row: now_us, reach_us: how far a poll speaks)
-- gives:    store, window_name, uptime_us, downtime_us, business_us, polls (evidence in the window, now included)
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rules 5 and 6; nothing is rounded
create or replace temp table windows as
with known as (
    select store,
           greatest(start_us, poll_us - reach_us)    as start_us,
           least(end_us, poll_us + reach_us, now_us) as end_us,
           if(inside, poll_us, null)                 as evidence_us,
           active
    from segments, reach
),
status as (
    select store,
           window_name,
           sum(greatest(end_us - greatest(start_us, window_us), 0)) filter (active)     as uptime_us,
           sum(greatest(end_us - greatest(start_us, window_us), 0)) filter (not active) as downtime_us,
           count(*) filter (evidence_us >= window_us)                                   as polls
    from known
    join bounds on end_us > window_us or evidence_us >= window_us
    group by store, window_name
),
business as (
    select store,
           window_name,
           sum(least(close_us, now_us) - greatest(open_us, window_us)) as business_us
    from intervals, reach
    join bounds on least(close_us, now_us) > greatest(open_us, window_us)
    group by store, window_name
)
select store,
       window_name,
       coalesce(uptime_us, 0)::int64   as uptime_us,
       coalesce(downtime_us, 0)::int64 as downtime_us,
       coalesce(business_us, 0)::int64 as business_us,
       coalesce(polls, 0)::int64       as polls
from stores
cross join bounds
left join status using (store, window_name)
left join business using (store, window_name)
order by store, window_name;
