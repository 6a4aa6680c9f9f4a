"""The days of a store over 13 weeks, from reports that are kept.

own_week       the days of the report itself, from the timeline of the store as its view draws it
weekly_steps   which reports of the three windows have the weeks before one another
lane_days      the days of one of them
period_days    the days of a report by periods
calendar       all of them as JSON
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from store_uptime import pipeline
from store_uptime.pipeline import Limits
from store_uptime.service.page.models.store import EPOCH
from store_uptime.service.registry.reports import DatedReport, StoredExplanation, StoredFigures, StoredFleet
from store_uptime.service.workers.tasks import SourceConfig

if TYPE_CHECKING:
    import polars as pl

WEEK = timedelta(days=7)
STEPS = 13
SHORTEST_STEP = timedelta(days=1)
"""A report that is nearer to the one after it has next to no day of its own."""
SECOND_US, MINUTE_US = 1_000_000, 60_000_000
DAY_NAME = r"^\d{4}-\d{2}-\d{2}$"


@dataclass(frozen=True)
class CalendarDay:
    """A local date of a store. Lengths are seconds; percent: up of what is known, None: nothing is.

    is_whole: whether all of the date is in reports; report_id: the one that has most of it; by_periods: whether that is
    by periods, where a poll may speak farther.
    """

    date: date
    open: float
    down: float
    unknown: float
    percent: float | None
    report_id: str
    is_whole: bool
    by_periods: bool


@dataclass(frozen=True)
class PeriodDays:
    """The days of a store in a report by periods, and how far a poll speaks there, in seconds."""

    days: list[CalendarDay]
    max_gap_s: float


@dataclass(frozen=True)
class OwnWeek:
    """The week of the report that a view is of. now: the end of it; last: the date of that on the store's clock.

    days: None where the store's business hours cannot be read, and nothing is known of any day.
    """

    now: datetime
    last: date
    days: "pl.DataFrame | None"


def own_week(source: SourceConfig, store: str, limits: Limits, stored: StoredExplanation) -> OwnWeek:
    """The days of the report itself, as exact as its view has them. Raises what `store_week` raises."""
    report = pipeline.restore(stored.figures, stored.plan, stored.rejects, None, store)
    timeline = pipeline.explain(source.open(), report, store, limits)
    is_known = not report.exact["hours_unknown"].item()
    return OwnWeek(
        now=EPOCH + timedelta(microseconds=report.plan.horizon.now_us),
        last=timeline.days["date"][-1],
        days=pipeline.timeline_days(timeline) if is_known else None,
    )


def weekly_steps(now: datetime, candidates: Sequence[DatedReport]) -> list[DatedReport]:
    """Before a now the report whose own is nearest to a week before it, then the same before that one, and so on."""
    chosen: list[DatedReport] = []
    last = now
    while len(chosen) < STEPS - 1:
        earlier = [each for each in candidates if each.now <= last - SHORTEST_STEP]
        if not earlier:
            break
        nearest = last - WEEK
        chosen.append(min(earlier, key=lambda each: abs(nearest - each.now)))
        last = chosen[-1].now
    return chosen


def lane_days(stored: StoredFleet, store: str, until: datetime) -> "pl.DataFrame | None":
    """The days of a store before an instant; None where the report does not have the store, or not its hours."""
    report = pipeline.restore(stored.figures, lanes=stored.lanes, store=store)
    # Without hours all of a lane is closed, which nobody knows.
    if report.exact.is_empty() or report.lanes is None or report.exact["hours_unknown"].item():
        return None
    return pipeline.store_days(report, (until - EPOCH) // timedelta(microseconds=1))


def period_days(stored: StoredFigures, store: str, report_id: str) -> PeriodDays:
    """The days of a store that are over in a report by periods."""
    import polars as pl

    report = pipeline.restore_periods(stored.figures)
    rows = report.exact.hstack(report.table().select("uptime_percent")).filter(
        pl.col("store_id") == store,
        pl.col("period").str.contains(DAY_NAME),
        pl.col("state") != "running",
        pl.col("business_us").is_not_null(),
    )
    days = [period_day(row, report_id) for row in rows.iter_rows(named=True)]
    return PeriodDays(days, report.max_gap_us / 1_000_000)


def period_day(row: dict[str, Any], report_id: str) -> CalendarDay:
    business, down = row["business_us"], row["downtime_us"] or 0
    return CalendarDay(
        date=date.fromisoformat(row["period"]),
        open=business / SECOND_US,
        down=down / SECOND_US,
        unknown=(business - down - (row["uptime_us"] or 0)) / SECOND_US,
        percent=None if row["uptime_percent"] is None else float(row["uptime_percent"]),
        report_id=report_id,
        is_whole=True,
        by_periods=True,
    )


def calendar(
    own: OwnWeek, weeks: "Sequence[tuple[str, pl.DataFrame]]", by_periods: Iterable[PeriodDays], passed_over: int
) -> bytes:
    """JSON: days (`CalendarDay`) by date; reports, passed_over: how many were read, and how many could not be;
    max_gap_s: of the reports by periods that gave a day; hours_unknown: whether those of the store cannot be read.

    weeks: days of reports with their ids, the report's own first. Reports by periods give the dates that are not whole
    in them, the newest such report first, and none from the report's last date on: that ends at its now.
    """
    days = {day.date: day for day in days_of_weeks(weeks)}
    used: list[float] = []
    for period in by_periods:
        lacking = [day for day in period.days if day.date < own.last and not is_whole(days.get(day.date))]
        days |= {day.date: day for day in lacking}
        used += [period.max_gap_s] if lacking else []
    return msgspec.json.encode(
        {
            "days": [vars(days[key]) for key in sorted(days)],
            "reports": len({day.report_id for day in days.values()}),
            "passed_over": passed_over,
            "max_gap_s": max(used, default=None),
            "hours_unknown": own.days is None,
        }
    )


def is_whole(day: CalendarDay | None) -> bool:
    return day is not None and day.is_whole


def days_of_weeks(weeks: "Sequence[tuple[str, pl.DataFrame]]") -> Iterable[CalendarDay]:
    if not weeks:
        return
    ids = [report_id for report_id, _ in weeks]
    for row in pipeline.joined_days([days for _, days in weeks]).iter_rows(named=True):
        yield CalendarDay(
            date=row["date"],
            open=row["open_us"] / SECOND_US,
            down=row["down_us"] / SECOND_US,
            unknown=row["unknown_us"] / SECOND_US,
            percent=None if row["uptime_percent"] is None else float(row["uptime_percent"]),
            report_id=ids[row["report"]],
            # To the minute: a week that ends where the next begins may leave a part of one out.
            is_whole=row["covered_us"] >= row["day_us"] - MINUTE_US,
            by_periods=False,
        )
