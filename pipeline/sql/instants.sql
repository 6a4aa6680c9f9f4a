-- instants: one poll per store and microsecond, each with its neighbours in time
-- needs:    sorted
-- gives:    store, poll_us, active, previous_us, next_us (null: there is none); unique on store, poll_us
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rule 1: of several at once, inactive counts
--
-- Windows without partition or order stream over the sorted rows, so that nothing is sorted twice or held in memory.
-- They come before any join, because a join gives rows in another order.
create or replace temp table instants as
with marked as (
    select store,
           poll_us,
           active,
           lag(store) over ()   as store_before,
           lag(poll_us) over () as us_before
    from sorted
),
firsts as (
    select store,
           poll_us,
           active,
           if(store_before = store, us_before, null) as previous_us
    from marked
    where store_before is distinct from store or us_before <> poll_us
)
select store,
       poll_us,
       active,
       previous_us,
       if(lead(store) over () = store, lead(poll_us) over (), null) as next_us
from firsts;
