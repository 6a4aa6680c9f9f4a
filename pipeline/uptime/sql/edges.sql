-- edges:    where the status of a store changes, or the poll that it rests on
-- needs:    changes (see `positions.changes`), openings (open_at, after: the first poll of an interval), exposed, carried,
--           closings (open_at, close_at)
-- gives:    open_at (of the interval), edge_at, status (0 closed, 1 up, 2 down, 3 unknown), poll (packed; null: closed or
--           unknown); unique on edge_at; before now
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rules 2 to 5
--
-- Unknown time lies between two polls of an interval, before its first poll (or is the whole interval), or after its
-- last. Intervals do not touch, so a store closes where one ends.
create or replace temp table edges as
with every as (
    select open_at, time_of(poll) as edge_at, status_of(poll) as status, poll
    from changes
    where before >= open_at  -- the first poll reaches back
    union all
    select open_at, time_of(poll) + max_gap(), 3, null
    from changes
    where after < close_at and time_of(poll) + max_gap() < time_of(after) - max_gap()
    union all
    select open_at, greatest(time_of(poll) + max_gap(), time_of(after) - max_gap()), status_of(after), after
    from changes
    where after < close_at and time_of(after) - time_of(poll) > max_gap()
    union all
    select open_at, greatest(open_at, time_of(after) - max_gap()), status_of(after), after
    from openings
    union all
    select open_at, greatest(open_at, time_of(earlier) + max_gap()), 3, null
    from exposed
    where greatest(open_at, time_of(earlier) + max_gap())
        < least(until_at, time_of(coalesce(first, later)) - max_gap())
    union all
    select open_at, time_of(last) + max_gap(), 3, null
    from exposed
    where time_of(last) + max_gap() < least(until_at, time_of(later) - max_gap())
    union all
    select open_at, start_at, status_of(poll), poll
    from carried
    union all
    select open_at, close_at, 0, null
    from closings
)
select open_at,
       edge_at,
       status,
       poll
from every
where edge_at < now_at(open_at);
