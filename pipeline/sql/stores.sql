-- stores:   the stores that have a poll, each with its newest one
-- needs:    instants, polled
-- gives:    store, last_poll_us, last_active, has_evidence (in the whole horizon); unique on store
-- meaning:  docs/semantics.md, "Output"; "Evidence and extrapolation", rule 4
create or replace temp table stores as
select store,
       poll_us as last_poll_us,
       active  as last_active,
       exists (from polled where polled.store = instants.store) as has_evidence
from instants
where next_us is null;
