-- stores:   the stores that have a poll, each with its newest one and whether it is down
-- needs:    instants, polled, segments
-- gives:    store, last_poll_us, last_active, has_evidence (in the whole horizon),
--           down_now (open and known to be inactive in the last microsecond before now); unique on store
-- meaning:  docs/semantics.md, "Output"; "Evidence and extrapolation", rules 4 and 5
create or replace temp table stores as
with newest as (
    select store_at(poll_at)   as store,
           instant_at(poll_at) as last_poll_us,
           active              as last_active
    from instants
    -- the newest poll of a store is the one before another store's, so nothing has to be grouped
    where store_at(after_at) > store_at(poll_at)
),
down as (
    select store
    from segments
    where not active
      and start_us < now_us()
      and end_us = now_us()
)
select store,
       last_poll_us,
       last_active,
       store in (select store from polled) as has_evidence,
       store in (select store from down)   as down_now
from newest;
