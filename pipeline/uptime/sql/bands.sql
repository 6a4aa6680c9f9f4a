-- bands:    the horizon cut at every edge of a window
-- needs:    stretches (scope, window_id, begin_at, end_at: within a store's stretch, in the horizon), spans (see
--           `stage.with_spans`)
-- gives:    scope, band, begin_at, end_at; unique on scope, band; disjoint in a scope
--
-- Windows may overlap; bands do not, so that business time is cut once for all of them.
create or replace temp table bands as
with edges as (
    select scope, unnest([begin_at, end_at]) as cut_at from stretches
    union
    select scope, unnest([0, end_at(0)]) from spans  -- what no window covers is looked at too: evidence lies there
),
neighbours as (
    select scope, cut_at as begin_at, lead(cut_at) over (partition by scope order by cut_at) as end_at
    from edges
)
select scope,
       row_number() over (order by scope, begin_at) as band,
       begin_at,
       end_at
from neighbours
where end_at is not null;
