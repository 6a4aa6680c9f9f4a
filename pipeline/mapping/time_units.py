"""Numbers that are times in, the unit that they probably count out: for sentences, never for figures.

likely_unit    the unit in which some numbers are times of polls
unit_lines     the line of a mapping that says so, or one for each unit
is_unlikely    whether polls are unlikely at a time, so that their unit is probably another
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from math import isfinite

from store_uptime.pipeline.durations import UNIT_US
from store_uptime.pipeline.instants import instant_us
from store_uptime.pipeline.mapping.mapping import mapping_line
from store_uptime.pipeline.mapping.mapping_rules import TimestampUnit

# A time of a poll lies between these: wide enough for any feed, and no number lies in them in two units.
YEARS_US = (instant_us(datetime(1990, 1, 1, tzinfo=UTC)), instant_us(datetime(2100, 1, 1, tzinfo=UTC)))
# Milliseconds read as microseconds, and seconds read as either, lie in 1970.
ODD_BEFORE_US = instant_us(datetime(1980, 1, 1, tzinfo=UTC))


def likely_unit(numbers: Iterable[float]) -> TimestampUnit | None:
    """The unit in which the median of some numbers is a likely time of a poll; None where there is none."""
    finite = sorted(filter(isfinite, numbers))
    if not finite:
        return None
    middle = finite[len(finite) // 2]
    return next((unit for unit, us in UNIT_US.items() if YEARS_US[0] <= middle * us < YEARS_US[1]), None)


def unit_lines(numbers: Iterable[float]) -> str:
    """The line of a mapping with the unit of some numbers; one line per unit where it cannot be seen in them."""
    likely = likely_unit(numbers)
    units = UNIT_US if likely is None else [likely]
    return " or ".join(mapping_line("store_status", "timestamp_unit", unit) for unit in units)


def is_unlikely(us: int) -> bool:
    """Whether an instant is unlikely for a poll: before 1980, or after 2099."""
    return not ODD_BEFORE_US <= us < YEARS_US[1]


def other_unit(us: int, unit: TimestampUnit | None) -> TimestampUnit | None:
    """The unit in which an unlikely instant becomes likely; `unit`: the one by which it was read."""
    return None if unit is None or not is_unlikely(us) else likely_unit([us / UNIT_US[unit]])
