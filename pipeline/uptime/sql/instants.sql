-- instants: one poll per store and microsecond, each with its neighbours on the line
-- needs:    polls (before, here, after: packed, int64; one row per store and microsecond)
-- gives:    poll_at, active, before_at, after_at; unique on poll_at
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rule 1; docs/reasons.md, "The line"
--
-- Neighbours are found before the join with intervals: the next poll of a store is the same in whichever interval it
-- lies, so nothing is sorted after the join.
create or replace temp view instants as
select here >> 1     as poll_at,
       here & 1 = 1  as active,
       before >> 1   as before_at,
       after >> 1    as after_at
from polls;
