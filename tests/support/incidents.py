"""Incidents of docs/semantics.md once more, each minute of each store one by one; and weeks that have some."""

from collections.abc import Iterator
from random import Random
from statistics import median

from tests.support.reference import CLOSED, DOWN, DOWN_CARRIED, UNKNOWN, UP, UP_CARRIED

Lane = list[tuple[int, int]]
Found = tuple[int, int, int, int]
"""The minutes of the first and the last store, how many went down, and how many were open."""
Onset = tuple[int, int]
"""A minute, and the store that goes down in it."""
DAY = 24 * 60
WEEK = 7 * DAY
STATUSES = (CLOSED, UP, DOWN, UNKNOWN, UP_CARRIED, DOWN_CARRIED)


def made_up_week(random: Random) -> list[Lane]:
    """Forty stores with a few changes at any time, and some that go down at nearly the same."""
    together = [random.randrange(WEEK) for _ in range(3)]
    return [made_up_lane(random, together) for _ in range(40)]


def made_up_lane(random: Random, together: list[int]) -> Lane:
    minutes = {random.randrange(WEEK) for _ in range(random.randrange(20))}
    downs = {min(at + random.randrange(70), WEEK - 1) for at in together if random.random() < 0.4}
    statuses = {minute: random.choice(STATUSES) for minute in minutes}
    statuses |= {minute - 1: UP for minute in downs if minute} | dict.fromkeys(downs, DOWN)
    lane = sorted(statuses.items())
    return [change for change, before in zip(lane, [(0, CLOSED), *lane], strict=False) if change[1] != before[1]]


def plain_incidents(lanes: list[Lane]) -> list[Found]:
    """The incidents of all stores, by start."""
    weeks = [statuses_of(lane) for lane in lanes]
    is_open = [sum(week[minute] != CLOSED for week in weeks) for minute in range(WEEK)]
    onsets = sorted((at, store) for store, week in enumerate(weeks) for at in counted_onsets(week))
    starts = sorted({at for at, _ in onsets})
    merged: list[tuple[int, int]] = []
    for first, last in (span for start in starts for span in unusual_span(start, onsets, is_open)):
        start = merged.pop()[0] if merged and first <= merged[-1][1] else first
        merged.append((start, last))
    return [found(start, last, onsets, is_open) for start, last in merged]


def statuses_of(lane: Lane) -> list[int]:
    """The status of each minute."""
    changes, status = dict(lane), CLOSED
    week: list[int] = []
    for minute in range(WEEK):
        status = changes.get(minute, status)
        week.append(status)
    return week


def counted_onsets(week: list[int]) -> list[int]:
    """Where a store goes down, but for where it did within the hour before."""
    every = list(all_onsets(week))
    return [at for at in every if not any(0 < at - other < 60 for other in every)]


def all_onsets(week: list[int]) -> Iterator[int]:
    last_open = None
    for minute, status in enumerate(week):
        if status in (DOWN, DOWN_CARRIED) and last_open in (UP, UP_CARRIED, UNKNOWN):
            yield minute
        if status != CLOSED:
            last_open = status


def unusual_span(start: int, onsets: list[Onset], is_open: list[int]) -> Iterator[tuple[int, int]]:
    """The span from a minute on with its last one, if it is unusual."""
    inside = within_the_hour(start, onsets)
    last, count = inside[-1][0], len(inside)
    opened = max(is_open[start], is_open[last], count)
    others = [len(within_the_hour(start % DAY + DAY * day, onsets)) for day in range(7) if day != start // DAY]
    average = len(onsets) / sum(is_open) * 60 * opened
    if count >= 5 and 10 * count >= opened and count >= 3 * max(average, median(others)):
        yield start, last


def within_the_hour(start: int, onsets: list[Onset]) -> list[Onset]:
    return [(at, store) for at, store in onsets if start <= at < start + 60]


def found(start: int, last: int, onsets: list[Onset], is_open: list[int]) -> Found:
    stores = len({store for at, store in onsets if start <= at <= last})
    return start, last, stores, max(is_open[start], is_open[last], stores)
