-- statuses: the status of each store at the end of each minute of the week in which an edge lies
-- needs:    edges
-- gives:    code, minute (of the week before now, 0 to 10079), status (0 closed, 1 up, 2 down, 3 unknown); unique on
--           code, minute
-- meaning:  what lies before the week counts as its first minute
create or replace temp table statuses as
select code_of(open_at)                                                      as code,
       greatest(edge_at - now_at(open_at) + getvariable('week'), 0) // 120000000 as minute,
       arg_max(status, edge_at)                                              as status
from edges
group by all;
