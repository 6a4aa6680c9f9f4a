-- reached:  the business time that the poll before it is too far from, and the next one of its interval is not
-- needs:    evidence
-- gives:    store, open_us, start_us, end_us, poll_us, active; disjoint
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rule 5
--
-- Without max_gap it is as long as the horizon, and no two polls are that far apart: the first condition is then false
-- before any row is read.
create or replace temp table reached as
with gaps as (
    select store,
           open_us,
           poll_us + max_gap_us() as start_us,
           end_us
    from evidence
    where max_gap_us() < horizon_us() and end_us - poll_us > max_gap_us()
)
select gaps.store,
       gaps.open_us,
       greatest(gaps.start_us, next.poll_us - max_gap_us()) as start_us,
       gaps.end_us,
       next.poll_us,
       next.active
from gaps
join evidence as next on next.store = gaps.store and next.poll_us = gaps.end_us;  -- there is none at a closing
