-- exposed:  the business intervals that their own polls do not wholly cover, with the nearest polls of other intervals
-- needs:    slices (see `positions.slices`)
-- gives:    open_at, close_at, until_at (the closing, or now), first, last (of its own evidence; null: none),
--           earlier (the newest evidence of any interval before it), later (the oldest of any after it; both packed);
--           unique on open_at
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rules 3 and 5
--
-- Most stores have polls near enough in every interval: their rows are dropped before anything is grouped or ordered.
create or replace temp table exposed as
with partly as (
    select distinct code_of(open_at) as code
    from slices
    where from_at = open_at and (after >= close_at or time_of(after) - max_gap() > open_at)
       or until_at = close_at and time_of(last) + max_gap() < least(close_at, now_at(open_at))
),
evidence as (
    select open_at,
           close_at,
           least(close_at, now_at(open_at))       as until_at,
           min(after) filter (after < close_at)   as first,
           max(last) filter (last >= open_at)     as last
    from slices
    semi join partly on code = code_of(open_at)
    group by open_at, close_at
),
surrounded as (
    select open_at,
           close_at,
           until_at,
           first,
           last,
           last_value(last ignore nulls) over earlier   as earlier,
           first_value(first ignore nulls) over later   as later
    from evidence
    window earlier as (partition by code_of(open_at) order by open_at rows between unbounded preceding and 1 preceding),
           later as (partition by code_of(open_at) order by open_at rows between 1 following and unbounded following)
)
select open_at,
       close_at,
       until_at,
       first,
       last,
       earlier,
       later
from surrounded
where first is null or time_of(first) - max_gap() > open_at or time_of(last) + max_gap() < until_at;
