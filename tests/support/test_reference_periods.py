"""The reference of periods itself, on dates and outages worked out by hand."""

from datetime import UTC, date, datetime

import pytest

from tests.support.reference import ALWAYS, HOUR, MINUTE, Clock, Dates, RawRow, instant
from tests.support.reference_periods import Outage, Tables, Wanted, reference_periods


def clock_of(zone: str) -> Clock:
    return Clock(((zone, ALWAYS),))


@pytest.mark.parametrize(
    ("zone", "day", "start", "hours"),
    [
        ("America/New_York", date(2024, 3, 10), "2024-03-10T05:00Z", 23),
        ("America/New_York", date(2024, 11, 3), "2024-11-03T04:00Z", 25),
        ("America/Havana", date(2024, 3, 10), "2024-03-10T05:00Z", 23),  # midnight is skipped: it begins at 01:00
        ("America/Havana", date(2024, 11, 3), "2024-11-03T04:00Z", 25),  # the first of two midnights
        ("Africa/Cairo", date(2024, 4, 26), "2024-04-25T22:00Z", 23),
        ("Africa/Cairo", date(2024, 10, 31), "2024-10-30T21:00Z", 25),  # the hour before midnight is repeated
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00Z", 0),  # left out
        ("Pacific/Apia", date(2011, 12, 31), "2011-12-30T10:00Z", 24),
        ("Australia/Lord_Howe", date(2024, 4, 7), "2024-04-06T13:00Z", 24.5),
        ("Asia/Kolkata", date(2024, 4, 7), "2024-04-06T18:30Z", 24),
    ],
)
def test_dates_begin_and_last_as_their_zone_says(zone: str, day: date, start: str, hours: float) -> None:
    clock = clock_of(zone)
    pieces = [piece for stretches in clock.hours(day).values() for piece in stretches]
    assert clock.start(day) == instant(start)
    assert sum(end - begin for begin, end in pieces) == hours * HOUR


def test_the_hours_of_a_day_on_which_clocks_go_back_are_those_on_the_wall() -> None:
    hours = clock_of("America/New_York").hours(date(2024, 11, 3))
    assert {hour: [(end - start) // MINUTE for start, end in pieces] for hour, pieces in hours.items()} == {
        hour: [120 if hour == 1 else 60] for hour in range(24)
    }


def test_a_date_begins_by_the_zone_that_begins_with_it() -> None:
    moved = date(2024, 3, 10)
    clock = Clock((("America/New_York", Dates(until=moved)), ("Asia/Kolkata", Dates(first=moved))))
    assert clock.start(date(2024, 3, 9)) == instant("2024-03-09T05:00Z")
    assert clock.start(moved) == instant("2024-03-09T18:30Z")
    back = Clock((("Asia/Kolkata", Dates(until=moved)), ("America/New_York", Dates(first=moved))))
    assert back.hours(date(2024, 3, 9))[23] == [(instant("2024-03-09T17:30Z"), instant("2024-03-10T05:00Z"))]


HOURS: list[RawRow] = [
    {"store_id": "a", "day_of_week": str(weekday), "start_time_local": "09:00", "end_time_local": "12:00"}
    for weekday in range(7)
]
ZONES: list[RawRow] = [{"store_id": "a", "timezone_str": "UTC"}]


def outages(*polls: tuple[str, str], split: bool = False, now: str = "2024-03-20T00:00:00+00:00") -> list[Outage]:
    rows: list[RawRow] = [{"store_id": "a", "timestamp_utc": at, "status": status} for at, status in polls]
    wanted = Wanted(name="2024-W10", now=datetime.fromisoformat(now).astimezone(UTC), split_at_closing=split)
    return reference_periods(Tables(rows, HOURS, ZONES), wanted).outages


def test_a_store_that_is_down_at_its_closing_and_its_next_opening_has_one_outage() -> None:
    polls = ("2024-03-04T11:00Z", "inactive"), ("2024-03-05T09:30Z", "inactive"), ("2024-03-05T10:00Z", "active")
    (outage,) = outages(*polls)
    assert (outage.business, outage.elapsed, outage.polls, outage.most) == (4 * HOUR, 25 * HOUR, 2, 4 * HOUR)
    assert (outage.starts_because, outage.ends) == ("opening", "active poll")
    first, second = outages(*polls, split=True)
    assert (first.business, first.ends, second.business, second.starts_because) == (3 * HOUR, "closed", HOUR, "opening")


def test_an_outage_at_now_is_ongoing_unless_a_poll_says_otherwise() -> None:
    down = ("2024-03-04T10:00Z", "inactive")
    assert [outage.ends for outage in outages(down, now="2024-03-04T11:00:00+00:00")] == ["ongoing"]
    assert [outage.ends for outage in outages(down, now="2024-03-04T12:00:00+00:00")] == ["closed"]
    up = ("2024-03-04T11:00Z", "active")
    assert [outage.ends for outage in outages(down, up, now="2024-03-04T11:00:00+00:00")] == ["active poll"]
