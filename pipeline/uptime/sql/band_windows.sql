-- band_windows: the windows that each band is in
-- needs:    bands, stretches (scope, window_id, begin_at, end_at)
-- gives:    band, window_id; unique
--
-- A stretch begins with one band and ends with another: joined by equality, since a range would compare all of them. The
-- stretches of a window may overlap: each instant counts once.
create or replace temp table band_windows as
select distinct unnest(range(first.band, last.band + 1)) as band,
       window_id
from stretches
join bands as first on first.scope = stretches.scope and first.begin_at = stretches.begin_at
join bands as last on last.scope = stretches.scope and last.end_at = stretches.end_at;
