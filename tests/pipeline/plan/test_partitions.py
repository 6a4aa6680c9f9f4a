"""The line of polls: nothing is lost on it, and how it is cut into partitions changes no figure."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import assume, given, strategies as st

from store_uptime.pipeline import Options, Report, build_report, build_timeline, explain
from store_uptime.pipeline.calendar.intervals import BRIDGED_US, merged_intervals
from store_uptime.pipeline.durations import HOUR_US, WEEK_US
from store_uptime.pipeline.instants import instant_us
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.packing import BITS, SLACK_US, PollKeys, unpacked_polls, without_repeats
from store_uptime.pipeline.plan import partitions as plan_partitions
from store_uptime.pipeline.plan.partitions import CodeRange, code_ranges, in_order, polled_stores
from store_uptime.pipeline.uptime.positions import with_neighbours
from tests.pipeline.test_against_reference import answer_of, report_of
from tests.support import feeds
from tests.support.line import on_line, packed, polls_frame
from tests.support.profiles import examples
from tests.support.worlds import World, shuffled, worlds

AGES = Horizon(instant_us(datetime(1000, 1, 1, tzinfo=UTC)), instant_us(datetime(9000, 1, 1, tzinfo=UTC)))
TIGHT = 2**40 - 2 - SLACK_US
"""The longest horizon whose stretches are 2**40 microseconds."""


def same(one: Report, other: Report) -> bool:
    assert one.lanes is not None
    assert other.lanes is not None
    return (
        one.csv("extended") == other.csv("extended")
        and one.exact.equals(other.exact)
        and one.quality == other.quality
        and one.lanes.equals(other.lanes)
    )


@pytest.mark.parametrize("horizon", [Horizon(-5, WEEK_US), AGES], ids=["a week", "ages"])
def test_what_is_on_the_line_can_be_read_back(horizon: Horizon) -> None:
    keys = PollKeys.over(horizon, first=7)
    last = 7 + keys.room - 1
    rows = ((7, horizon.start_us, False), (8, horizon.now_us, True), (last, horizon.now_us, True))
    polls = packed(keys, *rows)
    assert unpacked_polls(polls, keys).equals(polls_frame(*rows))
    assert polls[-1] < pl.select(keys.first_position(pl.lit(last + 1))).item() <= 2**BITS


def test_a_stretch_is_a_code_and_an_active_poll_is_behind_its_instant() -> None:
    keys = PollKeys.over(Horizon(100, 200))
    assert packed(keys, (0, 100, False), (0, 100, True), (0, 101, False)).to_list() == [0, 1, 2]
    assert packed(keys, (3, 100, False)).item() == 3 * 2**keys.bits


def test_neighbours_of_the_first_and_the_last_are_beyond_every_interval() -> None:
    keys = PollKeys.over(Horizon(0, WEEK_US))
    polls = packed(keys, (0, 0, True), (0, 100, False), (keys.room - 1, WEEK_US, True))
    around = with_neighbours(polls).collect()
    assert around["poll"].equals(polls, check_names=False)
    assert around["before"][0] < 0
    assert around["after"][-1] >= pl.select(keys.first_position(pl.lit(keys.room))).item()
    assert around["before"][1:].equals(polls[:-1], check_names=False)
    assert around["after"][:-1].equals(polls[1:], check_names=False)


def test_of_several_polls_at_once_inactive_stays_and_the_others_are_counted() -> None:
    keys = PollKeys.over(Horizon(0, 100))
    twice, both, thrice, alone = (
        ((0, 1, True),) * 2,
        ((0, 2, True), (0, 2, False)),
        ((1, 2, False),) * 3,
        ((1, 3, True),),
    )
    found = without_repeats(packed(keys, *twice, *both, *thrice, *both, *alone))
    assert unpacked_polls(found.polls, keys).equals(
        polls_frame((0, 1, True), (0, 2, False), (1, 2, False), (1, 3, True))
    )
    assert (found.duplicates, found.contradictory) == (1 + 2 + 2, 1)


def test_no_polls_are_no_repeats() -> None:
    assert without_repeats(packed(PollKeys.over(Horizon(0, 100))))[1:] == (0, 0)


@pytest.mark.parametrize("now_us", [TIGHT, TIGHT + 1])
def test_the_last_microsecond_of_a_stretch_and_the_first_of_the_next_differ_by_more_than_a_status(now_us: int) -> None:
    keys = PollKeys.over(Horizon(0, now_us))
    found = without_repeats(packed(keys, (0, now_us, True), (1, 0, False), (1, 0, True)))
    assert (found.polls.len(), found.duplicates, found.contradictory) == (2, 0, 1)


@pytest.mark.parametrize("now_us", [TIGHT, TIGHT + 1])
def test_between_two_stretches_is_more_than_what_is_bridged(now_us: int) -> None:
    keys = PollKeys.over(Horizon(0, now_us))
    intervals = on_line(keys, (0, 0, now_us + 1), (1, 0, now_us + 1))
    assert merged_intervals(intervals.lazy(), 2 * BRIDGED_US).collect().equals(intervals)


def test_a_horizon_one_microsecond_longer_takes_twice_the_stretch() -> None:
    assert [2 ** PollKeys.over(Horizon(0, now_us)).bits for now_us in (TIGHT, TIGHT + 1)] == [2**41, 2**42]


# However it is cut ----------------------------------------------------------------------------------------------------


@examples(4)
@given(world=worlds(), data=st.data())
def test_orders_partitions_and_lines_change_nothing(world: World, data: st.DataObject) -> None:
    assume(answer_of(world).rows)
    whole = report_of(world)
    with pytest.MonkeyPatch.context() as small:
        small.setattr(plan_partitions, "POLLS_OF_A_PARTITION", data.draw(st.sampled_from([1, 5, 20])))
        small.setattr(plan_partitions, "MOST_PARTITIONS", data.draw(st.integers(1, 4)))
        assert same(report_of(data.draw(shuffled(world))), whole)
        small.setattr(PollKeys, "room", data.draw(st.integers(1, 3)))
        assert same(report_of(data.draw(shuffled(world))), whole)


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


@pytest.mark.parametrize("room", [1, 2])
def test_a_store_is_found_on_whatever_line_it_is(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ids of a text are all known once its newest poll is."""
    source = feeds.frames(feeds.lines(feeds.POLLS, *(f"{store},2023-01-16 10:00:00,active" for store in "abcde")))
    expected = build_timeline(source, "d").pieces
    monkeypatch.setattr(PollKeys, "room", room)
    assert expected.height == 1
    assert build_timeline(source, "d").pieces.equals(expected)
    assert explain(source, build_report(source), "d").pieces.equals(expected)


