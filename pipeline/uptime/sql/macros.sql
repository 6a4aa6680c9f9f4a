-- macros:   what the steps say in a word
-- needs:    the variables first_store, start_us, bits, now_us, reach_us, hour_us, day_us and week_us
-- meaning:  docs/architecture.md, "The line": a place on it is the number of a store, and in its last bits the
--           microseconds since the horizon began

create or replace temp macro place(store, us) as
    ((store::int64 - getvariable('first_store')) << getvariable('bits')) + us - getvariable('start_us');

create or replace temp macro store_at(spot) as
    ((spot >> getvariable('bits')) + getvariable('first_store'))::uint32;

create or replace temp macro instant_at(spot) as
    (spot & ((1::int64 << getvariable('bits')) - 1)) + getvariable('start_us');

create or replace temp macro now_us() as getvariable('now_us');

-- how long the horizon is, and how far a poll speaks: at most as far
create or replace temp macro horizon_us() as getvariable('now_us') - getvariable('start_us');
create or replace temp macro reach_us() as getvariable('reach_us');

-- where the three windows begin
create or replace temp macro hour_us() as getvariable('hour_us');
create or replace temp macro day_us() as getvariable('day_us');
create or replace temp macro week_us() as getvariable('week_us');

-- how much of [from_us, until_us) is not before begin_us
create or replace temp macro since(from_us, until_us, begin_us) as
    greatest(until_us - greatest(from_us, begin_us), 0);
