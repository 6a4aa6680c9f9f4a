-- pieces:   a store's business time up to now, cut where the status or the poll behind it changes
-- needs:    segments, intervals, polled
-- gives:    store, start_us, end_us, active (null: unknown), poll_us (null: no evidence at all), inside; disjoint
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rules 2 to 5
create or replace temp view pieces as
with given as (
    select store, start_us, least(end_us, now_us()) as end_us, poll_us, active, inside,
           poll_us - reach_us() as from_us,
           poll_us + reach_us() as until_us
    from segments
),
cut as (
    select store, greatest(start_us, from_us) as start_us, least(end_us, until_us) as end_us, poll_us, active, inside
    from given
    union all
    select store, start_us, least(end_us, from_us), poll_us, null, inside
    from given
    union all
    select store, greatest(start_us, until_us), end_us, poll_us, null, inside
    from given
    union all
    select store, open_us, least(close_us, now_us()), null, null, false
    from intervals
    where store not in (select store from polled)
)
select store,
       start_us,
       end_us,
       active,
       poll_us,
       inside
from cut
where end_us > start_us;
