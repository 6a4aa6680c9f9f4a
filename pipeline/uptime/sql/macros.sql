-- macros:   expressions that several steps use
-- needs:    the variables first_store, start_us, bits, now_us, max_gap_us, hour_start_us, day_start_us and
--           week_start_us
-- meaning:  docs/reasons.md, "The line": a position on it is the number of a store, and in its last bits the
--           microseconds since the horizon began

create or replace temp macro position_of(store, us) as
    ((store::int64 - getvariable('first_store')) << getvariable('bits')) + us - getvariable('start_us');

create or replace temp macro store_at(pos) as
    ((pos >> getvariable('bits')) + getvariable('first_store'))::uint32;

create or replace temp macro instant_at(pos) as
    (pos & ((1::int64 << getvariable('bits')) - 1)) + getvariable('start_us');

create or replace temp macro now_us() as getvariable('now_us');

-- how long the horizon is, and how far a poll speaks, which is at most that
create or replace temp macro horizon_us() as getvariable('now_us') - getvariable('start_us');
create or replace temp macro max_gap_us() as getvariable('max_gap_us');

-- where the three windows begin
create or replace temp macro hour_start_us() as getvariable('hour_start_us');
create or replace temp macro day_start_us() as getvariable('day_start_us');
create or replace temp macro week_start_us() as getvariable('week_start_us');

-- how much of [from_us, until_us) is not before begin_us
create or replace temp macro since(from_us, until_us, begin_us) as
    greatest(until_us - greatest(from_us, begin_us), 0);
