-- polled:   the business intervals that have evidence, with the first and the last of it
-- needs:    evidence
-- gives:    store, open_us, first_us, first_active, last_us, last_active; unique on store, open_us
create or replace temp table polled as
with ends as (
    select store,
           open_us,
           poll_us,
           active,
           previous_us is null or previous_us < open_us as is_first,
           next_us is null or next_us >= close_us       as is_last
    from evidence
    where is_first or is_last
)
select store,
       open_us,
       min(poll_us)                      as first_us,
       bool_or(active) filter (is_first) as first_active,
       max(poll_us)                      as last_us,
       bool_or(active) filter (is_last)  as last_active
from ends
group by store, open_us;
