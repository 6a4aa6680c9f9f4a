-- stores:   the stores that have a poll, each with its newest one and whether it is down
-- needs:    instants, polled, segments, reach
-- gives:    store, last_poll_us, last_active, has_evidence (in the whole horizon),
--           down_now (open and known to be inactive in the last microsecond before now); unique on store
-- meaning:  docs/semantics.md, "Output"; "Evidence and extrapolation", rules 4 and 5
create or replace temp table stores as
with down as (
    select store
    from segments, reach
    where not active
      and greatest(start_us, poll_us - reach_us) < now_us
      and least(end_us, poll_us + reach_us) >= now_us
)
select store,
       poll_us as last_poll_us,
       active  as last_active,
       exists (from polled where polled.store = instants.store) as has_evidence,
       exists (from down where down.store = instants.store)     as down_now
from instants
where next_us is null;
