-- segments: the stretch of business time that each poll speaks for
-- needs:    evidence, carried
-- gives:    store, open_us, start_us, end_us, poll_us, active, inside (the poll lies in its interval: not carried);
--           disjoint
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rules 2, 3 and 5
--
-- A poll reaches back to the opening, or to where the poll before it does not speak any more.
create or replace temp view segments as
with own as (
    select store,
           open_us,
           if(previous_us is null, open_us, least(previous_us + reach_us(), poll_us)) as from_us,
           coalesce(next_us, close_us)                                                as until_us,
           poll_us,
           active
    from evidence
)
select store,
       open_us,
       greatest(from_us, poll_us - reach_us()) as start_us,
       least(until_us, poll_us + reach_us())   as end_us,
       poll_us,
       active,
       true                                    as inside
from own
union all
select store,
       open_us,
       start_us,
       end_us,
       poll_us,
       active,
       false
from carried;
