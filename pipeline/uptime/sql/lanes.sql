-- lanes:    the status of each store in each minute of the week, where it differs from the minute before
-- needs:    pieces, intervals
-- gives:    store, minute (of the week before now, 0 to 10079), status (0 closed, 1 up, 2 down, 3 unknown); unique on
--           store, minute
-- meaning:  a minute has the status of its last microsecond; before the first minute a store counts as closed
--
-- Pieces cover the intervals without a gap, so a store closes where an interval ends and nowhere else. Intervals do not
-- touch, so no two edges fall on one instant. Most pieces have the status of the piece before: their rows are dropped
-- before anything is grouped.
create or replace temp view lanes as
with edges as (
    select store,
           greatest(start_us - week_start_us(), 0)                         as at_us,
           case active when true then 1 when false then 2 else 3 end as status
    from pieces
    where end_us > week_start_us()
    union all
    select store, close_us - week_start_us(), 0
    from intervals
    where close_us > week_start_us() and close_us < now_us()
),
changes as (
    select store, at_us, status, lag(status, 1, 0) over (partition by store order by at_us) as before
    from edges
),
minutes as (
    select store, at_us // 60000000 as minute, arg_max(status, at_us) as status
    from changes
    where status <> before
    group by store, minute
),
steps as (
    select store, minute, status, lag(status, 1, 0) over (partition by store order by minute) as before
    from minutes
)
select store,
       minute::uint16 as minute,
       status::uint8  as status
from steps
where status <> before;
