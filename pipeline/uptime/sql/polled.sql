-- polled:   the business intervals that have evidence, with the first and the last of it
-- needs:    evidence
-- gives:    store, open_us, first_us, first_active, last_us, last_active; unique on store, open_us
--
-- Only the first and the last poll of an interval reach its ends, so the rows of all others are dropped before they are
-- grouped; the filters pick the one row that has the status.
create or replace temp table polled as
select store,
       open_us,
       min(poll_us)                                  as first_us,
       bool_or(active) filter (start_us = open_us)   as first_active,
       max(poll_us)                                  as last_us,
       bool_or(active) filter (end_us = close_us)    as last_active
from evidence
where start_us = open_us or end_us = close_us
group by store, open_us;
