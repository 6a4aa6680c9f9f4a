-- windows:  microseconds of business time, up and down, per store and window
-- needs:    segments, intervals, stores
-- gives:    store, uptime_last_hour_us, downtime_last_hour_us, business_last_hour_us, polls_last_hour,
--           uptime_last_day_us, downtime_last_day_us, business_last_day_us, polls_last_day,
--           uptime_last_week_us, downtime_last_week_us, business_last_week_us, polls_last_week (polls: the evidence, now
--           included); unique on store
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rules 5 and 6; nothing is rounded
create or replace temp macro known_since(begin_us) as table
    with known as (
        select store, active,
               overlap(start_us, end_us, greatest(poll_us - reach_us(), begin_us),
                       least(poll_us + reach_us(), now_us())) as us,
               inside and poll_us >= begin_us                 as counts
        from segments
        where end_us > begin_us or poll_us >= begin_us
    )
    select store,
           sum(us) filter (active)::int64     as uptime_us,
           sum(us) filter (not active)::int64 as downtime_us,
           count(*) filter (counts)           as polls
    from known
    group by store;

create or replace temp macro business_since(begin_us) as table
    select store,
           sum(overlap(open_us, close_us, begin_us, now_us()))::int64 as us
    from intervals
    where close_us > begin_us
    group by store;

create or replace temp table windows as
select store,
       coalesce(hour.uptime_us, 0)   as uptime_last_hour_us,
       coalesce(hour.downtime_us, 0) as downtime_last_hour_us,
       coalesce(open_hour.us, 0)     as business_last_hour_us,
       coalesce(hour.polls, 0)       as polls_last_hour,
       coalesce(day.uptime_us, 0)    as uptime_last_day_us,
       coalesce(day.downtime_us, 0)  as downtime_last_day_us,
       coalesce(open_day.us, 0)      as business_last_day_us,
       coalesce(day.polls, 0)        as polls_last_day,
       coalesce(week.uptime_us, 0)   as uptime_last_week_us,
       coalesce(week.downtime_us, 0) as downtime_last_week_us,
       coalesce(open_week.us, 0)     as business_last_week_us,
       coalesce(week.polls, 0)       as polls_last_week
from stores
left join known_since(hour_us()) as hour using (store)
left join known_since(day_us()) as day using (store)
left join known_since(week_us()) as week using (store)
left join business_since(hour_us()) as open_hour using (store)
left join business_since(day_us()) as open_day using (store)
left join business_since(week_us()) as open_week using (store)
order by store;
