"""Durations, instants and options as the page says them. `assets/fleet.js` says durations by the same rule."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from unicodedata import bidirectional

from store_uptime.pipeline import OLD_US, age_in_words
from store_uptime.service.durations import written

HOUR, MINUTE = 3600, 60
TURNING = ("R", "AL", "AN", "RLE", "RLO", "LRE", "LRO", "PDF", "RLI", "LRI", "FSI", "PDI")  # UAX 9
CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
ISOLATE, END_OF_ISOLATE, REPLACEMENT = "\u2068", "\u2069", "\ufffd"


def format_duration(seconds: float | None) -> str:
    """2 h 15 min; to the nearest minute, but to the next second below one, and to the nearest hour from 1,000 on."""
    if seconds is None:
        return "unknown"
    if 0 < seconds < MINUTE:
        return f"{-int(-seconds // 1)} s"
    if seconds >= 1000 * HOUR:
        return f"{round(seconds / HOUR):,} h"
    minutes = int(seconds + MINUTE // 2) // MINUTE
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (hours and f"{hours} h", (rest or not hours) and f"{rest} min") if part)


def format_elapsed(seconds: float | None) -> str:
    """How long the machine took: 0.4 s, 12 s, 3 min."""
    if seconds is None:
        return ""
    if 0.05 <= seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < MINUTE else format_duration(seconds)


def ago(seconds: float | None) -> str:
    """What follows an instant that lies back: ", 3 days ago"; nothing where that means nothing."""
    return "" if seconds is None else f", {age_in_words(seconds)} ago"


def behind(seconds: float | None) -> str:
    """What follows a given now that is long after the newest poll: ", newest poll 32 hours before"; else nothing."""
    return f", newest poll {age_in_words(seconds)} before" if seconds is not None and is_old(seconds) else ""


def when_down(seconds: float | None) -> str:
    """When it is that stores are down whose last poll says so, by how old the newest poll is: at now where that was
    given, else by the clock (None: there is none). Of old data nobody knows what is down now.
    """
    return "down when last seen" if seconds is not None and is_old(seconds) else "down now"


def is_old(seconds: float) -> bool:
    """Whether data of this age is too old to tell what is down now."""
    return seconds > OLD_US / 1_000_000


def seconds_since(instant: datetime | str) -> float:
    """How long ago that was."""
    return max(0.0, (datetime.now(UTC) - in_time(instant)).total_seconds())


def format_instant(instant: datetime | str | None) -> str:
    """Tue 10 Mar 2026, 16:00 UTC."""
    if instant is None:
        return "never"
    return f"{local_day(instant)} {in_time(instant):%Y, %H:%M} UTC"


def local_day(instant: datetime | str) -> str:
    """Tue 10 Mar."""
    there = in_time(instant)
    return f"{there:%a} {there.day} {there:%b}"


def local_time(instant: datetime | str) -> str:
    """Tue 10 Mar 16:00 −05:00: on the clock of its own offset."""
    return f"{local_day(instant)} {clock(instant)} {offset(instant)}"


def poll_time(seconds: int) -> str:
    """Tue 10 Mar 16:00, in UTC, of seconds since 1970."""
    there = datetime.fromtimestamp(seconds, UTC)
    return f"{local_day(there)} {there:%H:%M}"


def epoch(instant: datetime) -> int:
    """Microseconds since 1970: by which scripts tell instants apart."""
    return (instant - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)


def clock(instant: datetime | str) -> str:
    """16:00, or 16:00:05 where there are seconds."""
    there = in_time(instant)
    return f"{there:%H:%M:%S}" if there.second else f"{there:%H:%M}"


def offset(instant: datetime | str) -> str:
    """−05:00."""
    minutes = (in_time(instant).utcoffset() or timedelta()) // timedelta(minutes=1)
    sign = "−" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def in_time(instant: datetime | str) -> datetime:
    """An instant that may be ISO 8601."""
    return datetime.fromisoformat(instant) if isinstance(instant, str) else instant


def options(stored: dict[str, Any]) -> str:
    """The options of a report: all stores, now as of the newest poll."""
    said = [f"store {isolated(stored['store_id'])}" if stored["store_id"] else "all stores"]
    if stored["now"]:
        said.append(f"as of {format_instant(stored['now'])}")
    if stored["max_gap"] is not None:
        said.append(f"a poll speaks for {written(stored['max_gap'])}")
    if stored["lookback"] != 24 * HOUR:
        said.append(f"lookback {written(stored['lookback'])}")
    return ", ".join(said)


def isolated(text: str) -> str:
    """A foreign text as it stands in a line of ours where there can be no element around it, in a title for example:
    what is written from the right turns nothing around it, and marks that turn text are shown as such."""
    if not any(bidirectional(mark) in TURNING for mark in text):
        return text
    return f"{ISOLATE}{CONTROLS.sub(REPLACEMENT, text)}{END_OF_ISOLATE}"


def sentence(text: str) -> str:
    """A sentence as it begins a line."""
    return text[:1].upper() + text[1:]


def number(value: float) -> str:
    """12,345."""
    return f"{value:,}"
