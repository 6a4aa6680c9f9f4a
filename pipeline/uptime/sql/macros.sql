-- macros:   expressions that several steps use; made once, with the database
-- needs:    the variables first, start_us, bits, now_us and max_gap of a connection
-- meaning:  docs/reasons.md, "The line": a store's stretch of it begins at the number of the store, shifted by `bits`;
--           in it a position is twice the microseconds since the horizon began, and a poll its position, and one more
--           where it is active. All `_at` are positions, and lengths are in the same steps.

create or replace macro begin_of(pos) as (pos >> getvariable('bits')) << getvariable('bits');

create or replace macro code_of(pos) as ((pos >> getvariable('bits')) + getvariable('first'))::uint32;

create or replace macro us_of(pos) as (pos - begin_of(pos)) // 2 + getvariable('start_us');

-- now in the stretch that a position is in, and the end of the horizon: a poll at now is in it
create or replace macro now_at(pos) as begin_of(pos) + 2 * (getvariable('now_us') - getvariable('start_us'));

create or replace macro end_at(pos) as now_at(pos) + 2;

-- how far a poll speaks, which is at most the length of the horizon
create or replace macro max_gap() as getvariable('max_gap');

create or replace macro time_of(poll) as poll & -2;

create or replace macro is_active(poll) as poll & 1;

-- 1 up, 2 down; in edges also 0 closed and 3 unknown
create or replace macro status_of(poll) as 2 - is_active(poll);

-- how much of [from_at, until_at) lies in [start_at, end_at)
create or replace macro overlap(from_at, until_at, start_at, end_at) as
    greatest(least(until_at, end_at) - greatest(from_at, start_at), 0);
