-- pieces:   business time up to now, cut where the status or the poll behind it changes
-- needs:    edges, intervals
-- gives:    code, open_us, start_us, end_us, active (null: unknown), poll_us (null: unknown); disjoint, in order
--
-- The edges cover the intervals without a gap, so a piece ends where the next one begins, or with its interval.
create or replace temp table pieces as
with ends as (
    select open_at, edge_at, status, poll,
           lead(edge_at) over (partition by open_at order by edge_at) as next_at
    from edges
)
select code_of(open_at)                                                                    as code,
       us_of(open_at)                                                                      as open_us,
       us_of(edge_at)                                                                           as start_us,
       us_of(coalesce(next_at, least(close_at, now_at(open_at))))                          as end_us,
       case status when 1 then true when 2 then false end                                  as active,
       us_of(time_of(poll))                                                                as poll_us
from ends
join intervals using (open_at)
where status > 0
order by code, start_us;
