"""Cron expressions on the clock of a zone.

The five fields mean what they mean to Debian's cron, clock changes included (cronsim): a fixed time that is skipped
comes at the end of the gap, one that occurs twice comes once, the first time; with a `*` or a step in the hours or the
minutes every hour that passes counts, so a time is skipped with its hour, and comes twice with it.
"""

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, islice, takewhile

from cronsim import CronSim, CronSimError

from store_uptime import pipeline
from store_uptime.service.errors import WrongMember

NAMES_OF_FIELDS = ("minute", "hour", "day of month", "month", "day of week")
FIELDS = len(NAMES_OF_FIELDS)
COUNTED = 10_000  # of a schedule that was away for a year nobody needs the exact number
ALL_DAYS, ALL_MONTHS, DAYS_OF_WEEK = set(range(1, 32)), set(range(1, 13)), 7
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")  # in cron's order
WORKING_DAYS = {1, 2, 3, 4, 5}
SHORTEST_MONTH = 28


def check_cron(cron: str, zone: str) -> None:
    """Raises WrongMember where an expression or a zone is none, or where the time never comes."""
    if len(cron.split()) != FIELDS:
        raise WrongMember("cron", f"{cron!r} has not five fields: minute, hour, day of month, month, day of week")
    if zone not in pipeline.known_zones():
        raise WrongMember("zone", f"{zone!r} is no time zone: write Europe/Berlin, or UTC")
    try:
        next_due(cron, zone, datetime.now(UTC))
    except CronSimError as error:
        raise WrongMember("cron", why_none(cron, str(error))) from None
    except StopIteration:
        raise WrongMember("cron", f"{cron!r} never comes") from None


def why_none(cron: str, error: str) -> str:
    """Why an expression of five fields is none. error: as cronsim has it, "Bad day-of-month"."""
    number = next((number for number, name in enumerate(NAMES_OF_FIELDS) if name.replace(" ", "-") in error), None)
    if number is None:
        return f"{cron!r} is no cron expression: {error.lower()}"
    fields = cron.split()
    # Such as the 31st of February: cronsim calls the day wrong, which is there in other months.
    if NAMES_OF_FIELDS[number] == "day of month" and is_cron(" ".join([*fields[:3], "*", *fields[4:]])):
        return f"{cron!r} never comes: there is no such day in these months"
    return f"{cron!r} is no cron expression: {fields[number]!r} is no {NAMES_OF_FIELDS[number]}"


def is_cron(cron: str) -> bool:
    """Whether it is an expression."""
    try:
        CronSim(cron, datetime.now(UTC))
    except CronSimError:
        return False
    return True


def next_due(cron: str, zone: str, after: datetime) -> datetime:
    """The first due time after an instant, in UTC."""
    return next(due_times(cron, zone, after))


def next_dues(cron: str, zone: str, after: datetime, count: int) -> list[datetime]:
    """The first due times after an instant, in UTC; fewer where there are no more in the next fifty years."""
    return list(islice(due_times(cron, zone, after), count))


def last_due(cron: str, zone: str, first: datetime, until: datetime) -> datetime:
    """The last due time up to an instant, where a first one is known; in UTC."""
    # Looked for within a day, two days, four: a schedule of each minute that was away for a year has half a million.
    span = timedelta(days=1)
    while until - span > first:
        found = deque(takewhile(lambda due: due <= until, due_times(cron, zone, until - span)), maxlen=1)
        if found:
            return found[0]
        span *= 2
    return deque(takewhile(lambda due: due <= until, chain([first], due_times(cron, zone, first))), maxlen=1)[0]


def count_between(cron: str, zone: str, first: datetime, last: datetime) -> int:
    """How many due times there are from a first one, that included, to before a last one; at most COUNTED."""
    earlier = takewhile(lambda due: due < last, chain([first], due_times(cron, zone, first)))
    return sum(1 for _ in islice(earlier, COUNTED))


def due_times(cron: str, zone: str, after: datetime) -> Iterator[datetime]:
    """The due times after an instant, in UTC."""
    instants = (local.astimezone(UTC) for local in CronSim(cron, after.astimezone(pipeline.zone_rules(zone))))
    # Asked in an hour that comes twice, CronSim begins in the first.
    return (instant for instant in instants if instant > after)


def in_words(cron: str) -> str:
    """Every weekday at 06:15; what the page's pickers cannot say is put as cronsim has it: At 06:15 on February 29."""
    try:
        sim = CronSim(cron, datetime.now(UTC))
    except CronSimError:  # somebody has changed the row
        return cron
    # Of a day of the month and a day of the week either is enough, unless one of them is a star: cronsim says "and".
    if not sim.day_and:
        return either_in_words(sim) or sim.explain().replace(" and on ", " or on ")
    return plain_words(sim) or sim.explain()


def plain_words(sim: CronSim) -> str | None:
    """The words of what comes every day, on some weekdays, on a day of each month or every few hours; else None."""
    if sim.months != ALL_MONTHS or len(sim.minutes) != 1:
        return None
    [minute] = sim.minutes
    hours, days, weekdays = sorted(sim.hours), sim.days, {each % 7 for each in sim.weekdays if isinstance(each, int)}
    is_every_day = days == ALL_DAYS and len(weekdays) == DAYS_OF_WEEK
    if len(hours) > 1:
        return hours_in_words(hours, minute) if is_every_day else None
    at = f"at {hours[0]:02}:{minute:02}"
    if is_every_day:
        return f"Every day {at}"
    if days == ALL_DAYS:
        return f"Every {weekdays_in_words(weekdays)} {at}" if weekdays else None
    if len(weekdays) == DAYS_OF_WEEK and len(days) == 1 and days != {CronSim.LAST_WEEKDAY}:
        return f"On the {day_in_words(*days)} {at}"
    return None


def either_in_words(sim: CronSim) -> str | None:
    """The words of a day of each month or some weekdays, whichever comes; None of anything else."""
    weekdays = {each % 7 for each in sim.weekdays if isinstance(each, int)}
    counts = (len(sim.minutes), len(sim.hours), len(sim.days))
    if sim.months != ALL_MONTHS or counts != (1, 1, 1) or sim.days == {CronSim.LAST_WEEKDAY}:
        return None
    if len(weekdays) != len(sim.weekdays):
        return None
    [minute], [hour], [day] = sim.minutes, sim.hours, sim.days
    named = weekdays_in_words(weekdays).replace(" and ", " or ")
    return f"On the {day_in_words(day)} or on a {named} at {hour:02}:{minute:02}"


def hours_in_words(hours: list[int], minute: int) -> str | None:
    """The words of hours that divide a day evenly; else None."""
    step = hours[1] - hours[0]
    if 24 % step or hours != list(range(0, 24, step)):
        return None
    if step == 1:
        return f"Every hour, {minute} minutes past" if minute else "Every hour, on the hour"
    return f"Every {step} hours from 00:{minute:02} on"


def weekdays_in_words(weekdays: set[int]) -> str:
    """weekday; Monday, Thursday and Sunday. A week begins with Monday."""
    if weekdays == WORKING_DAYS:
        return "weekday"
    *first, last = [WEEKDAYS[day] for day in (1, 2, 3, 4, 5, 6, 0) if day in weekdays]
    return f"{', '.join(first)} and {last}" if first else last


def day_in_words(day: int) -> str:
    """1st of every month, 31st of every month that has one, last day of every month."""
    if day == CronSim.LAST:
        return "last day of every month"
    ending = "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending} of every month{'' if day <= SHORTEST_MONTH else ' that has one'}"
