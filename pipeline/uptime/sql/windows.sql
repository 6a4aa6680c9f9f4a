-- windows:  microseconds of business time, up and down, per store and window
-- needs:    slices (see `positions.slices`), adjusted, band_windows
-- gives:    code, window_id, business_us, uptime_us, downtime_us, polls (the evidence); unique on code, window_id
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rules 3, 5 and 6; nothing is rounded
create or replace temp table windows as
with amounts as (
    select open_at, band, business, known, up, polls
    from slices
    union all
    select open_at, band, 0, known, up, 0
    from adjusted
)
select code_of(open_at)                 as code,
       window_id,
       sum(business)::int64 // 2        as business_us,
       sum(up)::int64 // 2              as uptime_us,
       sum(known - up)::int64 // 2      as downtime_us,
       sum(polls)::int64                as polls
from amounts
join band_windows using (band)
group by code_of(open_at), window_id;
