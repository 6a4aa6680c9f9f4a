-- evidence: the polls inside business time, each with its interval and the stretch of it that it speaks for
-- needs:    instants, intervals (store uint32, open_us, close_us int64; disjoint per store)
-- gives:    store, open_us, close_us, poll_us, active, start_us, end_us; unique on store, poll_us
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rules 1 and 2
--
-- A neighbour in another interval, or of another store, lies outside this interval: no step compares stores.
create or replace temp table evidence as
with opened as (
    select store,
           open_us,
           close_us,
           -- cut at now, where an open interval must stay within the store's stretch of the line; + 1, since a poll at
           -- now is evidence
           position_of(store, open_us)                       as open_at,
           position_of(store, least(close_us, now_us() + 1)) as close_at
    from intervals
)
select store,
       open_us,
       close_us,
       instant_at(poll_at)                                    as poll_us,
       active,
       if(before_at < open_at, open_us, poll_us)              as start_us,  -- the first one reaches back to the opening
       if(after_at >= close_at, close_us, instant_at(after_at)) as end_us   -- the last one holds until the closing
from instants
join opened on store = store_at(poll_at) and open_at <= poll_at and poll_at < close_at;
