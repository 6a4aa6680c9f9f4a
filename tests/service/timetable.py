"""Schedules under a clock that the test rules, and when they are due by a rule of our own."""

from collections.abc import Container, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from service.migrations import migrate
from tests.postgres import run

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def rule_clock(registry: str, moment: datetime) -> None:
    """From now on all servers of a registry have the time that `set_clock` says."""
    migrate(registry)
    run(
        registry,
        "create table if not exists clock (moment timestamptz)",
        f"insert into clock values ('{moment.isoformat()}')",
        "create or replace function store_uptime.clock() returns timestamptz language sql stable "
        "as 'select moment from public.clock'",
    )


def set_clock(registry: str, moment: datetime) -> None:
    """Have it be another time."""
    run(registry, f"update clock set moment = '{moment.isoformat()}'")


def clock_times(zone: str, at: time, first: date, last: date) -> Iterator[datetime]:
    """When a clock on the wall shows a time of day, once a day, in UTC: where it is skipped, the first moment after the
    gap; where it comes twice, the first."""
    place = ZoneInfo(zone)
    for number in range((last - first).days + 1):
        shown = datetime.combine(first + number * DAY, at, place)
        moment = shown.astimezone(UTC)
        if moment.astimezone(place).replace(tzinfo=None) != shown.replace(tzinfo=None):
            moment = next(minute for minute in minutes(moment - 3 * HOUR, moment) if is_after_a_gap(minute, place))
        yield moment


def shown_every_hour(zone: str, shown: Container[int], begin: datetime, end: datetime) -> list[datetime]:
    """Every moment from begin to end at which a clock on the wall shows one of these minutes, whatever the hour."""
    place = ZoneInfo(zone)
    return [moment for moment in minutes(begin, end) if moment.astimezone(place).minute in shown]


def minutes(begin: datetime, end: datetime) -> Iterator[datetime]:
    """Every minute from begin to end, both included."""
    while begin <= end:
        yield begin
        begin += MINUTE


def is_after_a_gap(moment: datetime, place: ZoneInfo) -> bool:
    """Whether clocks have gone forward just before a moment."""
    return moment.astimezone(place).utcoffset() != (moment - MINUTE).astimezone(place).utcoffset()
