-- down_since: when the down time began in which each store is now, or was when it closed
-- needs:    edges
-- gives:    code, down_since_us (since 1970, in the horizon); unique on code; no row for other stores
-- meaning:  docs/semantics.md, "What the page counts": closed time does not end it, and what is unknown does
create or replace temp table down_since as
with ended as (
    select code_of(open_at)                                        as code,
           coalesce(max(edge_at) filter (status in (1, 3)), -1)    as ended_at
    from edges
    group by all
)
select code,
       us_of(min(edge_at)) as down_since_us
from edges
join ended on code = code_of(open_at)
where status = 2 and edge_at > ended_at
group by code;
