-- amounts:  how much of each slice of business time is known, and active
-- needs:    slices (see `positions.slices`), carried
-- gives:    code, band, business, known, up (all in steps), polls (the evidence); the sum over all rows of a band counts
create or replace temp view amounts as
select code_of(open_at) as code,
       band,
       business,
       known,
       up,
       polls
from slices
union all
select code_of(open_at),
       band,
       0,
       overlap(from_at, until_at, start_at, end_at),
       overlap(from_at, until_at, start_at, end_at) * is_active(carried.poll),
       0
from carried
join slices using (open_at)
where from_at < end_at and until_at > start_at;
