-- pieces:   a store's business time up to now, cut where the status or the poll behind it changes
-- needs:    segments, evidence, around
-- gives:    store, open_us, start_us, end_us, active (null: unknown), poll_us (null: unknown); disjoint
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rules 2 to 5
--
-- Unknown time lies between two polls of an interval, before its first poll (or is the whole interval), or after its
-- last: the three parts of `unknown`.
create or replace temp view pieces as
with unknown as (
    select store, open_us, poll_us + max_gap_us() as start_us, end_us - max_gap_us() as end_us
    from evidence
    where end_us < close_us
    union all
    select store, open_us,
           greatest(open_us, earlier_us + max_gap_us()),
           least(until_us, coalesce(first_us, later_us) - max_gap_us())
    from around
    union all
    select store, open_us, last_us + max_gap_us(), least(until_us, later_us - max_gap_us())
    from around
    where last_us is not null
),
every as (
    select store, open_us, start_us, end_us, active, poll_us
    from segments
    union all
    select store, open_us, start_us, end_us, null, null
    from unknown
)
select store,
       open_us,
       start_us,
       end_us,
       active,
       poll_us
from every
where start_us < end_us;
