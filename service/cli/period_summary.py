"""The summary of a report by periods on stderr: which period it was, rows read, warnings, and totals."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from store_uptime import pipeline
from store_uptime.pipeline import ReportFolder, Target, counted
from store_uptime.service.cli.report_summary import (
    Line,
    echo_lines,
    format_share,
    quality_lines,
    source_lines,
    written_line,
)
from store_uptime.service.page.humanize import format_duration

if TYPE_CHECKING:
    from store_uptime.pipeline import PeriodReport

SECOND_US = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SUMMED = ("business_us", "unknown_us", "downtime_us", "downtime_least_us", "downtime_most_us", "outages")


def echo_period_summary(report: "PeriodReport", out: Target | ReportFolder, seconds: float) -> None:
    """Print the summary of a report that was made in so many seconds and written to out."""
    echo_lines([*period_lines(report), *total_lines(report), written_line(out, seconds)])


def period_lines(report: "PeriodReport") -> Iterator[Line]:
    """Which period it was of which data, and what is odd about that."""
    yield from source_lines(report)
    yield "now", f"{report.provenance['now']} ({age(report)}{report.provenance['now_is']})"
    yield "period", period_text(report)
    yield from state_lines(report)
    yield "stores", counted(report.stores.height, "store")
    yield from quality_lines(report)
    yield from (("note", note) for note in report.notes)


def age(report: "PeriodReport") -> str:
    """ "8 months ago, " where now is that of the data; nothing where it was given."""
    if report.options.now is not None:
        return ""
    seconds = max(0, time.time_ns() // 1_000 - report.now_us) / SECOND_US
    return f"{pipeline.age_in_words(seconds)} ago, "


def period_text(report: "PeriodReport") -> str:
    """last-month: 2024-02 (2024-02-01 to 2024-03-01)."""
    asked, listed = str(report.period), report.provenance["periods"]
    if report.periods.is_empty():
        return f"{asked}: none"
    if report.period.by is not None:
        return f"{asked}: {counted(listed['number'], report.period.by)} ({dates(report)})"
    name = str(listed["first"])
    found = asked if name == asked else f"{asked}: {name}"
    return found if "/" in name else f"{found} ({dates(report)})"


def dates(report: "PeriodReport") -> str:
    """2024-02-01 to 2024-03-01: from when to when, on the clock of the first store."""
    scope, zone = report.stores.select("scope", "zone").row(0)
    periods = report.periods.filter(scope=scope)
    if periods.is_empty():  # a zone has left its only date out
        scope, periods = None, report.periods
    rules = pipeline.zone_rules(report.period.on or zone)
    ends_us = periods["start_us"].min(), periods["end_us"].max()
    return " to ".join(local_text((EPOCH + timedelta(microseconds=us)).astimezone(rules)) for us in ends_us)


def local_text(local: datetime) -> str:
    """A date, or a date and time where it is not midnight."""
    return f"{local:%Y-%m-%d}" if (local.hour, local.minute) == (0, 0) else f"{local:%Y-%m-%d %H:%M}"


def state_lines(report: "PeriodReport") -> Iterator[Line]:
    """Whether figures may still change; nothing where all are final."""
    open_us = report.periods.filter(report.periods["end_us"] + report.max_gap_us > report.now_us)
    if open_us.is_empty():
        return
    last_us = open_us["end_us"].max()
    final = pipeline.instant_text(EPOCH + timedelta(microseconds=last_us + report.max_gap_us))
    if report.period.by is None:
        yield "state", f"{'running' if last_us > report.now_us else 'provisional'}: final from {final} on"
    else:
        number, of = open_us["period"].n_unique(), report.provenance["periods"]["number"]
        yield "state", f"{number:,} of {counted(of, report.period.by)} may still change, until {final}"


def total_lines(report: "PeriodReport") -> Iterator[Line]:
    """The figures of all stores and periods together."""
    sums = report.total.select(SUMMED).sum().row(0, named=True)
    yield "uptime", f"{format_share(report.uptime_percent)} of known time, of all stores together"
    yield "known", f"{format_share(report.coverage_percent)} of business time, {hours(sums['unknown_us'])} unknown"
    least, most = hours(sums["downtime_least_us"]), hours(sums["downtime_most_us"])
    yield "down", f"{hours(sums['downtime_us'])} in {counted(sums['outages'], 'outage')}; {least} at least, {most} at most"


def hours(us: int | None) -> str:
    return format_duration((us or 0) / SECOND_US)
