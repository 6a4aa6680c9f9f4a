-- cuts:     where business intervals open, are cut at the edges of bands, and close
-- needs:    spans (scope, opens, closes: the distinct intervals, within the stretch of their store), bands
-- gives:    scope, opens, closes, cut_at (within the stretch), counted_at (the cut, or now), band (that begins at the
--           cut; null where the interval closes); unique on scope, opens, closes, cut_at; in order
--
-- Many stores have the same hours: their intervals are cut once.
create or replace temp table cuts as
with every as (
    select scope, opens, closes, greatest(opens, begin_at) as cut_at, band
    from spans
    join bands using (scope)
    where begin_at < closes and end_at > opens
    union all
    select scope, opens, closes, closes, null
    from spans
)
select scope,
       opens,
       closes,
       cut_at,
       least(cut_at, now_at(0)) as counted_at,
       band
from every
order by all;
