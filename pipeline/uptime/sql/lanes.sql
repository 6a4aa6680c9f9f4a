-- lanes:    the status of each store in each minute of the week, where it differs from the minute before
-- needs:    own_statuses, statuses (those where a poll speaks no farther than two hours)
-- gives:    code, minute (of the week before now, 0 to 10079), status (0 closed, 1 up, 2 down, 3 unknown, 4 up carried,
--           5 down carried); unique on code, minute
-- meaning:  docs/semantics.md, "The lane of a store": a minute has the status of its last microsecond, before the first
--           minute a store counts as closed; what no poll within two hours speaks for is carried
create or replace temp table lanes as
with every as (
    select code, minute, status, null as near from own_statuses
    union all
    select code, minute, null, status from statuses
),
minutes as (
    select code, minute, max(status) as status, max(near) as near
    from every
    group by all
),
filled as (
    select code,
           minute,
           coalesce(last_value(status ignore nulls) over until_here, 0) as status,
           last_value(near ignore nulls) over until_here                as near
    from minutes
    window until_here as (partition by code order by minute rows between unbounded preceding and current row)
),
marked as (
    select code, minute, if(near = 3 and status in (1, 2), status + 3, status) as status from filled
),
steps as (
    select code, minute, status, lag(status, 1, 0) over (partition by code order by minute) as before from marked
)
select code,
       minute::uint16 as minute,
       status::uint8  as status
from steps
where status <> before;
