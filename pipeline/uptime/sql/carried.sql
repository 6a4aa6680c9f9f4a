-- carried:  the business time that takes the status of a poll of another interval
-- needs:    around
-- gives:    store, open_us, start_us, end_us, poll_us, active; disjoint
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rules 3 and 5
--
-- A poll of an earlier interval comes first: its status is carried up to max_gap after it, or to max_gap before the
-- interval's own first poll. A poll of a later interval gets the rest, after the interval's own last poll. Missing
-- polls are null, which least and greatest ignore.
create or replace temp view carried as
with given as (
    select store,
           open_us,
           open_us                                                         as start_us,
           least(until_us, first_us - max_gap_us(), earlier_us + max_gap_us()) as end_us,
           earlier_us                                                      as poll_us,
           earlier_active                                                  as active
    from around
    where earlier_us is not null
    union all
    select store,
           open_us,
           greatest(open_us, last_us + max_gap_us(), earlier_us + max_gap_us(), later_us - max_gap_us()),
           until_us,
           later_us,
           later_active
    from around
    where later_us is not null
)
select store,
       open_us,
       start_us,
       end_us,
       poll_us,
       active
from given
where start_us < end_us;
