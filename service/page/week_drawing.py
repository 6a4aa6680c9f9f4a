"""The hours of an overview in, what the head of Now draws of them out.

hour_chart   the share of open stores that are down, by hour of the week: a line, its scale, its days and incidents
weekday_map  the same share by weekday and hour on the stores' own clocks: a row of cells for each weekday
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from store_uptime.service.page.humanize import format_count, format_percent, to_datetime

if TYPE_CHECKING:
    from store_uptime.pipeline import HourOfWeek, ProfileCell

HOURS = 168
HEIGHT = 100
TOPS = (1, 2, 4, 6, 8, 10, 15, 20, 30, 40, 60, 80, 100)
"""Shares, in percent, that a scale may end at: few, so that two weeks mostly have the same one."""
LEVELS = 8
MOST = 0.95
"""The part of the cells of a map that its scale has room for."""
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LEAST_LABEL = 9.0
"""Percent of the width that the name of a day needs."""


@dataclass(frozen=True)
class Mark:
    """Something at an instant of the week. x: percent of the width; start: in ISO 8601; words: what it says; brief: the
    same where there is little room."""

    x: float
    start: str
    words: str
    brief: str = ""


@dataclass(frozen=True)
class HourChart:
    """The week by hour. line, area: paths in a box of HOURS by HEIGHT; gridlines: their y, and what they stand for.

    start: of the first hour, in ISO 8601; values: of each hour the share in percent (None: nobody is open), and minutes
    down, open and unknown; days: the midnights in UTC; highest: the hour with the largest share, which is its words.
    """

    line: str
    area: str
    gridlines: list[tuple[float, str]]
    start: str
    values: list[tuple[float | None, float, float, float]]
    days: list[Mark]
    incidents: list[Mark]
    highest: Mark | None


@dataclass(frozen=True)
class MapCell:
    """level: 0 for none down, up to LEVELS; None: there is no share. words: the share, or why there is none."""

    level: int | None
    words: str


@dataclass(frozen=True)
class WeekdayMap:
    """top: the share of the highest level, in words; rows: the name of each weekday, and its 24 hours."""

    top: str
    rows: list[tuple[str, list[MapCell]]]


def hour_chart(hours: "Sequence[HourOfWeek]", incidents: Iterable[Mark]) -> HourChart:
    """The chart of a week, the oldest hour first."""
    top = scale_top(hour.down_percent for hour in hours)
    # A share stands in the middle of its hour; at both ends the line goes on to the edge.
    heights = [
        None if hour.down_percent is None else round(HEIGHT * (1 - hour.down_percent / top), 2) for hour in hours
    ]
    runs = list(known_runs(heights))
    start = to_datetime(hours[0].start)
    worst = max((hour for hour in hours if hour.down_percent), key=lambda hour: hour.down_percent or 0, default=None)
    return HourChart(
        line="".join(f"M{points(run)}" for run in runs),
        area="".join(f"M{run[0][0]} {HEIGHT}L{points(run)}L{run[-1][0]} {HEIGHT}z" for run in runs),
        gridlines=[(HEIGHT * (1 - share / top), f"{share:g} %") for share in (top, top / 2)],
        start=hours[0].start,
        values=[(hour.down_percent, hour.down_minutes, hour.open_minutes, hour.unknown_minutes) for hour in hours],
        days=list(days_after(start)),
        incidents=list(incidents),
        highest=None if worst is None else Mark(0, worst.start, format_percent(worst.down_percent)),
    )


def scale_top(shares: Iterable[float | None]) -> float:
    """Where a scale ends that has room for these shares, in percent."""
    highest = max((share for share in shares if share is not None), default=0)
    return next((top for top in TOPS if top >= highest), TOPS[-1])


def known_runs(heights: Sequence[float | None]) -> Iterator[list[tuple[float, float]]]:
    """The points of each run of hours that have a share."""
    numbered = enumerate(heights)
    for is_known, run in groupby(numbered, lambda pair: pair[1] is not None):
        if is_known:
            there = [(hour, height) for hour, height in run if height is not None]
            (first, left), (last, right) = there[0], there[-1]
            yield [(first, left), *((hour + 0.5, height) for hour, height in there), (last + 1, right)]


def points(run: Iterable[tuple[float, float]]) -> str:
    return "L".join(f"{x:g} {y:g}" for x, y in run)


def position(start: datetime, instant: datetime | str) -> float:
    """Where an instant is in the week from start on, in percent of the width."""
    return round(100 * (to_datetime(instant) - start) / timedelta(hours=HOURS), 2)


def days_after(start: datetime) -> Iterator[Mark]:
    """The midnights in UTC; the name of a day that has no room before the edge is left out."""
    midnight = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    for day in (midnight + timedelta(days=n) for n in range(7)):
        x = position(start, day)
        yield Mark(x, day.isoformat(), f"{day:%a} {day.day}" if x < 100 - LEAST_LABEL else "")


def weekday_map(profile: "Sequence[ProfileCell]") -> WeekdayMap:
    """The map of a week, Monday first."""
    shares = sorted(cell.down_percent for cell in profile if cell.down_percent is not None)
    # Of most cells and not of all: one bad hour would make all others alike.
    top = scale_top(shares[: math.ceil(MOST * len(shares))])
    is_highest = not shares or shares[-1] <= top
    cells = {(cell.weekday, cell.hour): map_cell(cell, top) for cell in profile}
    return WeekdayMap(
        f"{top:g} %" if is_highest else f"{top:g} % or more",
        [(name, [cells[weekday, hour] for hour in range(24)]) for weekday, name in enumerate(WEEKDAYS)],
    )


def map_cell(cell: "ProfileCell", top: float) -> MapCell:
    if not cell.open_minutes:
        return MapCell(None, "no store open")
    if cell.down_percent is None:
        return MapCell(None, "nothing known")
    return MapCell(math.ceil(LEVELS * min(1, cell.down_percent / top)), format_percent(cell.down_percent))


def incident_mark(start: datetime, stores: int, share_percent: float, first: datetime, last: datetime) -> Mark:
    """293 stores went down together, 12:43–13:41 UTC, 82.54 % of those open: in the week from start on."""
    together = f"{format_count(stores, 'store')} went down together"
    times = f"{first:%H:%M}" if last - first < timedelta(minutes=1) else f"{first:%H:%M}–{last:%H:%M}"
    words = f"{together}, {times} UTC, {format_percent(share_percent)} of those open"
    return Mark(position(start, first), first.isoformat(), words, f"▼ {together}")
