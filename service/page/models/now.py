"""The head of Now: plain values, made in a worker process from the bytes of a stored report.

now_values  the head, and with it what stands at the top of the table of stores
now_head    the stores that are down, the uptime of day and week, and both drawings of the week
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from store_uptime import pipeline
from store_uptime.pipeline import Selection
from store_uptime.service.page.humanize import format_instant, format_percent, to_datetime
from store_uptime.service.page.models.fleet import FleetHead, fleet_head, newest_poll_us
from store_uptime.service.page.models.table import FleetTable, TableChoice, fleet_table
from store_uptime.service.page.week_drawing import (
    HourChart,
    Mark,
    WeekdayMap,
    hour_chart,
    incident_mark,
    weekday_map,
)
from store_uptime.service.registry.reports import StoredFleet
from store_uptime.service.workers.overviews import FleetOverview, fleet_overview

if TYPE_CHECKING:
    from store_uptime.pipeline import Report, WindowOverview

SHOWN_INCIDENTS = 12  # of the largest; more triangles than that are one grey edge
LEAST_CHANGE = 0.05  # points; less would be written as 0.0


@dataclass(frozen=True)
class PercentChange:
    """By how many points a share differs from the one before. kind: better, worse or same; words: ▲ 0.4 points."""

    kind: str
    words: str


@dataclass(frozen=True)
class WindowHead:
    """A window as the head shows it. against: what it is compared with; uptime: in words; change: None where not
    known."""

    name: str
    against: str
    uptime: str
    change: PercentChange | None


@dataclass(frozen=True)
class EarlierWeek:
    """The week of an earlier report, to compare with. now: its end, in ISO 8601."""

    now: str
    uptime_percent: float | None


@dataclass(frozen=True)
class NowHead:
    """What stands above the table. open: None in a report that is older than lanes, which has no windows either."""

    stores: int
    open: int | None
    down: int
    down_carried: int
    unknown: int
    windows: list[WindowHead]
    chart: HourChart | None
    weekdays: WeekdayMap | None


def now_values(
    stored: StoredFleet, earlier: EarlierWeek | None, selection: Selection, choice: TableChoice
) -> tuple[FleetHead, NowHead, FleetTable]:
    """What is above the table, and the table. earlier: the week of the report a week before, where there is one."""
    # In one call of a worker: to restore a report takes longer than what is made of it.
    report = pipeline.restore(stored.figures, lanes=stored.lanes, attributes=stored.attributes)
    head = fleet_head(report, newest_poll_us(stored.figures))
    return head, now_head(report, stored.overview, earlier), fleet_table(report, selection, choice)


def now_head(report: "Report", kept: bytes | None, earlier: EarlierWeek | None) -> NowHead:
    """The head of a report. kept: see `fleet_overview`."""
    if report.lanes is None:
        down = int(report.exact["down_now"].sum())
        return NowHead(report.exact.height, None, down, 0, 0, windows=[], chart=None, weekdays=None)
    return drawn_head(fleet_overview(kept, report), earlier)


def drawn_head(found: FleetOverview, earlier: EarlierWeek | None) -> NowHead:
    """The head of an overview."""
    overview = found.overview
    return NowHead(
        stores=overview.stores,
        open=overview.open,
        down=overview.down,
        down_carried=overview.down_carried,
        unknown=overview.unknown,
        windows=[day_head(overview.day), week_head(overview.week, earlier)],
        chart=hour_chart(overview.hours, incident_marks(found)),
        weekdays=weekday_map(overview.profile),
    )


def day_head(day: "WindowOverview") -> WindowHead:
    change = percent_change(day.before_percent, day.uptime_percent)
    return WindowHead("last 24 h", "against the 24 h before", uptime_words(day), change)


def week_head(week: "WindowOverview", earlier: EarlierWeek | None) -> WindowHead:
    if earlier is None:
        return WindowHead("week", "", uptime_words(week), None)
    change = percent_change(earlier.uptime_percent, week.uptime_percent)
    return WindowHead("week", f"against the week up to {format_instant(earlier.now)}", uptime_words(week), change)


def uptime_words(window: "WindowOverview") -> str:
    """94.88 %; closed where no store had business hours, as in the rows of the table."""
    return "closed" if window.coverage_percent is None else format_percent(window.uptime_percent)


def percent_change(before: float | None, now: float | None) -> PercentChange | None:
    """How a share of uptime differs from the one before; None where nothing is known of either."""
    if before is None or now is None:
        return None
    points = now - before
    if abs(points) < LEAST_CHANGE:
        return PercentChange("same", "no change")
    if points > 0:
        return PercentChange("better", f"▲ {points:.1f} points")
    return PercentChange("worse", f"▼ {-points:.1f} points")


def incident_marks(found: FleetOverview) -> Iterator[Mark]:
    """Where many of all stores went down together, the largest first."""
    start = to_datetime(found.overview.hours[0].start)
    for each in found.incidents[:SHOWN_INCIDENTS]:
        yield incident_mark(start, each.stores, each.share_percent, each.start, each.end)
