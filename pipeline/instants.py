"""Instants as text, the same in Python, on the command line, in the API and on the page.

2026-03-09, 2026-03-09T12:00, 2026-03-09T12:00:00, 2026-03-09T12:00:00.5+01:00; without an offset it is UTC.
"""

import re
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
YEAR_1_US, YEAR_10000_US = -62_135_596_800_000_000, 253_402_300_800_000_000
FORMS = "2026-03-09, 2026-03-09T12:00 or 2026-03-09T12:00:00.5+01:00 (without an offset it is UTC)"
DAY, CLOCK = r"[0-9]{4}-[0-9]{2}-[0-9]{2}", r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?"
OFFSET = r"[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?"
GRAMMAR = re.compile(f"({DAY})(?:[Tt ]({CLOCK})({OFFSET})?)?")


def parse_instant(text: str) -> datetime:
    """The instant of a text, in UTC, to the microsecond; of a date its beginning. Raises ValueError."""
    # fromisoformat alone accepts more forms, weeks and "20260309T12" too, and differs between versions of Python.
    parts = GRAMMAR.fullmatch(text)
    if parts is None:
        raise ValueError(f"{text!r} is not an instant: write {FORMS}")
    day, clock, offset = parts.groups(default="")
    try:
        local = datetime.fromisoformat(f"{day}T{clock or '00:00'}{offset.upper() or 'Z'}")
    except ValueError:
        raise ValueError(f"{text!r} is not an instant: there is no such day, time or offset") from None
    try:
        return local.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} is outside the calendar: in UTC it is not in the years 1 to 9999") from None


def with_offset(moment: datetime) -> datetime:
    """A datetime with an offset; one without is UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def instant_us(moment: datetime) -> int:
    """Microseconds since 1970 UTC; a datetime without an offset is UTC."""
    return (with_offset(moment) - EPOCH) // timedelta(microseconds=1)


def iso(instant: int) -> str:
    """An instant in ISO 8601 with Z; the fraction only where it is not 0."""
    return from_us(instant).isoformat(sep="T").replace("+00:00", "Z")


def instant_text(moment: datetime | None) -> str | None:
    """A datetime in ISO 8601 with Z, as `iso` writes it; None for none."""
    return None if moment is None else iso(instant_us(moment))


def from_us(instant: int) -> datetime:
    """The datetime of microseconds since 1970 UTC. Raises OverflowError outside the years 1 to 9999."""
    return EPOCH + timedelta(microseconds=instant)
