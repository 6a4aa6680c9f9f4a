-- evidence: the polls inside business time, each with the interval that it lies in
-- needs:    instants, intervals (store uint32, open_us, close_us int64; disjoint per store)
-- gives:    store, open_us, close_us, poll_us, active, previous_us, next_us; unique on store, poll_us
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rule 1
create or replace temp table evidence as
select instants.store,
       open_us,
       close_us,
       poll_us,
       active,
       previous_us,
       next_us
from instants
join intervals on intervals.store = instants.store and open_us <= poll_us and poll_us < close_us;
