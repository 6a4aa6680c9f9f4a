-- carried:  the business time that takes the status of a poll of another interval
-- needs:    exposed
-- gives:    open_at, start_at, end_at, poll (packed); disjoint
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rules 3 and 5
--
-- A poll of an earlier interval comes first: its status is carried up to max_gap after it, or to max_gap before the
-- interval's own first poll. A poll of a later interval gets the rest, after the interval's own last poll. Missing
-- polls are null, which least and greatest ignore.
create or replace temp table carried as
with given as (
    select open_at,
           open_at                                                                              as start_at,
           least(until_at, time_of(first) - max_gap(), time_of(earlier) + max_gap())              as end_at,
           earlier                                                                              as poll
    from exposed
    where earlier is not null
    union all
    select open_at,
           greatest(open_at, time_of(last) + max_gap(), time_of(earlier) + max_gap(), time_of(later) - max_gap()),
           until_at,
           later
    from exposed
    where later is not null
)
select open_at,
       start_at,
       end_at,
       poll
from given
where start_at < end_at;
