-- lanes:    the status of each store in each minute of the week, where it differs from the minute before
-- needs:    edges
-- gives:    code, minute (of the week before now, 0 to 10079), status (0 closed, 1 up, 2 down, 3 unknown); unique on
--           code, minute
-- meaning:  a minute has the status of its last microsecond; before the first minute a store counts as closed
create or replace temp table lanes as
with minutes as (
    select code_of(open_at)                                                              as code,
           greatest(edge_at - now_at(open_at) + getvariable('week'), 0) // 120000000           as minute,
           arg_max(status, edge_at)                                                           as status
    from edges
    group by all
),
steps as (
    select code, minute, status, lag(status, 1, 0) over (partition by code order by minute) as before
    from minutes
)
select code,
       minute::uint16 as minute,
       status::uint8  as status
from steps
where status <> before;
