"""Values over time in, what an SVG of them needs out.

thinned     of points too close to tell apart, one each
runs        points without a gap between them
value_axis  the span and the ticks of values
time_ticks  the ticks of a span of time, in UTC
plotted     one chart: its lines, marks and ticks

Across, positions are in percent of the width, so that a chart is as wide as its window without a script; down, they are
pixels.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TypeVar

from store_uptime.service.page.humanize import format_day

Item = TypeVar("Item")
GAP = 3  # usual distances: further apart than this, nobody knows what was between two reports
LEAST_SEEN = 1000  # points closer than so small a part of the width are one to the eye
FEW = 3
TICKS_DOWN, TICKS_ACROSS = 3, 8
MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOUR_STEPS = (1, 3, 6, 12, 24, 48, 168, 336)
MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)


@dataclass(frozen=True)
class Tick:
    """A line of the grid and its label."""

    at: float
    label: str


@dataclass(frozen=True)
class Axis:
    """The values at the bottom and at the top, and those with a label."""

    low: float
    high: float
    labels: list[tuple[float, str]]


@dataclass(frozen=True)
class Mark:
    """Where the value of a point is drawn, and the value in words."""

    x: float
    y: float
    said: str


@dataclass(frozen=True)
class Chart:
    """lines: points of polylines, "x,y x,y …"; marks: one for each point, None where it has no value; alone: those that
    no line joins to another."""

    lines: list[str]
    marks: list[Mark | None]
    alone: list[Mark]
    ticks: list[Tick]


@dataclass(frozen=True)
class TimeSpan:
    """From the first point to the last one."""

    start: datetime
    end: datetime

    def percent(self, instant: datetime) -> float:
        """Where an instant is, in percent of the width."""
        return round(100 * ((instant - self.start) / (self.end - self.start)), 2)


def thinned(
    items: Sequence[Item], instant_of: Callable[[Item], datetime], rank: Callable[[Item], float], places: int
) -> list[Item]:
    """Items by time, at most one for each of `places` equal parts of their time: the one of the lowest rank."""
    if len(items) <= places:
        return list(items)
    start, length = instant_of(items[0]), instant_of(items[-1]) - instant_of(items[0])
    kept: dict[int, Item] = {}
    # The newest has the last place to itself: it is what the figures beside the chart say.
    for item in items[:-1]:
        place = min(int((places - 1) * ((instant_of(item) - start) / length)), places - 2) if length else 0
        if place not in kept or rank(item) < rank(kept[place]):
            kept[place] = item
    return [*(kept[place] for place in sorted(kept)), items[-1]]


def runs(instants: Sequence[datetime]) -> list[list[int]]:
    """The numbers of the points that are joined by a line: a new one begins after `GAP` usual distances without any."""
    if not instants:
        return []
    distances = [later - earlier for earlier, later in pairwise(instants)]
    longest = GAP * usual_distance(distances)
    found = [[0]]
    for number, distance in enumerate(distances, 1):
        if distance > longest:
            found.append([])
        found[-1].append(number)
    return found


def usual_distance(distances: Sequence[timedelta]) -> timedelta:
    """How far apart points are as a rule; nothing without any."""
    # Some that were made within minutes must not make all others far apart: the eye does not tell them apart, either.
    seen = sorted(each for each in distances if LEAST_SEEN * each >= sum(distances, timedelta()))
    if len(seen) >= FEW:
        return seen[len(seen) // 2]
    # All but a gap or two are close together: what is usual is among those.
    return sorted(distances)[3 * (len(distances) - 1) // 4] if distances else timedelta()


def value_axis(values: Sequence[float], least: float, lowest: float, highest: float) -> Axis:
    """An axis for some values with round labels. least: how long it is at least, so that noise does not look like a
    fall; lowest, highest: beyond which there can be no value."""
    low, high = (min(values), max(values)) if values else (lowest, lowest)
    missing = max(0.0, least - (high - low)) / 2
    low, high = low - missing, high + missing
    low, high = min(low, highest - least), max(high, lowest + least)
    step = round_step((high - low) / TICKS_DOWN)
    bottom = max(lowest, math.floor(low / step + 1e-9) * step)
    top = min(highest, math.ceil(high / step - 1e-9) * step)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    count = round((top - bottom) / step)
    return Axis(bottom, top, [(bottom + n * step, f"{bottom + n * step:,.{decimals}f}") for n in range(count + 1)])


def round_step(length: float) -> float:
    """The least of 1, 2, 5, 10, 20, 50 … (or 0.1, 0.2, …) that is not less than a length."""
    power = 10.0 ** math.floor(math.log10(length))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= length * (1 - 1e-9))


def time_ticks(span: TimeSpan) -> list[Tick]:
    """At most `TICKS_ACROSS` round instants within a span, in UTC."""
    length = span.end - span.start
    for hours in HOUR_STEPS:
        if length / (hours * HOUR) <= TICKS_ACROSS:
            return [Tick(span.percent(at), hour_label(at, hours)) for at in every_hours(span, hours)]
    months = next(
        (months for months in MONTH_STEPS if length / (months * 30 * 24 * HOUR) <= TICKS_ACROSS), MONTH_STEPS[-1]
    )
    return [Tick(span.percent(at), f"{at:%b} {at.year}") for at in every_months(span, months)]


def every_hours(span: TimeSpan, hours: int) -> Iterator[datetime]:
    step = hours * HOUR
    # Of a Monday, so that weeks begin with one.
    at = MONDAY + math.ceil((span.start - MONDAY) / step) * step
    while at <= span.end:
        yield at
        at += step


def every_months(span: TimeSpan, months: int) -> Iterator[datetime]:
    number = (span.start.year * 12 + span.start.month) // months * months
    while (at := datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)) <= span.end:
        if at >= span.start:
            yield at
        number += months


def hour_label(at: datetime, hours: int) -> str:
    if hours < 24 and at.hour:
        return f"{at:%H:%M}"
    return f"{at:%a} {at.day}" if hours < 168 else format_day(at).partition(" ")[2]


def plotted(
    instants: Sequence[datetime],
    values: Sequence[float | None],
    words: Callable[[int], str],
    axis: Axis,
    height: float,
) -> Chart:
    """A chart of values by time: from the low end of an axis, at `height`, to its high end at 0.

    instants: the points in order, at least two; words: the value of a point, by its number.
    """
    span = TimeSpan(instants[0], instants[-1])

    def down(value: float) -> float:
        return round(height * (1 - (value - axis.low) / (axis.high - axis.low)), 1)

    marks = [
        None if value is None else Mark(span.percent(instant), down(value), words(number))
        for number, (instant, value) in enumerate(zip(instants, values, strict=True))
    ]
    joined = [part for run in runs(instants) for part in unbroken([marks[number] for number in run])]
    lines = [" ".join(f"{mark.x:g},{mark.y:g}" for mark in part) for part in joined if len(part) > 1]
    alone = [part[0] for part in joined if len(part) == 1]
    return Chart(lines, marks, alone, [Tick(down(value), label) for value, label in axis.labels])


def unbroken(marks: Sequence[Mark | None]) -> Iterator[list[Mark]]:
    """Marks without one missing between them."""
    part: list[Mark] = []
    for mark in [*marks, None]:
        if mark is not None:
            part.append(mark)
            continue
        if part:
            yield part
        part = []
