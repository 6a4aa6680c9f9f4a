-- carried_bands: the business time that takes the status of a poll of another interval, by band
-- needs:    carried, slices (see `positions.slices`)
-- gives:    open_at, band, known, up (in steps)
create or replace temp table carried_bands as
select carried.open_at,
       band,
       overlap(from_at, until_at, start_at, end_at)                           as known,
       overlap(from_at, until_at, start_at, end_at) * is_active(carried.poll) as up
from carried
join slices using (open_at)
where from_at < end_at and until_at > start_at;
