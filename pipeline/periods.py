"""The periods of a report, as they are asked for: docs/semantics.md, "Periods".

Which dates and instants they are is decided by `calendar/periods.py`: names such as `yesterday` depend on now.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any, Literal, Self, TypedDict, cast, get_args

from store_uptime.pipeline.durations import is_duration, parse_positive_duration
from store_uptime.pipeline.instants import instant_text, parse_instant

By = Literal["hour", "day", "week", "month"]
RELATIVE = (
    *("today", "yesterday"),
    *("this-week", "last-week"),
    *("this-month", "last-month"),
    *("this-quarter", "last-quarter"),
)
"""Names that depend on now."""
CALENDAR = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}))?|-W(?P<week>[0-9]{2})|-Q(?P<quarter>[1-4]))?"
)
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
OFFSET = re.compile(r".*[Tt ].*([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)")
NAMES = f"{', '.join(RELATIVE)}, 7d, 2024-03-10, 2024-W10, 2024-03, 2024-Q1, 2024 or 2024-02-20/2024-03-20"
ENDS = "a date such as 2024-03-10, or an instant with its offset such as 2024-03-10T12:00:00Z"
DEFAULT_MAX_GAP = timedelta(hours=24)
"""How far a poll speaks in a report by periods, unless it is set."""


class PlainPeriod(TypedDict, total=False):
    """`Period` as JSON has it: what is set of it."""

    name: str
    start: str
    end: str
    on: str
    by: By


@dataclass(frozen=True, init=False)
class Period:
    """One period or several: docs/semantics.md, "Periods".

    name    `yesterday`, `last-month`, `2024-W10`, `7d` (until now), …; None: from start to end
    start   a local date (`2024-03-10`), or an instant with its offset
    end     the same; it is excluded. None: now
    on      the zone for names and dates of all stores; None: the zone of each store
    by      what the period is cut into; None: it stays whole

    start and end may be given as date, or as datetime with an offset. Raises ValueError, which says what cannot be
    read.
    """

    name: str | None
    start: str | None
    end: str | None
    on: str | None
    by: By | None

    def __init__(
        self,
        name: str | None = None,
        start: date | str | None = None,
        end: date | str | None = None,
        on: str | None = None,
        by: str | None = None,
    ) -> None:
        if name is not None and "/" in name:
            if start is not None or end is not None:
                raise ValueError("period: it has both ends already, leave start and end out")
            first, _, last = name.partition("/")
            name, start, end = None, first, last
        if name is None and start is None:
            raise ValueError("period: give a name, or the start of one")
        if name is not None and (start is not None or end is not None):
            raise ValueError("period: give a name, or start and end, not both")
        if by is not None and by not in get_args(By):
            raise ValueError(f"by: {by!r} is none of {', '.join(get_args(By))}")
        values = {
            "name": None if name is None else checked_name(name),
            "start": None if start is None else checked_end("start", start),
            "end": None if end is None else checked_end("end", end),
            "on": on,
            "by": by,
        }
        vars(self).update(values)  # a frozen dataclass refuses assignments
        if self.start is not None and self.end is not None and not may_follow(self.start, self.end):
            raise ValueError(f"end: {self.end} is not after the start, {self.start}")

    def to_dict(self) -> PlainPeriod:
        """What is set, as plain values; `from_dict` reads them."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return cast("PlainPeriod", {name: value for name, value in values.items() if value is not None})

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The period that `to_dict` was called on. Raises TypeError or ValueError where it is none."""
        return cls(**plain)

    def __str__(self) -> str:
        """For people: last-month by day."""
        ends = self.name or f"{self.start} to {self.end or 'now'}"
        return ends + (f" by {self.by}" if self.by else "") + (f" on {self.on}" if self.on else "")


def checked_name(name: str) -> str:
    if name in RELATIVE:
        return name
    if is_duration(name):
        parse_positive_duration(name)
        return name
    parts = CALENDAR.fullmatch(name)
    if parts is None:
        raise ValueError(f"period: {name!r} is none: write {NAMES}")
    try:
        first_date(parts)
    except ValueError:
        raise ValueError(f"period: there is no {name} in the calendar of the years 1 to 9998") from None
    return name


def first_date(parts: re.Match[str]) -> date:
    """The first date of a period of the calendar. Raises ValueError where there is none."""
    year, month, day, week, quarter = (
        None if text is None else int(text) for text in parts.group("year", "month", "day", "week", "quarter")
    )
    if year is None or not 1 <= year <= 9998:  # its end must be a date, too
        raise ValueError
    if week is not None:
        return date.fromisocalendar(year, week, 1)
    return date(year, month or (3 * quarter - 2 if quarter else 1), day or 1)


def may_follow(start: str, end: str) -> bool:
    """Whether an end may be after a start; a date and an instant are compared once their clock is known."""
    if ("T" in start) != ("T" in end):
        return True
    return datetime.fromisoformat(start) < datetime.fromisoformat(end)


def checked_end(name: str, value: date | str) -> str:
    """A date as it is written, an instant in UTC. Raises ValueError."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{name}: {value.isoformat()} has no offset: give a date, or a datetime with its tzinfo")
        return cast("str", instant_text(value))
    if isinstance(value, date):
        return value.isoformat()
    if DATE.fullmatch(value):
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            raise ValueError(f"{name}: there is no {value} in the calendar") from None
    if OFFSET.fullmatch(value):
        try:
            return cast("str", instant_text(parse_instant(value)))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    raise ValueError(f"{name}: {value!r} is neither a date nor an instant: write {ENDS}")
