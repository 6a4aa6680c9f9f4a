"""The week as a lane of minutes, and whether a store is down now: case by case. Open 06:00 to 11:00 of one day, UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from store_uptime.pipeline import LaneStatus, Options, Report, build_report_with_lanes
from tests.support.feeds import HOURS, POLLS, ZONES, frames, lines

CLOSED, UP, DOWN, UNKNOWN, UP_CARRIED, DOWN_CARRIED = LaneStatus
DAY = 24 * 60
MONDAY = "a,0,06:00,11:00"
WEEK = 7 * DAY
OPEN = WEEK - 6 * 60  # the minute of Monday 06:00 in the week before Monday 12:00
UNTIL_NOW = ("a,0,06:00,12:00",)
TWO_SHIFTS = ("a,0,06:00,08:00", "a,0,09:00,11:00")


@dataclass(frozen=True)
class Case:
    polls: str  # times of Monday 14 October 2024, each with its status
    lane: list[tuple[int, int]]
    down_now: bool = False
    hours: tuple[str, ...] = (MONDAY,)
    now: str = "2024-10-14 12:00:00"
    max_gap: int | None = None  # minutes


CASES = {
    "a store begins closed, opens and closes": Case(
        "07:30 active", [(OPEN, UP), (OPEN + 210, UP_CARRIED), (OPEN + 300, CLOSED)]
    ),
    "a poll changes it": Case("08:00 active, 09:30 inactive", [(OPEN, UP), (OPEN + 210, DOWN), (OPEN + 300, CLOSED)]),
    "one that says the same does not": Case("08:00 active, 09:30 active", [(OPEN, UP), (OPEN + 300, CLOSED)]),
    "a minute has the status of its last microsecond": Case(
        "08:00 active, 09:29:59.999999 inactive", [(OPEN, UP), (OPEN + 209, DOWN), (OPEN + 300, CLOSED)]
    ),
    "what has passed by then leaves no trace": Case(
        "08:00 active, 09:30:01 inactive, 09:30:59 active", [(OPEN, UP), (OPEN + 300, CLOSED)]
    ),
    "of two shifts that touch the second counts": Case(
        "07:00 active, 09:00 inactive",
        [(OPEN, UP), (OPEN + 180, DOWN), (OPEN + 300, CLOSED)],
        hours=("a,0,06:00,08:00", "a,0,08:00,11:00"),
    ),
    "beyond max_gap it is unknown": Case(
        "08:00 active",
        [(OPEN, UNKNOWN), (OPEN + 90, UP), (OPEN + 150, UNKNOWN), (OPEN + 300, CLOSED)],
        max_gap=30,
    ),
    "after a gap the next poll reaches back": Case(
        "07:00 active, 10:00 inactive",
        [(OPEN, UP), (OPEN + 120, UNKNOWN), (OPEN + 180, DOWN), (OPEN + 300, CLOSED)],
        max_gap=60,
    ),
    "so may the last one of an earlier interval reach on": Case(
        "07:55 active, 10:55 inactive",
        [
            *[(OPEN, UNKNOWN), (OPEN + 25, UP), (OPEN + 120, CLOSED)],
            *[(OPEN + 180, UP), (OPEN + 205, DOWN), (OPEN + 300, CLOSED)],
        ],
        hours=TWO_SHIFTS,
        max_gap=90,
    ),
    "and the first one of a later interval back": Case(
        "06:05 active, 09:05 inactive",
        [
            *[(OPEN, UP), (OPEN + 95, DOWN), (OPEN + 120, CLOSED)],
            *[(OPEN + 180, DOWN), (OPEN + 275, UNKNOWN), (OPEN + 300, CLOSED)],
        ],
        hours=TWO_SHIFTS,
        max_gap=90,
    ),
    "what is too far from both is unknown": Case(
        "06:15 active, 10:30 inactive",
        [
            *[(OPEN, UP), (OPEN + 75, UNKNOWN), (OPEN + 120, CLOSED)],
            *[(OPEN + 180, UNKNOWN), (OPEN + 210, DOWN), (OPEN + 300, CLOSED)],
        ],
        hours=TWO_SHIFTS,
        max_gap=60,
    ),
    "without evidence it is unknown": Case("04:00 inactive", [(OPEN, UNKNOWN), (OPEN + 300, CLOSED)]),
    "with unknown hours it is never open": Case("08:00 inactive", [], hours=("a,9,06:00,11:00",)),
    "always open, the first minute is not closed": Case(
        "08:00 active", [(0, UP_CARRIED), (OPEN, UP), (OPEN + 240, UP_CARRIED)], hours=()
    ),
    "an interval that began before the week": Case(
        "10:59 active",
        [(0, UP_CARRIED), (DAY - 6 * 60, CLOSED), (6 * DAY + 18 * 60, UP_CARRIED), (OPEN + 179, UP)],
        hours=("a,0,06:00,06:00",),
    ),
    "one that ended as the week began leaves no trace": Case(
        "08:00 active", [(WEEK - 300, UP), (WEEK - 60, UP_CARRIED)], now="2024-10-14 11:00:00"
    ),
    "down now": Case("08:00 active, 10:00 inactive", [(OPEN, UP), (OPEN + 240, DOWN)], down_now=True, hours=UNTIL_NOW),
    "down now, which is carried": Case(
        "08:00 active, 09:30 inactive",
        [(OPEN, UP), (OPEN + 210, DOWN), (OPEN + 330, DOWN_CARRIED)],
        down_now=True,
        hours=UNTIL_NOW,
    ),
    "up now": Case("08:00 inactive, 10:00 active", [(OPEN, DOWN), (OPEN + 240, UP)], hours=UNTIL_NOW),
    "a microsecond after the closing it is not down any more": Case(
        "08:00 inactive",
        [(OPEN - 1, DOWN), (OPEN + 239, DOWN_CARRIED), (WEEK - 1, CLOSED)],
        hours=UNTIL_NOW,
        now="2024-10-14 12:00:00.000001",
    ),
    "an opening at now is too late": Case(
        "12:00 inactive", [(0, DOWN_CARRIED), (30, CLOSED)], hours=("a,0,12:00,12:30",)
    ),
    "a poll at exactly now is too late": Case("08:00 active, 12:00 inactive", [(0, UP_CARRIED), (OPEN, UP)], hours=()),
    "unless it reaches back": Case("12:00 inactive", [(0, DOWN_CARRIED), (WEEK - 120, DOWN)], down_now=True, hours=()),
    "max_gap ends what is known of now": Case(
        "11:29:59.999999 inactive", [(0, UNKNOWN), (WEEK - 61, DOWN), (WEEK - 1, UNKNOWN)], hours=(), max_gap=30
    ),
    "a microsecond later it does not": Case(
        "11:30 inactive", [(0, UNKNOWN), (WEEK - 60, DOWN)], down_now=True, hours=(), max_gap=30
    ),
    "two hours after a poll its status is carried": Case(
        "08:00:59.999999 active", [(OPEN, UP), (OPEN + 240, UP_CARRIED), (OPEN + 300, CLOSED)]
    ),
    "a microsecond later one is near a minute longer": Case(
        "08:01 active", [(OPEN, UP_CARRIED), (OPEN + 1, UP), (OPEN + 241, UP_CARRIED), (OPEN + 300, CLOSED)]
    ),
    "two hours before a poll it is not": Case(
        "09:59:59.999999 inactive", [(OPEN, DOWN_CARRIED), (OPEN + 119, DOWN), (OPEN + 300, CLOSED)]
    ),
    "a microsecond more before it is": Case(
        "10:00 inactive", [(OPEN, DOWN_CARRIED), (OPEN + 120, DOWN), (OPEN + 300, CLOSED)]
    ),
    "between two polls it is carried, too": Case(
        "06:00 active, 10:55 active",
        [(OPEN, UP), (OPEN + 120, UP_CARRIED), (OPEN + 175, UP), (OPEN + 300, CLOSED)],
    ),
    "so is a status of another interval": Case(
        "06:30 active",
        [(OPEN, UP), (OPEN + 120, CLOSED), (OPEN + 180, UP_CARRIED), (OPEN + 300, CLOSED)],
        hours=TWO_SHIFTS,
    ),
    "a poll of another interval may be near, whatever it says": Case(
        "07:59 inactive, 10:30 active",
        [(OPEN, DOWN), (OPEN + 120, CLOSED), (OPEN + 125, UP), (OPEN + 300, CLOSED)],
        hours=("a,0,06:00,08:00", "a,0,08:05,11:00"),
    ),
    "one outside business hours is not": Case(
        "06:30 active, 11:30 active", [(OPEN, UP), (OPEN + 150, UP_CARRIED), (OPEN + 300, CLOSED)]
    ),
    "what is carried may become unknown": Case(
        "06:30 active",
        [(OPEN, UP), (OPEN + 150, UP_CARRIED), (OPEN + 210, UNKNOWN), (OPEN + 300, CLOSED)],
        max_gap=180,
    ),
}


def built(case: Case) -> Report:
    polls = (f"a,2024-10-14 {at},{status}" for at, status in (poll.split(" ") for poll in case.polls.split(", ")))
    source = frames(lines(POLLS, *(full(poll) for poll in polls)), lines(HOURS, *case.hours), lines(ZONES, "a,UTC"))
    gap = None if case.max_gap is None else timedelta(minutes=case.max_gap)
    now = datetime.fromisoformat(case.now).replace(tzinfo=UTC)
    return build_report_with_lanes(source, Options(now=now, max_gap=gap))


def full(poll: str) -> str:
    """The poll with seconds, if it has none."""
    store, at, status = poll.split(",")
    return f"{store},{at if at.count(':') == 2 else at + ':00'},{status}"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_lane(case: Case) -> None:
    lanes = built(case).lanes
    assert lanes is not None
    assert lanes.select("minute", "status").rows() == case.lane


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_down_now(case: Case) -> None:
    assert built(case).exact["down_now"].to_list() == [case.down_now]


def test_each_store_has_its_own_lane_in_small_numbers() -> None:
    polls = ("a,2024-10-14 08:00:00,active", "b,2024-10-14 10:00:00,inactive")
    source = frames(
        lines(POLLS, *polls), lines(HOURS, MONDAY, MONDAY.replace("a", "b")), lines(ZONES, "a,UTC", "b,UTC")
    )
    lanes = build_report_with_lanes(source, Options(now=datetime(2024, 10, 14, 12, tzinfo=UTC))).lanes
    assert lanes is not None
    assert lanes.rows() == [
        *[(0, OPEN, UP), (0, OPEN + 240, UP_CARRIED), (0, OPEN + 300, CLOSED)],
        *[(1, OPEN, DOWN_CARRIED), (1, OPEN + 120, DOWN), (1, OPEN + 300, CLOSED)],
    ]
    assert lanes.dtypes == [pl.UInt32, pl.UInt16, pl.UInt8]
