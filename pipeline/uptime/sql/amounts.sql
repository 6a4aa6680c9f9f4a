-- amounts:  how much of each slice of business time is known, and active
-- needs:    slices (see `positions.slices`), carried
-- gives:    code, band, business, known, up (all in steps), polls (the evidence); the sum over rows of a band counts
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rules 2, 3 and 5
--
-- A slice without evidence before it in its interval begins with the poll that comes after: that one reaches back, and
-- the sums count from it on. `passed` is the sum at that poll. Time after now is not counted, polls at now are.
create or replace temp macro sum_at(t, poll, after, close_at, total, first_part, second_part) as
    total + first_part * least(t - time_of(poll), max_gap())
    + if(after < close_at,
         second_part * greatest(t - greatest(time_of(poll) + max_gap(), time_of(after) - max_gap()), 0),
         0);

create or replace temp macro sum_after(poll, after, total, first_part, second_part) as
    total + first_part * least(time_of(after) - time_of(poll), max_gap())
    + second_part * least(greatest(time_of(after) - time_of(poll) - max_gap(), 0), max_gap());

create or replace temp view amounts as
with own as (
    select open_at, close_at, band, from_at, least(until_at, now_at(open_at)) as until_at,
           poll, after, up, known, until_poll, until_after, until_up, until_known, until_number - number as polls,
           poll >= open_at as is_within,       -- there is evidence before the slice
           after < until_at as has_evidence     -- there is evidence in the slice
    from slices
),
ends as (
    select open_at, band, from_at, until_at, after, polls,
           is_within or has_evidence as is_counted,
           not is_within and after < close_at as is_reached,
           case when is_within then sum_at(from_at, poll, after, close_at, known, 1, 1)
                else sum_after(poll, after, known, 1, 1) end as known_from,
           case when is_within then sum_at(from_at, poll, after, close_at, up, is_active(poll), is_active(after))
                else sum_after(poll, after, up, is_active(poll), is_active(after)) end as up_from,
           sum_at(until_at, until_poll, until_after, close_at, until_known, 1, 1) as known_until,
           sum_at(until_at, until_poll, until_after, close_at, until_up, is_active(until_poll), is_active(until_after))
               as up_until
    from own
),
parts as (
    select open_at, band, until_at - from_at as business, polls, after,
           if(is_counted, known_until - known_from, 0) as known,
           if(is_counted, up_until - up_from, 0) as up,
           if(is_reached, overlap(from_at, until_at, time_of(after) - max_gap(), time_of(after)), 0) as reached
    from ends
)
select code_of(open_at)                       as code,
       band,
       business,
       known + reached                        as known,
       up + reached * is_active(after)        as up,
       polls
from parts
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
