"""When many stores went down together, lane by lane."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from random import Random

import polars as pl
import pytest

from store_uptime.pipeline import LaneStatus, Selection, build_report, incidents, select
from tests.support.incidents import Found, Lane, made_up_week, plain_incidents
from tests.support.weeks import FEED, WEEK_START, five_stores, with_lanes

CLOSED, UP, DOWN, UNKNOWN, UP_CARRIED, DOWN_CARRIED = LaneStatus
DAY = 24 * 60


def falls(*minutes: int, before: int = UP, down: int = DOWN) -> Lane:
    """A store that goes down in each of these minutes, for 20 minutes."""
    return [(0, before), *(change for at in minutes for change in ((at, down), (at + 20, before)))]


@dataclass(frozen=True)
class Case:
    fallen: list[Lane]
    found: list[Found] = field(default_factory=list)
    others: int = 14
    """Stores that are up all the week."""


def every_day(minute: int) -> list[int]:
    return [minute + DAY * number for number in range(7)]


SIX = range(1000, 1060, 10)
CASES = {
    "six of twenty within an hour": Case([falls(at) for at in SIX], [(1000, 1050, 6, 20)]),
    "four of twenty are too few": Case([falls(at) for at in (1000, 1001, 1002, 1003)]),
    "so are five of sixty": Case([falls(1000)] * 5, others=55),
    "five of fifty are not": Case([falls(1000)] * 5, [(1000, 1000, 5, 50)], others=45),
    "an hour has 60 minutes": Case([falls(1000), *[falls(1059)] * 4], [(1000, 1059, 5, 19)]),
    "one minute more is another": Case([falls(1000), *[falls(1060)] * 4]),
    "in the first minute of the week nobody goes down": Case([[(0, DOWN)]] * 6),
    "nor with the first opening": Case([[(500, DOWN)]] * 6),
    "from unknown on": Case([falls(1000, before=UNKNOWN)] * 6, [(1000, 1000, 6, 20)]),
    "carried statuses count, too": Case([falls(1000, before=UP_CARRIED, down=DOWN_CARRIED)] * 6, [(1000, 1000, 6, 20)]),
    "what is carried from then on does not go down again": Case([[(0, DOWN), (1000, DOWN_CARRIED)]] * 6),
    "closed time between up and down does not matter": Case(
        [[(0, UP), (900, CLOSED), (1000, DOWN)]] * 6, [(1000, 1000, 6, 20)]
    ),
    "nor does it between down and down": Case([[(0, DOWN), (900, CLOSED), (1000, DOWN)]] * 6),
    "a daily opening is usual": Case([falls(*every_day(1000))] * 6),
    "so it is on working days": Case([falls(*every_day(1000)[:5])] * 6),
    "twice as many on one of them are usual, too": Case(
        [*[falls(*every_day(1000))] * 6, *[falls(1000 + 3 * DAY)] * 6],
    ),
    "three times as many are not": Case(
        [*[falls(*every_day(1000))] * 6, *[falls(1000 + 3 * DAY)] * 12],
        [(1000 + 3 * DAY, 1000 + 3 * DAY, 18, 32)],
    ),
    "what comes every hour is usual, whatever its minute": Case(
        [falls(*range(number, 10_000, 331)) for number in range(0, 330, 11)], others=0
    ),
    "two at different times": Case([falls(1000, 5000)] * 6, [(1000, 1000, 6, 20), (5000, 5000, 6, 20)]),
    "those that overlap are one, in which each store counts once": Case(
        [falls(1000, 1080), *[falls(1000)] * 5, *[falls(1055)] * 4, *[falls(1080)] * 5],
        [(1000, 1080, 15, 29)],
    ),
    "who goes down twice within the hour counts once": Case([*[falls(1000)] * 3, falls(1000, 1030)], others=16),
}


def rows(found: pl.DataFrame) -> list[Found]:
    minute = timedelta(minutes=1)
    return [
        ((start - WEEK_START) // minute, (end - WEEK_START) // minute, stores, is_open)
        for start, end, stores, is_open in found.select("start_utc", "end_utc", "stores", "open").iter_rows()
    ]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_incidents(case: Case) -> None:
    report = with_lanes([*case.fallen, *[[(0, UP)]] * case.others])
    assert rows(incidents(report)) == case.found


def test_in_made_up_weeks_they_are_what_looking_at_each_minute_gives() -> None:
    seen = 0
    for seed in range(6):
        lanes = made_up_week(Random(seed))
        expected = plain_incidents(lanes)
        seen += len(expected)
        assert sorted(rows(incidents(with_lanes(lanes)))) == expected
    assert seen >= 6


def test_open_are_the_stores_of_the_group_at_the_onset() -> None:
    closed = [[(0, UP), (900, CLOSED), (1100, UP)]] * 8
    assert rows(incidents(with_lanes([*[falls(1000)] * 6, *[[(0, UP)]] * 4, *closed]))) == [(1000, 1000, 6, 10)]


def test_of_several_onsets_the_most_open_count() -> None:
    closing = [[(0, UP), (1020, CLOSED)]] * 8
    fallen = [falls(at) for at in SIX]
    assert rows(incidents(with_lanes([*fallen, *closing]))) == [(1000, 1050, 6, 14)]


def test_each_value_of_each_attribute_is_a_group_beside_all_stores() -> None:
    cities = {number: "Berlin" if number < 10 else "Rome" for number in range(20)} | {20: "Oslo"}
    report = with_lanes([*[falls(1000)] * 6, *[[(0, UP)]] * 14, []], cities)
    assert incidents(report, ("city", "zone")).select(
        "attribute", "value", "stores", "open", "share_percent"
    ).rows() == [
        ("city", "Berlin", 6, 10, Decimal("60.00")),
        ("", "", 6, 20, Decimal("30.00")),
        ("zone", "America/Chicago", 6, 20, Decimal("30.00")),
    ]


def test_one_attribute_may_be_given_by_its_name() -> None:
    report = with_lanes([falls(1000)] * 6)
    assert incidents(report, "zone").equals(incidents(report, ("zone", "zone")))


def test_there_may_be_no_store_and_nobody_may_go_down() -> None:
    empty = select(five_stores(), Selection(search="nobody"))
    assert [incidents(report, ("zone",)).height for report in (empty, five_stores(), with_lanes([[]] * 9))] == [0, 0, 0]


def test_a_report_without_lanes_is_refused() -> None:
    with pytest.raises(ValueError, match="no lanes"):
        incidents(build_report(FEED))
