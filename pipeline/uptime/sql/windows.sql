-- windows:  microseconds of business time, up and down, per store and window
-- needs:    slices (see `positions.slices`), carried, bands, stretches (scope, window_id, begin_at, end_at)
-- gives:    code, window_id, business_us, uptime_us, downtime_us, polls (the evidence); unique on code, window_id
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rules 3, 5 and 6; nothing is rounded
create or replace temp table windows as
with amounts as (
    select open_at, band, business, known, up, polls
    from slices
    union all
    select open_at, band, 0, overlap(from_at, until_at, start_at, end_at),
           overlap(from_at, until_at, start_at, end_at) * is_active(carried.poll), 0
    from carried
    join slices using (open_at)
    where from_at < end_at and until_at > start_at
),
parts as (
    -- A stretch begins with one band and ends with another: joined by equality, since a range would compare all of them.
    -- The stretches of a window may overlap: each instant counts once.
    select distinct unnest(range(first.band, last.band + 1)) as band, window_id
    from stretches
    join bands as first on first.scope = stretches.scope and first.begin_at = stretches.begin_at
    join bands as last on last.scope = stretches.scope and last.end_at = stretches.end_at
)
select code_of(open_at)                 as code,
       window_id,
       sum(business)::int64 // 2        as business_us,
       sum(up)::int64 // 2              as uptime_us,
       sum(known - up)::int64 // 2      as downtime_us,
       sum(polls)::int64                as polls
from amounts
join parts using (band)
group by code_of(open_at), window_id;
