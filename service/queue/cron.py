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

FIELDS = 5
COUNTED = 10_000  # of a schedule that was away for a year nobody needs the exact number


def check_cron(cron: str, zone: str) -> None:
    """Raises WrongMember where an expression or a zone is none, or where the time never comes."""
    if len(cron.split()) != FIELDS:
        raise WrongMember("cron", f"{cron!r} has not five fields: minute, hour, day of month, month, day of week")
    if zone not in pipeline.known_zones():
        raise WrongMember("zone", f"{zone!r} is no time zone: write Europe/Berlin, or UTC")
    try:
        next_due(cron, zone, datetime.now(UTC))
    except CronSimError as error:
        raise WrongMember("cron", f"{cron!r} is no cron expression: {str(error).lower()}") from None
    except StopIteration:
        raise WrongMember("cron", f"{cron!r} never comes") from None


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
    """At 06:15 on Monday through Friday."""
    try:
        return CronSim(cron, datetime.now(UTC)).explain()
    except CronSimError:  # somebody has changed the row
        return cron
