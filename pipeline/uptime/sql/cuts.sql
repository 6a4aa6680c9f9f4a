-- cuts:     where business intervals open, are cut at the edges of bands, and close
-- needs:    intervals (scope, open_at, close_at; disjoint), bands
-- gives:    open_at, close_at, cut_at, counted_at (the cut, or now), band (that begins at the cut; null where the
--           interval closes); unique on cut_at; in order
--
-- Many stores have the same hours. Their intervals are cut once, and joined with the cuts by equality.
create or replace temp view cuts as
with spans as (
    select distinct scope, open_at - begin_of(open_at) as opens, close_at - begin_of(open_at) as closes
    from intervals
),
span_cuts as (
    select scope, opens, closes, greatest(opens, begin_at) as cut_at, band
    from spans
    join bands using (scope)
    where begin_at < closes and end_at > opens
    union all
    select scope, opens, closes, closes, null
    from spans
)
select open_at,
       close_at,
       begin_of(open_at) + cut_at                          as cut_at,
       least(begin_of(open_at) + cut_at, now_at(open_at))  as counted_at,
       band
from intervals
join span_cuts
    on span_cuts.scope = intervals.scope
    and opens = open_at - begin_of(open_at)
    and closes = close_at - begin_of(open_at)
order by begin_of(open_at) + cut_at;
