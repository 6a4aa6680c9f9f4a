-- polled:   the business intervals that have evidence, with the first and the last of it
-- needs:    evidence
-- gives:    store, open_us, first_us, first_active, last_us, last_active; unique on store, open_us
create or replace temp table polled as
select store,
       open_us,
       min(poll_us)                                     as first_us,
       bool_or(active) filter (previous_us is null)     as first_active,
       max(poll_us)                                     as last_us,
       bool_or(active) filter (next_us is null)         as last_active
from evidence
where previous_us is null or next_us is null
group by store, open_us;
