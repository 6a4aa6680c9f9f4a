-- repeats:  how many polls say again, or gainsay, what another says of the same store and microsecond
-- needs:    sorted
-- gives:    duplicates (polls beyond the first of the same store, instant and status),
--           contradictory (pairs of store and instant with both statuses); one row
-- meaning:  docs/semantics.md, "Output", data quality
create or replace temp table repeats as
with marked as (
    select store = lag(store) over () and poll_us = lag(poll_us) over () as same_instant,
           active = lag(active) over ()                                  as same_status
    from sorted
)
select count(*) filter (same_instant and same_status)     as duplicates,
       count(*) filter (same_instant and not same_status) as contradictory
from marked;
