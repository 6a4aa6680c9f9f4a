"""Durations as people write them, on the command line, in the API and on the page: 90m, 2h, 1d12h, 0h."""

import re
from datetime import timedelta

FORMS = "90m, 2h or 1d12h"
UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
DIGITS, SHOWN = 9, 60
PATTERN = "".join(f"([0-9]{{1,{DIGITS}}}{unit})?" for unit in UNITS)  # as an OpenAPI document and a form have it
WRITTEN = re.compile("".join(rf"(?:(?P<{name}>[0-9]+){unit})?" for unit, name in UNITS.items()))
SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


def duration(text: str) -> timedelta:
    """What a text stands for. Raises ValueError."""
    found = WRITTEN.fullmatch(text)
    if not text or found is None:
        raise ValueError(f"{text!r} is not a duration: write {FORMS}")
    numbers = found.groupdict(default="0")
    if any(len(number) > DIGITS for number in numbers.values()):
        raise ValueError(f"{shown(text)} is longer than a duration may be")
    try:
        return timedelta(**{name: int(number) for name, number in numbers.items()})
    except OverflowError:
        raise ValueError(f"{shown(text)} is longer than a duration may be") from None


def shown(text: str) -> str:
    """A text in quotes, cut where it is long."""
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")


def positive_duration(text: str) -> timedelta:
    """The same, where there must be some time. Raises ValueError."""
    length = duration(text)
    if not length:
        raise ValueError(f"{text!r} is too short: it must be more than 0h")
    return length


def written(seconds: float) -> str:
    """The shortest text for whole seconds; 0h for none."""
    rest, text = int(seconds), ""
    for unit, length in SECONDS.items():
        number, rest = divmod(rest, length)
        text += f"{number}{unit}" if number else ""
    return text or "0h"