def test_the_poll_that_begins_a_stretch_does_not_end_an_interval_that_is_open_at_now() -> None:
    """Each is open at now, at the end of its stretch; b's begins with a poll, which is before all of its hours."""
    now, lookback = datetime(2023, 1, 16, 12, tzinfo=UTC), timedelta(microseconds=TIGHT) - timedelta(days=7)
    begin = now - timedelta(days=7) - lookback
    source = feeds.frames(
        feeds.lines(feeds.POLLS, "a,2023-01-16 11:30:00,active", f"b,{begin:%Y-%m-%d %H:%M:%S.%f},inactive"),
        feeds.lines(feeds.HOURS, "a,0,11:00,14:00"),
        feeds.lines(feeds.ZONES, "a,UTC"),
    )
    report = build_report(source, Options(now=now, lookback=lookback))
    found = report.exact.select("uptime_last_hour_us", "downtime_last_hour_us").rows()
    assert found == [(HOUR_US, 0), (0, HOUR_US)]


def ranges(stores: int, horizon: Horizon) -> list[CodeRange]:
    """One poll a store, at now; on as many lines as it takes."""
    room = PollKeys.over(horizon).room
    firsts = range(0, max(stores, 1), room)
    lines = [PollKeys.over(horizon, first) for first in firsts]
    polls = (
        packed(keys, *((store, horizon.now_us, True) for store in range(keys.first, min(stores, keys.first + room))))
        for keys in lines
    )
    return list(code_ranges(list(zip(lines, (one.to_frame() for one in polls), strict=True)), stores))


@pytest.mark.parametrize(("stores", "number"), [(0, 1), (1, 1), (8, 1), (9, 2), (20, 3)])
def test_a_horizon_of_ages_takes_more_than_one_line(stores: int, number: int) -> None:
    assert PollKeys.over(AGES).room == 8
    found = ranges(stores, AGES)
    assert len(found) == number
    read = pl.concat(unpacked_polls(in_order(part), part.keys) for part in found)
    assert read.equals(polls_frame(*((store, AGES.now_us, True) for store in range(stores))))


def test_a_partition_holds_whole_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_partitions, "POLLS_OF_A_PARTITION", 4)
    found = ranges(10, Horizon(0, 10**12))
    assert [(part.first, part.end) for part in found] == [(0, 5), (5, 10)]
    for part in found:
        polls = in_order(part)
        assert polls.len() == 5
        assert polled_stores(polls, part)["code"].to_list() == list(range(part.first, part.end))


def test_there_are_no_more_partitions_than_passes_are_worth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_partitions, "POLLS_OF_A_PARTITION", 1)
    monkeypatch.setattr(plan_partitions, "MOST_PARTITIONS", 3)
    assert [part.end for part in ranges(10, Horizon(0, 10**12))] == [4, 8, 10]


def test_the_newest_poll_of_a_store_is_the_last_before_the_stretch_of_the_next_polled_one() -> None:
    keys = PollKeys.over(Horizon(0, 100))
    polls = packed(keys, (1, 0, True), (1, 100, False), (3, 0, False), (3, 7, True))
    found = polled_stores(polls, CodeRange(keys, polls.to_frame(), 0, 5))
    assert found.rows() == [(1, polls[1]), (3, polls[3])]
