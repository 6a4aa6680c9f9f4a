"""The line of polls: nothing is lost on it, and how it is cut into partitions changes no figure."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import assume, given

from store_uptime.pipeline import Options, Report, build_report
from store_uptime.pipeline.calendar.tzdata import tzdata_version
from store_uptime.pipeline.durations import HOUR_US, WEEK_US
from store_uptime.pipeline.errors import NoPolls
from store_uptime.pipeline.instants import instant_us
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.plan import partitions as plan_partitions
from store_uptime.pipeline.plan.packing import POSITION_BITS, PollKeys, neighbours, packed_poll, unpacked_polls
from store_uptime.pipeline.plan.partitions import Partition, partition_of
from store_uptime.pipeline.plan.plan import Plan
from tests.pipeline.test_against_reference import report_of
from tests.support import feeds
from tests.support.profiles import examples
from tests.support.worlds import World, worlds

POLLS = {"store": pl.UInt32, "poll_us": pl.Int64, "active": pl.Boolean}
AGES = Horizon(instant_us(datetime(1000, 1, 1, tzinfo=UTC)), instant_us(datetime(9000, 1, 1, tzinfo=UTC)))


def frame(*rows: tuple[int, int, bool]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=POLLS, orient="row")


def on_line(polls: pl.DataFrame, line: PollKeys) -> pl.Series:
    return polls.select(packed_poll(line)).to_series().sort()


def same(one: Report, other: Report) -> bool:
    assert one.lanes is not None
    assert other.lanes is not None
    return one.exact.equals(other.exact) and one.quality == other.quality and one.lanes.equals(other.lanes)


@pytest.mark.parametrize("horizon", [Horizon(-5, WEEK_US), AGES], ids=["a week", "ages"])
def test_what_is_on_the_line_can_be_read_back(horizon: Horizon) -> None:
    line = PollKeys.over(horizon, first_store=7)
    last = line.last_store
    polls = frame((7, horizon.start_us, False), (8, horizon.now_us, True), (last, horizon.now_us, False))
    assert unpacked_polls(on_line(polls, line), line).equals(polls)
    assert on_line(polls, line)[-1] < line.first_poll(last + 1) <= 2 ** (POSITION_BITS + 1)


def test_neighbours_of_the_first_and_the_last_are_beyond_every_interval() -> None:
    line = PollKeys.over(Horizon(0, WEEK_US))
    polls = on_line(frame((0, 0, True), (0, 100, False), (line.last_store, WEEK_US, True)), line)
    around = neighbours(polls)
    assert around["here"].equals(polls, check_names=False)
    assert around["before"][0] // 2 < 0
    assert around["after"][-1] // 2 >= line.first_poll(line.last_store + 1) // 2
    assert around["before"][1:].equals(polls[:-1], check_names=False)
    assert around["after"][:-1].equals(polls[1:], check_names=False)


def test_of_several_polls_at_once_inactive_stays_and_the_others_are_counted() -> None:
    line = PollKeys.over(Horizon(0, 100))
    twice, both, thrice, alone = (
        ((0, 1, True),) * 2,
        ((0, 2, True), (0, 2, False)),
        ((1, 2, False),) * 3,
        ((1, 3, True),),
    )
    found = partition_of(line, on_line(frame(*twice, *both, *thrice, *both, *alone), line), pl.DataFrame())
    kept = frame((0, 1, True), (0, 2, False), (1, 2, False), (1, 3, True))
    assert unpacked_polls(found.polls, line).equals(kept)
    assert (found.duplicates, found.contradictory) == (1 + 2 + 2, 1)


def test_stores_of_which_each_speaks_on_the_microsecond_where_the_other_ends_are_not_neighbours() -> None:
    """The last microsecond of a stretch and the first of the next differ by more than a status."""
    line = PollKeys.over(Horizon(0, 2**20 - 2))
    polls = on_line(frame((0, 2**20 - 2, True), (1, 0, False), (1, 0, True)), line)
    found = partition_of(line, polls, pl.DataFrame())
    assert (found.polls.len(), found.duplicates, found.contradictory) == (2, 0, 1)


@examples(5)
@given(world=worlds())
def test_partitions_and_lines_change_nothing(world: World) -> None:
    try:
        whole = report_of(world)
    except NoPolls:
        assume(False)
    with pytest.MonkeyPatch.context() as small:
        small.setattr(plan_partitions, "POLLS_OF_A_PARTITION", 20)
        assert same(report_of(world), whole)
        small.setattr(PollKeys, "room", 2)
        assert same(report_of(world), whole)


@pytest.mark.parametrize("room", [1, 2, 3])
def test_each_store_has_its_own_figures_wherever_a_line_ends(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Open Monday and Tuesday 09:00 to 12:00: on Monday a is up, b is down, and c is polled when it is closed."""
    monkeypatch.setattr(PollKeys, "room", room)
    polls = ("a,2023-01-16 10:00:00,active", "b,2023-01-16 10:00:00,inactive", "c,2023-01-16 13:00:00,active")
    source = feeds.frames(
        feeds.lines(feeds.POLLS, *polls),
        feeds.lines(feeds.HOURS, *(f"{store},{day},09:00,12:00" for store in "abc" for day in (0, 1))),
        feeds.lines(feeds.ZONES, *(f"{store},UTC" for store in "abc")),
    )
    report = build_report(source, Options(now=datetime(2023, 1, 18, tzinfo=UTC)))
    found = report.exact.select("store_id", "uptime_last_week_us", "downtime_last_week_us", "last_poll_us").rows()
    ten, one = (instant_us(datetime(2023, 1, 16, hour, tzinfo=UTC)) for hour in (10, 13))
    assert found == [("a", 6 * HOUR_US, 0, ten), ("b", 0, 6 * HOUR_US, ten), ("c", None, None, one)]


