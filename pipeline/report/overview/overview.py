"""A report with lanes in, the figures above the table of its stores out: docs/semantics.md, "What the page counts"."""

from dataclasses import dataclass

import polars as pl

from store_uptime.pipeline.durations import HOUR_US, WEEK_US
from store_uptime.pipeline.instants import iso
from store_uptime.pipeline.report.overview.cells import zone_hours
from store_uptime.pipeline.report.overview.counts import (
    MEASURES,
    MINUTES,
    counted_uptime_percent,
    down_percent_of_known,
    down_percent_of_open,
    minutes_in_cells,
    status_steps,
)
from store_uptime.pipeline.report.overview.totals import TOTALS, stores_with_figures, window_totals
from store_uptime.pipeline.report.report import Report

HOURS = WEEK_US // HOUR_US
DAY_BEFORE = (HOURS - 48, HOURS - 24)


@dataclass(frozen=True)
class WindowOverview:
    """A window of all stores, to the microsecond but for before_percent.

    uptime_percent: of what is known (None: nothing is); before_percent: the same of the 24 hours before the day, to the
    minute (of the week: None); coverage_percent: what is known of business time (None: there is none).
    """

    uptime_percent: float | None
    before_percent: float | None
    coverage_percent: float | None
    downtime_hours: float


@dataclass(frozen=True)
class HourOfWeek:
    """An hour before now, of all stores. start: ISO 8601; down and unknown are parts of open, carried of what is known;
    down_percent: of open (None: none is)."""

    start: str
    open_minutes: int
    down_minutes: int
    unknown_minutes: int
    carried_minutes: int
    down_percent: float | None


@dataclass(frozen=True)
class ProfileCell:
    """An hour of the week on each store's own clock. weekday: 0 is Monday; down_percent: of what is known (None:
    nothing is)."""

    weekday: int
    hour: int
    open_minutes: int
    down_minutes: int
    unknown_minutes: int
    down_percent: float | None


@dataclass(frozen=True)
class Overview:
    """All stores of a report. now: ISO 8601; open: stores in business hours in the last minute; of these down: known to
    be, down_carried: without a poll nearby, unknown: nothing is known; no_recent_poll: stores, open or closed, whose
    last poll is more than two hours before now; hours: 168, the oldest first; profile: 168, by weekday and hour."""

    now: str
    stores: int
    open: int
    down: int
    down_carried: int
    unknown: int
    no_recent_poll: int
    day: WindowOverview
    week: WindowOverview
    hours: list[HourOfWeek]
    profile: list[ProfileCell]


def overview(report: Report) -> Overview:
    """The overview of a report. Raises ValueError where it has no lanes."""
    steps = zone_steps(report)
    hours = hour_counts(steps)
    stores = stores_with_figures(report)
    before = hours.slice(DAY_BEFORE[0], DAY_BEFORE[1] - DAY_BEFORE[0]).select(pl.col(MINUTES).sum())
    before_percent = before.select(counted_uptime_percent().cast(pl.Float64)).item()
    return Overview(
        now=iso(report.plan.horizon.now_us),
        **stores.select(**TOTALS).row(0, named=True),
        day=window_overview(stores, "day", before_percent),
        week=window_overview(stores, "week", None),
        hours=hours_of_week(hours, report.plan.horizon.now_us),
        profile=profile_of(steps, report),
    )


def window_overview(stores: pl.DataFrame, window: str, before_percent: float | None) -> WindowOverview:
    """A window of these rows of `Report.exact`."""
    return WindowOverview(**stores.select(**window_totals(window)).row(0, named=True), before_percent=before_percent)


def zone_steps(report: Report) -> pl.DataFrame:
    """zone, minute, `MEASURES`: the steps of all stores of a zone together."""
    zones = report.exact.lazy().select("zone").with_row_index("store")
    steps = status_steps(report).lazy().join(zones, on="store")
    return steps.group_by("zone", "minute").agg(pl.col(MEASURES).sum()).collect()


def hour_counts(steps: pl.DataFrame) -> pl.DataFrame:
    """scope, from_minute, until_minute, `MINUTES` of the 168 hours before now. steps: see `zone_steps`."""
    first = pl.int_range(HOURS, dtype=pl.Int64) * 60
    cells = pl.select(scope=pl.lit(0), from_minute=first, until_minute=first + 60)
    return minutes_in_cells(steps.select(pl.lit(0).alias("scope"), "minute", *MEASURES), cells)


def hours_of_week(hours: pl.DataFrame, now_us: int) -> list[HourOfWeek]:
    """The hours as plain values. hours: see `hour_counts`."""
    rows = hours.select(*MINUTES, down_percent=down_percent_of_open().cast(pl.Float64)).rows(named=True)
    week_us = now_us - WEEK_US
    return [HourOfWeek(iso(week_us + number * HOUR_US), **row) for number, row in enumerate(rows)]


def profile_of(steps: pl.DataFrame, report: Report) -> list[ProfileCell]:
    """The hours of the week on the stores' own clocks. steps: see `zone_steps`."""
    cells = zone_hours(report.exact["zone"], report.plan.horizon.now_us).rename({"zone": "scope"})
    counted = minutes_in_cells(steps.rename({"zone": "scope"}), cells)
    week = pl.select(cell=pl.int_range(HOURS)).select(
        weekday=(pl.col("cell") // 24).cast(pl.Int8), hour=(pl.col("cell") % 24).cast(pl.Int8)
    )
    minutes = MINUTES[:3]
    rows = (
        week.lazy()
        .join(counted.lazy().group_by("weekday", "hour").agg(pl.col(minutes).sum()), on=("weekday", "hour"), how="left")
        .sort("weekday", "hour")
        .with_columns(pl.col(minutes).fill_null(0))
        .select("weekday", "hour", *minutes, down_percent=down_percent_of_known().cast(pl.Float64))
        .collect()
    )
    return [ProfileCell(**row) for row in rows.rows(named=True)]
