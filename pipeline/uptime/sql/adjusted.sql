-- adjusted: what the slices count too much or too little, by band
-- needs:    far_gaps (see `positions.far_gaps`), exposed, carried, slices (see `positions.slices`)
-- gives:    open_at, band, known, up (in steps; negative where the slices count too much)
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rules 3 and 5
--
-- The slices let each poll speak until the next one, from the opening and until the closing. With max_gap it speaks only
-- so far.
create or replace temp view adjusted as
with stretches as (
    select open_at,
           time_of(poll) + max_gap()  as start_at,
           time_of(after) - max_gap() as end_at,
           -1                         as known,
           -is_active(poll)           as up
    from far_gaps
    union all
    select open_at, greatest(time_of(poll) + max_gap(), time_of(after) - max_gap()), time_of(after), 0,
           is_active(after) - is_active(poll)
    from far_gaps
    union all
    select open_at, open_at, time_of(first) - max_gap(), -1, -is_active(first) from exposed
    union all
    select open_at, time_of(last) + max_gap(), until_at, -1, -is_active(last) from exposed
    union all
    select open_at, start_at, end_at, 1, is_active(poll) from carried
),
by_band as (
    select stretches.open_at, band, overlap(from_at, until_at, start_at, end_at) as steps, stretches.known, stretches.up
    from stretches
    join slices using (open_at)
    where start_at < end_at and from_at < end_at and until_at > start_at
)
select open_at,
       band,
       steps * known as known,
       steps * up    as up
from by_band;
