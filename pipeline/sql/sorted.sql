-- sorted:   the accepted polls by store and time; of the same instant, inactive first
-- needs:    polls (store uint32, poll_us int64, active bool)
-- gives:    store, poll_us, active; the same rows in order, and later steps read them in this order
create or replace temp table sorted as
select store,
       poll_us,
       active
from polls
order by store, poll_us, active;
