-- segments: the stretch of business time up to now that each poll speaks for
-- needs:    evidence, reached, carried
-- gives:    store, open_us, start_us, end_us, poll_us, active, counted_us (the poll in the stretch that it lies
--           in; null elsewhere, so that each counts once); disjoint
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rules 2, 3 and 5
--
-- A view: each later step reads it once, and as a table it would be the largest of the stage.
create or replace temp view segments as
select store,
       open_us,
       greatest(start_us, poll_us - max_gap_us())      as start_us,
       least(end_us, poll_us + max_gap_us(), now_us()) as end_us,
       poll_us,
       active,
       poll_us                                       as counted_us
from evidence
union all
select store,
       open_us,
       start_us,
       end_us,
       poll_us,
       active,
       null
from reached
union all
select store,
       open_us,
       start_us,
       end_us,
       poll_us,
       active,
       null
from carried;
