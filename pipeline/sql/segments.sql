-- segments: the stretch of business time that each poll speaks for
-- needs:    evidence, carried
-- gives:    store, start_us, end_us, poll_us, active, inside (the poll lies in its interval: not carried); disjoint
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rules 2 and 3
create or replace temp view segments as
select store,
       start_us,
       end_us,
       poll_us,
       active,
       true as inside
from evidence
union all
select store,
       open_us,
       close_us,
       poll_us,
       active,
       false
from carried;
