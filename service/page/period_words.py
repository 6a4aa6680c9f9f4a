"""Periods and outages of a report by periods as people read them.

format_period_name   of the name that files have
state_words          whether one is over and known
STARTS, ENDS         why an outage begins and ends
"""

import re
from datetime import UTC, date, datetime, timedelta

from store_uptime.service.page.freshness import format_near_time
from store_uptime.service.page.humanize import format_day

STARTS = {
    "inactive poll": "an inactive poll",
    "opening": "down at opening",
    "unknown": "nothing known before",
    "cut": "down as the period began",
}
ENDS = {
    "active poll": "an active poll",
    "unknown": "nothing known after",
    "closed": "the store closed",
    "ongoing": "still down",
    "cut": "down as the period ended",
}
STATES = {"running": "running", "provisional": "provisional", "final": ""}
NOT_YET = "not yet"
MONTH_NAME = re.compile(r"(\d{4})-(\d{2})")
WEEK_NAME = re.compile(r"(\d{4})-W(\d{2})")


def format_period_name(name: str) -> str:
    """Tue 10 Mar, Mon 16 Nov 00:00, week of Mon 4 Mar, Mar 2026, or Sat 21 Nov 09:43 – Sun 22 Nov 05:00 UTC."""
    start, slash, end = name.partition("/")
    if slash:
        return range_words(start, end)
    if "T" in name:
        return format_near_time(f"{name}:00")
    if week := WEEK_NAME.fullmatch(name):
        return f"week of {near_day(date.fromisocalendar(int(week[1]), int(week[2]), 1))}"
    if name.count("-") == 2:
        return near_day(date.fromisoformat(name))
    if month := MONTH_NAME.fullmatch(name):
        return f"{date(int(month[1]), int(month[2]), 1):%b} {month[1]}"
    return " ".join(reversed(name.split("-")))  # Q1 2026, or 2026


def range_words(start: str, end: str) -> str:
    """From one end to the other; of dates the last day, for the end of a name is excluded, that of words is not."""
    if "T" in start:
        return f"{format_near_time(start)} – {format_near_time(end)} UTC"
    last_day = date.fromisoformat(end) - timedelta(days=1)
    return f"{near_day(date.fromisoformat(start))} – {near_day(last_day)}"


def near_day(day: date) -> str:
    """Tue 10 Mar; of another year than this Tue 10 Mar 2020."""
    words = format_day(datetime.combine(day, datetime.min.time()))
    return words if day.year == datetime.now(UTC).year else f"{words} {day.year:04}"


def state_words(state: str, start_us: int, now_us: int) -> str:
    """Whether a period has not begun, is running, or provisional; nothing where it is final."""
    return NOT_YET if start_us >= now_us else STATES[state]
