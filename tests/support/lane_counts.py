"""The minutes of each store of a made-up world one by one, by the lanes and clocks of the plain reference."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from tests.support.reference import (
    ALWAYS,
    CLOSED,
    DOWN,
    DOWN_CARRIED,
    EPOCH,
    MINUTE,
    UNKNOWN,
    UP_CARRIED,
    WINDOWS,
    Answer,
    Clock,
)

Counted = Counter[str]
WEEK = WINDOWS["week"]


@dataclass(frozen=True)
class CountedMinute:
    """A minute of the week of a store: its status, the date and the hour on the clock of the store."""

    store_id: str
    number: int
    status: int
    date: date
    hour: int

    @property
    def counts(self) -> Counted:
        """What it counts as."""
        found = {"open": self.status != CLOSED, "down": self.status in (DOWN, DOWN_CARRIED)}
        found |= {"unknown": self.status == UNKNOWN, "carried": self.status in (UP_CARRIED, DOWN_CARRIED)}
        return Counter({name: int(value) for name, value in found.items()})


def counted_minutes(answer: Answer) -> Iterator[CountedMinute]:
    """All minutes of all stores."""
    for row in answer.rows:
        status, changes = CLOSED, dict(row.lane)
        clock = minutes_on_clock(row.timezone, answer.now_us or 0)
        for number, (day, hour) in enumerate(clock):
            status = changes.get(number, status)
            yield CountedMinute(row.store_id, number, status, day, hour)


@cache
def minutes_on_clock(zone: str, now: int) -> list[tuple[date, int]]:
    """Date and hour of the last microsecond of each minute of the week."""
    clock, start = Clock(((zone, ALWAYS),)), now - WEEK
    first = (EPOCH + timedelta(microseconds=start)).date()
    stretches = sorted(
        (begin, end, day, hour)
        for day in (first + timedelta(days=number) for number in range(-2, 11))
        for hour, found in clock.hours(day).items()
        for begin, end in found
    )
    on_clock = []
    for number in range(WEEK // MINUTE):
        at = start + (number + 1) * MINUTE - 1
        while stretches[0][1] <= at:
            del stretches[0]
        on_clock.append(stretches[0][2:])
    return on_clock
