-- windows:  microseconds of business time, up and down, per store and window
-- needs:    amounts, bands, stretches (scope, window_id, begin_at, end_at)
-- gives:    code, window_id, business_us, uptime_us, downtime_us, polls (the evidence); unique on code, window_id
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rules 5 and 6; nothing is rounded
create or replace temp view windows as
with parts as (
    select distinct scope, band, window_id  -- its stretches may overlap: each instant counts once
    from bands
    join stretches using (scope)
    where stretches.begin_at <= bands.begin_at and bands.end_at <= stretches.end_at
)
select code,
       window_id,
       sum(business)::int64 // 2        as business_us,
       sum(up)::int64 // 2              as uptime_us,
       sum(known - up)::int64 // 2      as downtime_us,
       sum(polls)::int64                as polls
from amounts
join parts using (band)
group by code, window_id;
