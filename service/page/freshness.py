"""How old the data of a report is: its now against the clock, or its newest poll against a now that was given."""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from store_uptime.service.page.humanize import (
    DAY,
    DOWN_THEN,
    down_word,
    format_instant,
    format_last_poll,
    format_last_poll_time,
    format_time,
    is_old,
    to_datetime,
)

if TYPE_CHECKING:
    from store_uptime.pipeline import Report

SECOND_US = 1_000_000


@dataclass(frozen=True)
class Freshness:
    """now: the end of the windows, as text.

    age_s: seconds from now to the clock; None where now was given. behind_s: seconds from the newest poll to a now that
    was given; None where it was not, or where there is no poll. down_word: when the stores are down that are down now.
    """

    now: str
    age_s: float | None
    behind_s: float | None
    down_word: str


def freshness(report: "Report", newest_poll_us: int | None) -> Freshness:
    """How old the data of a report is at this moment; newest_poll_us: of the whole report, microseconds since 1970."""
    horizon, now = report.plan.horizon, report.provenance["now"]
    if report.plan.options.now is None:
        # A clock that is set back makes no data of the future: its age is none then.
        age_s = max(0, time.time_ns() // 1_000 - horizon.now_us) / SECOND_US
        return Freshness(now, age_s, None, down_word(age_s))
    behind_s = horizon.seconds_since(newest_poll_us)
    return Freshness(now, None, behind_s, down_word(behind_s))


def as_of_its_now(fresh: Freshness) -> Freshness:
    """The same of a report that newer ones have followed: what it says is down was down at its now."""
    # What counts is how old its data was then, and not how long ago that is.
    return replace(fresh, down_word=fresh.down_word if is_old(fresh.behind_s or 0) else DOWN_THEN)


def is_of_the_past(fresh: Freshness) -> bool:
    """Whether a now was given that is too long ago for what was down then to be down now."""
    return fresh.age_s is None and is_old(seconds_since(fresh.now))


def seconds_since(instant: datetime | str) -> float:
    """How long ago an instant was, by the clock; not below 0."""
    return max(0.0, (datetime.now(UTC) - to_datetime(instant)).total_seconds())


def format_last_seen(poll_s: int, is_silent: bool, now_s: int) -> str:
    """When the last poll of a store was: by the clock, as the age of all data in the bar; of data that is more than a
    day old the time. Seconds since 1970; is_silent: it was more than two hours before now_s, that of the report."""
    # assets/columns.js has the same rule.
    clock_s = max(time.time(), now_s)
    if clock_s - now_s > DAY:
        return format_last_poll_time(poll_s, is_silent)
    return format_last_poll(clock_s - poll_s, is_silent)


def format_near_short_time(instant: datetime | str) -> str:
    """10 Mar 16:00; of another year than this 10 Mar 2020, 16:00."""
    return format_near_time(instant).partition(" ")[2]


def format_near_time(instant: datetime | str) -> str:
    """Tue 10 Mar 16:00; of another year than this Tue 10 Mar 2020, 16:00. On the clock of its own offset."""
    # assets/words.js has the same rule: a test compares the two.
    is_of_this_year = to_datetime(instant).year == datetime.now(UTC).year
    return format_time(instant) if is_of_this_year else format_instant(instant).removesuffix(" UTC")
