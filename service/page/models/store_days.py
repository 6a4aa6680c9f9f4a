"""The days of a store over 13 weeks, from reports that are kept.

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
from store_uptime.service.page.models.store import EPOCH
from store_uptime.service.registry.reports import DatedReport, StoredFigures, StoredFleet

if TYPE_CHECKING:
    import polars as pl

WEEK = timedelta(days=7)
STEPS = 13
SHORTEST_STEP = timedelta(days=1)
"""A report that is nearer to the one after it has next to no day of its own."""
MINUTE_US = 60_000_000
DAY_NAME = r"^\d{4}-\d{2}-\d{2}$"


@dataclass(frozen=True)
class CalendarDay:
    """A local date of a store. Lengths are minutes; percent: up of what is known, None: nothing is.

    is_whole: whether all of the date is in reports; report_id: the one that has most of it; by_periods: whether that is
    by periods, where a poll may speak farther.
    """

    date: date
    open: int
    down: int
    unknown: int
    percent: float | None
    report_id: str
    is_whole: bool
    by_periods: bool


@dataclass(frozen=True)
class PeriodDays:
    """The days of a store in a report by periods, and how far a poll speaks there, in seconds."""

    days: list[CalendarDay]
    max_gap_s: float


def weekly_steps(report_id: str, candidates: Sequence[DatedReport]) -> list[DatedReport]:
    """A report, then of those before it the one whose now is nearest to a week before, and so on; none where the report
    is not among the candidates, as one that is older than lanes."""
    chosen = [each for each in candidates if each.id == report_id]
    while chosen and len(chosen) < STEPS:
        last = chosen[-1].now
        earlier = [each for each in candidates if each.now <= last - SHORTEST_STEP]
        if not earlier:
            break
        chosen.append(min(earlier, key=lambda each: abs(last - WEEK - each.now)))
    return chosen


def lane_days(stored: StoredFleet, store: str, until: datetime) -> "pl.DataFrame | None":
    """The days of a store before an instant; None where the report does not have the store."""
    report = pipeline.restore(stored.figures, lanes=stored.lanes, store=store)
    if report.exact.is_empty() or report.lanes is None:
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
        open=round(business / MINUTE_US),
        down=round(down / MINUTE_US),
        unknown=round((business - down - (row["uptime_us"] or 0)) / MINUTE_US),
        percent=None if row["uptime_percent"] is None else float(row["uptime_percent"]),
        report_id=report_id,
        is_whole=True,
        by_periods=True,
    )


def calendar(weeks: "Sequence[tuple[str, pl.DataFrame]]", by_periods: Iterable[PeriodDays], passed_over: int) -> bytes:
    """JSON: days (`CalendarDay`) by date; reports, passed_over: how many were read, and how many could not be;
    max_gap_s: of the reports by periods that gave a day.

    weeks: `lane_days` with the ids of their reports. A date that is whole in them is not taken from others.
    """
    days = {day.date: day for day in days_of_weeks(weeks)}
    used: list[float] = []
    for period in by_periods:
        added = [day for day in period.days if day.date not in days or not days[day.date].is_whole]
        days |= {day.date: day for day in added}
        used += [period.max_gap_s] if added else []
    return msgspec.json.encode(
        {
            "days": [vars(days[key]) for key in sorted(days)],
            "reports": len({day.report_id for day in days.values()}),
            "passed_over": passed_over,
            "max_gap_s": max(used, default=None),
        }
    )


def days_of_weeks(weeks: "Sequence[tuple[str, pl.DataFrame]]") -> Iterable[CalendarDay]:
    if not weeks:
        return
    ids = [report_id for report_id, _ in weeks]
    for row in pipeline.joined_days([days for _, days in weeks]).iter_rows(named=True):
        yield CalendarDay(
            date=row["date"],
            open=row["open_minutes"],
            down=row["down_minutes"],
            unknown=row["unknown_minutes"],
            percent=None if row["uptime_percent"] is None else float(row["uptime_percent"]),
            report_id=ids[row["report"]],
            # To the minute: a week that ends where the next begins may leave a part of one out.
            is_whole=row["covered_minutes"] >= row["day_minutes"] - 1,
            by_periods=False,
        )
