"""Durations as text, the same in Python, on the command line, in the API and on the page: 90m, 2h, 1d12h, 0h.

parse_duration            a text as a timedelta
parse_positive_duration   the same, and more than 0h
duration_text             a timedelta as the shortest such text
"""

import re
from datetime import timedelta
from typing import Literal

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
DAY_US = 24 * HOUR_US
WEEK_US = 7 * DAY_US
UNIT_US: dict[Literal["s", "ms", "us"], int] = {"s": SECOND_US, "ms": 1_000, "us": 1}
FORMS = "90m, 2h or 1d12h"
UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}
DIGITS = 9
QUOTED = 60
DURATION_PATTERN = "".join(f"([0-9]{{1,{DIGITS}}}{unit})?" for unit in UNITS)
"""For the OpenAPI document and the forms of the page; it also matches the empty text, which is no duration."""
# any number of digits, unlike the pattern above: a text that is too long has an error of its own
GRAMMAR = re.compile("".join(f"(?:([0-9]+){unit})?" for unit in UNITS))


def is_duration(text: str) -> bool:
    """Whether a text has the form of a duration, however long it is."""
    return text != "" and GRAMMAR.fullmatch(text) is not None


def parse_duration(text: str) -> timedelta:
    """The duration of a text. Raises ValueError."""
    parts = GRAMMAR.fullmatch(text)
    if parts is None or not text:
        raise ValueError(f"{text!r} is not a duration: write {FORMS}")
    numbers = parts.groups(default="0")
    # int() refuses more than 4,300 digits with a sentence about sys.set_int_max_str_digits
    if any(len(number) > DIGITS for number in numbers):
        raise ValueError(f"{quoted(text)} is longer than a duration may be")
    try:
        return sum((int(number) * unit for number, unit in zip(numbers, UNITS.values(), strict=True)), timedelta())
    except OverflowError:
        raise ValueError(f"{quoted(text)} is longer than a duration may be") from None


def parse_positive_duration(text: str) -> timedelta:
    """The same; 0h is refused too. Raises ValueError."""
    length = parse_duration(text)
    if not length:
        raise ValueError(f"{text!r} is too short: it must be more than 0h")
    return length


def duration_text(length: timedelta) -> str:
    """The shortest text for a duration, in whole seconds; 0h for none."""
    rest, text = length, ""
    for name, unit in UNITS.items():
        number, rest = divmod(rest, unit)
        text += f"{number}{name}" if number else ""
    return text or "0h"


def quoted(text: str) -> str:
    """A text in quotes, cut where it is long."""
    return repr(text if len(text) <= QUOTED else f"{text[:QUOTED]}…")


def microseconds(duration: timedelta) -> int:
    """A duration in whole microseconds."""
    return duration // timedelta(microseconds=1)
