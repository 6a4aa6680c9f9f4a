"""What /trends shows of the kept reports: plain values, made in a worker process from their summaries.

trends        charts of all stores by time, and the groups of an attribute, each with a line of its own
points_of     the reports as points, the oldest first
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from store_uptime.service.page.charts import (
    Axis,
    Chart,
    Tick,
    TimeSpan,
    plotted,
    thinned,
    time_ticks,
    value_axis,
)
from store_uptime.service.page.humanize import format_count, format_percent

Window = Literal["day", "week"]
Days = Literal["7", "30", "all"]
LENGTHS: dict[Days, timedelta] = {"7": timedelta(days=7), "30": timedelta(days=30), "all": timedelta.max}
PLACES = 300  # of a chart of 1200 pixels: marks closer than four cannot be told apart, nor pointed at
CHART_HEIGHT = 84
SPARK_HEIGHT, SPARK_PLACES = 20, 60
SPARK_MARGIN = 0.5  # points above and below, so that noise does not look like a fall
MOST_GROUPS = 200


class GroupSummary(msgspec.Struct, frozen=True):
    """The stores of one value of an attribute, or all; see `pipeline.summary`."""

    stores: int
    open: int
    down: int
    uptime_percent_day: float | None
    uptime_percent_week: float | None
    coverage_percent_week: float | None

    def uptime_percent(self, window: Window) -> float | None:
        """The uptime in a window; None where nothing is known."""
        return self.uptime_percent_day if window == "day" else self.uptime_percent_week


class Summary(GroupSummary, frozen=True):
    """What `pipeline.summary` gives. groups: by attribute, not read before somebody looks at one."""

    now: datetime
    groups: dict[str, msgspec.Raw]

    def by_value(self, attribute: str) -> dict[str, GroupSummary]:
        """The groups of an attribute; none where it has too many values, or there is no such attribute."""
        found = self.groups.get(attribute)
        return msgspec.json.decode(found, type=dict[str, GroupSummary]) if found else {}


SUMMARY = msgspec.json.Decoder(Summary)


@dataclass(frozen=True)
class KeptSummary:
    """A kept report of the three windows and all stores. summary: see `pipeline.summary`; warnings: how many."""

    report_id: str
    warnings: int
    summary: bytes


@dataclass(frozen=True)
class Point:
    """A kept report on a chart."""

    report_id: str
    warnings: int
    summary: Summary

    @property
    def now(self) -> datetime:
        """The end of its windows."""
        return self.summary.now

    @property
    def down_percent(self) -> float | None:
        """The share of the open stores that are down; None where none is open."""
        return percent(self.summary.down, self.summary.open)


@dataclass(frozen=True)
class Charts:
    """Three charts of `points` over one axis of time: uptime in percent, stores down, and known time in percent."""

    points: list[Point]
    uptime: Chart
    down: Chart
    coverage: Chart
    days: list[Tick]


@dataclass(frozen=True)
class GroupTrend:
    """A group by time. week: its uptime of the week in percent; newest, before: that of the window, in the newest
    report and in the one a week before; change in points; spark: a small chart, None of one report; said: the same in
    words."""

    value: str
    stores: int
    open: int
    down: int
    week: float | None
    newest: float | None
    before: float | None
    change: float | None
    spark: Chart | None
    said: str


@dataclass(frozen=True)
class Trends:
    """newest, before: the newest report and the one a week before it. reports: how many are in the range, of which
    `charts` has those that can be told apart. attributes: those with groups; groups_left: how many are not shown."""

    newest: Point
    before: Point | None
    reports: int
    charts: Charts | None
    attributes: list[str]
    groups: list[GroupTrend]
    groups_left: int


def trends(
    kept: Sequence[KeptSummary], week_before: KeptSummary | None, window: Window, days: Days, attribute: str
) -> Trends:
    """What stands on the page. kept: at least one, the newest first; week_before: the report to compare it with;
    attribute: by which there are groups, nothing: the first there is."""
    points = points_of(kept)
    newest, within = points[-1], in_range(points, days)
    before = point_of(week_before) if week_before else None
    attributes = list(newest.summary.groups)
    groups = group_trends(within, newest, before, window, attribute or attributes[0])
    return Trends(
        newest=newest,
        before=before,
        reports=len(within),
        charts=charts(within, window) if len(within) > 1 else None,
        attributes=attributes,
        groups=groups[:MOST_GROUPS],
        groups_left=max(0, len(groups) - MOST_GROUPS),
    )


def points_of(kept: Sequence[KeptSummary]) -> list[Point]:
    """Reports, the newest first, as points, the oldest first."""
    return sorted((point_of(each) for each in reversed(kept)), key=lambda point: point.now)


def point_of(kept: KeptSummary) -> Point:
    return Point(kept.report_id, kept.warnings, SUMMARY.decode(kept.summary))


def in_range(points: Sequence[Point], days: Days) -> list[Point]:
    """Those that are not older than the newest by more than that."""
    return [point for point in points if points[-1].now - point.now <= LENGTHS[days]]


def charts(points: Sequence[Point], window: Window) -> Charts | None:
    """The charts of at least two points, as far as they can be told apart; None where all are of one instant."""
    span = TimeSpan(points[0].now, points[-1].now)
    if span.start == span.end:
        return None
    drawn = thinned(points, lambda point: point.now, lambda point: worth(point.summary, window), PLACES)
    return Charts(
        points=drawn,
        uptime=percent_chart(drawn, [point.summary.uptime_percent(window) for point in drawn], "uptime"),
        down=down_chart(drawn),
        coverage=percent_chart(drawn, [point.summary.coverage_percent_week for point in drawn], "known"),
        days=time_ticks(span),
    )


def worth(summary: GroupSummary, window: Window) -> float:
    """What ranks points of one place: the lowest uptime is what nobody must miss; unknown ones come last."""
    found = summary.uptime_percent(window)
    return 101.0 if found is None else found


def percent_chart(points: Sequence[Point], values: Sequence[float | None], kind: str) -> Chart:
    axis = value_axis([value for value in values if value is not None], least=1.0, lowest=0.0, highest=100.0)
    return plotted(
        [point.now for point in points],
        values,
        lambda number: f"{kind} {format_percent(values[number])}",
        axis,
        CHART_HEIGHT,
    )


def down_chart(points: Sequence[Point]) -> Chart:
    counts = [float(point.summary.down) for point in points]
    axis = value_axis([0.0, *counts], least=4.0, lowest=0.0, highest=math.inf)
    return plotted(
        [point.now for point in points], counts, lambda number: down_words(points[number]), axis, CHART_HEIGHT
    )


def down_words(point: Point) -> str:
    """394 of 6,922 open stores down, 5.69 %."""
    share = "" if point.down_percent is None else f", {format_percent(point.down_percent)}"
    return f"{point.summary.down:,} of {format_count(point.summary.open, 'open store')} down{share}"


def group_trends(
    points: Sequence[Point], newest: Point, before: Point | None, window: Window, attribute: str
) -> list[GroupTrend]:
    """The groups of the newest report, the worst first; those of which nothing is known last."""
    values, earlier = newest.summary.by_value(attribute), before.summary.by_value(attribute) if before else {}
    if not values:
        return []
    drawn = thinned(points, lambda point: point.now, lambda point: worth(point.summary, window), SPARK_PLACES)
    decoded = [(point.now, point.summary.by_value(attribute)) for point in drawn]
    found = []
    for value, group in values.items():
        history = [(now, of_value(groups, value, window)) for now, groups in decoded]
        found.append(group_trend(value, group, history, of_value(earlier, value, window), window))
    return sorted(found, key=lambda group: (group.newest is None, group.newest, group.value))


def of_value(groups: dict[str, GroupSummary], value: str, window: Window) -> float | None:
    return groups[value].uptime_percent(window) if value in groups else None


def group_trend(
    value: str,
    group: GroupSummary,
    history: Sequence[tuple[datetime, float | None]],
    before: float | None,
    window: Window,
) -> GroupTrend:
    newest = group.uptime_percent(window)
    instants, percents = [now for now, _ in history], [each for _, each in history]
    known = [each for each in percents if each is not None]
    spark = None
    if len(known) > 1 and instants[0] < instants[-1]:
        axis = Axis(min(known) - SPARK_MARGIN, max(known) + SPARK_MARGIN, [])
        spark = plotted(instants, percents, lambda _: "", axis, SPARK_HEIGHT)
    return GroupTrend(
        value=value,
        stores=group.stores,
        open=group.open,
        down=group.down,
        week=group.uptime_percent_week,
        newest=newest,
        before=before,
        change=None if newest is None or before is None else round(newest - before, 2),
        spark=spark,
        said=f"from {format_percent(known[0])} to {format_percent(known[-1])}" if spark else "",
    )


def percent(part: int, whole: int) -> float | None:
    """A share in percent; None of nothing."""
    return 100 * part / whole if whole else None
