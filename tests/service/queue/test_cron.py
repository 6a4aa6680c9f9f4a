"""When schedules are due, beside a rule of our own, over both clock changes."""

from datetime import UTC, date, datetime, time

import pytest

from store_uptime.service.errors import WrongMember
from store_uptime.service.queue.cron import COUNTED, check_cron, count_between, due_times, in_words, last_due, next_due
from tests.support.timetable import DAY, HOUR, MINUTE, clock_times, shown_every_hour

ZONES = ["Europe/Berlin", "America/Chicago", "America/Sao_Paulo", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


def until(cron: str, zone: str, begin: datetime, end: datetime) -> list[datetime]:
    """The due times between two moments."""
    found = []
    for due in due_times(cron, zone, begin):
        if due > end:
            return found
        found.append(due)
    return found


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", [time(2, 30), time(2), time(3), time(1, 45), time(0), time(23, 59)], ids=str)
def test_a_time_of_day_comes_once_a_day_all_year(zone: str, at: time) -> None:
    expected = [due for due in clock_times(zone, at, date(2025, 12, 31), date(2027, 1, 1)) if BEGIN < due <= END]
    assert until(f"{at.minute} {at.hour} * * *", zone, BEGIN, END) == expected


@pytest.mark.parametrize("zone", ZONES)
def test_a_minute_of_every_hour_comes_with_every_hour_that_passes(zone: str) -> None:
    expected = shown_every_hour(zone, {15}, BEGIN + MINUTE, END)
    assert until("15 * * * *", zone, BEGIN, END) == expected


def test_the_two_nights_of_berlin() -> None:
    spring, autumn = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert until("30 2 * * *", "Europe/Berlin", spring, spring + DAY) == [datetime(2026, 3, 29, 1, tzinfo=UTC)]
    assert until("30 2 * * *", "Europe/Berlin", autumn, autumn + DAY) == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]
    assert until("30 * * * *", "Europe/Berlin", autumn + 12 * HOUR, autumn + 14 * HOUR) == [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    ]


@pytest.mark.parametrize("second", range(0, 7200, 599))
def test_the_next_time_is_after_the_one_asked_about_even_in_an_hour_that_comes_twice(second: int) -> None:
    moment = datetime.fromtimestamp(datetime(2026, 10, 25, tzinfo=UTC).timestamp() + second, UTC)
    for cron in ("30 2 * * *", "*/10 * * * *", "15 2,3 * * *", "0 * * * *"):
        assert next_due(cron, "Europe/Berlin", moment) > moment


@pytest.mark.parametrize("cron", ["15 6 * * *", "*/10 * * * *", "30 2 29 2 *", "* * * 1 *", "0 0 1 * *"])
@pytest.mark.parametrize("days", [0, 0.01, 1, 2.5, 17, 400])
def test_the_last_of_those_that_were_missed(cron: str, days: float) -> None:
    first = next_due(cron, "Europe/Berlin", BEGIN)
    moment = first + days * DAY
    missed = [first, *until(cron, "Europe/Berlin", first, moment)]
    assert last_due(cron, "Europe/Berlin", first, moment) == missed[-1]
    assert count_between(cron, "Europe/Berlin", first, missed[-1]) == min(len(missed) - 1, COUNTED)


def test_years_of_minutes_are_soon_looked_through() -> None:
    moment = BEGIN + 3650 * DAY
    assert last_due("* * * * *", "UTC", BEGIN, moment) == moment
    assert count_between("* * * * *", "UTC", BEGIN, moment) == COUNTED


@pytest.mark.parametrize(
    ("cron", "zone", "told"),
    [
        ("15 6 * *", "UTC", "has not five fields"),
        ("0 15 6 * * *", "UTC", "has not five fields"),
        ("@daily", "UTC", "has not five fields"),
        ("", "UTC", "has not five fields"),
        ("61 6 * * *", "UTC", "is no cron expression"),
        ("a b c d e", "UTC", "is no cron expression"),
        ("0 0 30 2 *", "UTC", "never comes: there is no such day in these months"),
        ("15 6 * * *", "Europe/Atlantis", "is no time zone"),
        ("15 6 * * *", "", "is no time zone"),
        ("15 6 * * *", "../etc/passwd", "is no time zone"),
    ],
)
def test_what_is_none_is_told(cron: str, zone: str, told: str) -> None:
    with pytest.raises(WrongMember, match=told) as refused:
        check_cron(cron, zone)
    assert refused.value.member == ("zone" if "zone" in told else "cron")


@pytest.mark.parametrize("cron", ["15 6 * * 1-5", "*/5 * * * *", "0 0 29 2 *", "0 9 L * *", "0 9 * * MON#1"])
def test_what_is_one_is_let_through_and_put_into_words(cron: str) -> None:
    check_cron(cron, "Europe/Berlin")
    assert in_words(cron)


@pytest.mark.parametrize(
    ("cron", "words"),
    {
        "15 6 * * *": "Every day at 06:15",
        "0 0 1-31 * *": "Every day at 00:00",
        "5 23 * * 0-6": "Every day at 23:05",
        "15 6 * * 1-5": "Every weekday at 06:15",
        "15 6 * * MON,TUE,WED,THU,FRI": "Every weekday at 06:15",
        "15 6 * * 1": "Every Monday at 06:15",
        "15 6 * * 4,1": "Every Monday and Thursday at 06:15",
        "15 6 * * 6-7": "Every Saturday and Sunday at 06:15",
        "15 6 * * 0,3,6": "Every Wednesday, Saturday and Sunday at 06:15",
        "0 7 1 * *": "On the 1st of every month at 07:00",
        "0 7 2 * *": "On the 2nd of every month at 07:00",
        "0 7 12 * *": "On the 12th of every month at 07:00",
        "0 7 23 * *": "On the 23rd of every month at 07:00",
        "0 7 28 * *": "On the 28th of every month at 07:00",
        "0 7 31 * *": "On the 31st of every month that has one at 07:00",
        "0 7 L * *": "On the last day of every month at 07:00",
        "0 6 13 * 5": "On the 13th of every month or on a Friday at 06:00",
        "0 * * * *": "Every hour, on the hour",
        "15 * * * *": "Every hour, 15 minutes past",
        "15 */4 * * *": "Every 4 hours from 00:15 on",
        "0 0,12 * * *": "Every 12 hours from 00:00 on",
        # Beyond the pickers:
        "15 6 29 2 *": "At 06:15 on February 29",
        "0 7 LW * *": "At 07:00 on the last weekday of every month",
        "0 7 1,15 * 1": "At 07:00 on the first and the 15th day of month or on Monday",  # either is enough
        "0 9 * * MON#1": "At 09:00 on the first Monday of the month",
        "0 9 * * 5L": "At 09:00 on the last Friday of the month",
        "0 7-9 * * *": "At minute 0 past every hour from 7 through 9",
        "0 */5 * * *": "At minute 0 past every fifth hour",
        "*/10 6 * * *": "Every 10th minute from 06:00 through 06:59",
        "0 7 * 1-6 *": "At 07:00 in every month from January through June",
        "none": "none",
    }.items(),
)
def test_words_of_what_the_pickers_say_are_plain_and_others_stay_exact(cron: str, words: str) -> None:
    assert in_words(cron) == words