def test_the_poll_that_begins_a_stretch_does_not_end_an_interval_that_goes_on_after_now() -> None:
    """A stretch of 2**40 microseconds ends half an hour after now, before a closes; at once b's begins, with a poll."""
    now, lookback = datetime(2023, 1, 16, 12, tzinfo=UTC), timedelta(microseconds=2**40) - timedelta(days=7, minutes=30)
    begin = now - timedelta(days=7) - lookback
    source = feeds.frames(
        feeds.lines(feeds.POLLS, "a,2023-01-16 11:30:00,active", f"b,{begin:%Y-%m-%d %H:%M:%S.%f},inactive"),
        feeds.lines(feeds.HOURS, "a,0,11:00,14:00"),
        feeds.lines(feeds.ZONES, "a,UTC"),
    )
    report = build_report(source, Options(now=now, lookback=lookback))
    found = report.exact.select("uptime_last_hour_us", "downtime_last_hour_us").rows()
    assert found == [(HOUR_US, 0), (0, HOUR_US)]


def plan(stores: int, horizon: Horizon) -> Plan:
    numbers = pl.Series("store", range(stores), dtype=pl.UInt32)
    table = pl.DataFrame([numbers, numbers.cast(pl.String).str.zfill(3).alias("store_id")])
    intervals = table.select("store", open_us=pl.lit(horizon.start_us, pl.Int64), close_us=pl.lit(horizon.now_us))
    return Plan("ages", Options(), horizon, table, intervals, pl.Series([], dtype=pl.String), {}, tzdata_version())


def partitions(stores: int, horizon: Horizon) -> list[Partition]:
    """One poll a store, at now."""
    made = plan(stores, horizon)
    polls = made.stores.select(pl.col("store_id").cast(pl.Categorical), poll_us=horizon.now_us, active=True)
    return plan_partitions.exchange(made, plan_partitions.pack_polls(made, polls))


@pytest.mark.parametrize(("stores", "number"), [(0, 1), (1, 1), (8, 1), (9, 2), (20, 3)])
def test_a_horizon_of_ages_takes_more_than_one_line(stores: int, number: int) -> None:
    assert PollKeys.over(AGES).room == 8
    found = partitions(stores, AGES)
    assert len(found) == number
    read = pl.concat(unpacked_polls(part.polls, part.keys) for part in found)
    assert read.equals(frame(*((store, AGES.now_us, True) for store in range(stores))))


def test_a_partition_holds_whole_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_partitions, "POLLS_OF_A_PARTITION", 4)
    found = partitions(10, Horizon(0, 10**12))
    sizes = [part.polls.len() for part in found]
    assert sum(sizes) == 10
    assert max(sizes) <= 5
    for part in found:
        assert part.intervals["store"].to_list() == unpacked_polls(part.polls, part.keys)["store"].to_list()
