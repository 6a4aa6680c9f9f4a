"""The summary of a report by periods on stderr: which period it was, rows read, warnings, and totals."""

import time
from calendar import day_abbr
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from store_uptime import pipeline
from store_uptime.pipeline import counted
from store_uptime.service.cli.report_summary import (
    Line,
    format_share,
    quality_lines,
    source_lines,
    stores_line,
)
from store_uptime.service.page.humanize import format_duration

if TYPE_CHECKING:
    from polars import DataFrame

    from store_uptime.pipeline import PeriodReport

SECOND_US = 1_000_000
NAMED_GROUPS = 3
UTC_ZONE = "UTC"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def period_summary(report: "PeriodReport") -> list[Line]:
    """The summary of a report."""
    return [*period_lines(report), *total_lines(report)]


def outage_summary(report: "PeriodReport") -> list[Line]:
    """The summary of a list of outages."""
    return [*period_lines(report), down_line(report)]


def period_lines(report: "PeriodReport") -> Iterator[Line]:
    """Which period it was of which data, and what is odd about that."""
    yield from source_lines(report)
    yield "now", f"{report.provenance['now']} ({age(report)}{report.provenance['now_is']})"
    yield "period", period_text(report)
    yield from state_lines(report)
    yield stores_line(report.stores.height, report.options.only)
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
    is_named = report.period.by is not None or "/" not in str(report.provenance["periods"]["first"])
    return f"{period_name(report)} ({dates(report)})" if is_named else period_name(report)


def period_name(report: "PeriodReport") -> str:
    """last-month: 2024-02; or last-month by day: 29 days."""
    asked = str(report.period)
    if report.period.by is not None:
        return f"{asked}: {counted(periods_of_one_clock(report).height, report.period.by)}"
    name = report.provenance["periods"]["first"]
    return asked if asked == name else f"{asked}: {name}"


def dates(report: "PeriodReport") -> str:
    """2024-02-01 to 2024-03-01: from when to when, on the clock of most stores."""
    periods = periods_of_one_clock(report)
    start_us, end_us = periods.select("start_us").min().item(), periods.select("end_us").max().item()
    clock = most_common_clock(report)
    rules = pipeline.zone_rules(report.period.on or (UTC_ZONE if clock is None else clock.zone))
    return " to ".join(local_text(to_instant(us).astimezone(rules)) for us in (start_us, end_us))


def periods_of_one_clock(report: "PeriodReport") -> "DataFrame":
    """The periods of most stores: those of other zones have other starts, and at instants other names."""
    # A zone that has left out the only date has no period: those of others are as good.
    clock = most_common_clock(report)
    own = report.periods.filter(scope=0 if clock is None else clock.scope)
    return report.periods if own.is_empty() else own


class StoreClock(NamedTuple):
    """Of some stores: the scope of their periods, and their zone."""

    scope: int
    zone: str


def most_common_clock(report: "PeriodReport") -> StoreClock | None:
    """That of most stores; None: the report has no store."""
    clocks = report.stores.group_by("scope", "zone").len().sort("len", "scope", descending=[True, False])
    return StoreClock(*clocks.row(0)[:2]) if clocks.height else None


def to_instant(us: int) -> datetime:
    """The instant of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=us)


def local_text(local: datetime) -> str:
    """A date, or a date and time where it is not midnight."""
    return f"{local:%Y-%m-%d}" if (local.hour, local.minute) == (0, 0) else f"{local:%Y-%m-%d %H:%M}"


def state_lines(report: "PeriodReport") -> Iterator[Line]:
    """Whether figures may still change; nothing where all are final."""
    # Of clocks that stores have: there are also the periods of the zone of stores without one.
    periods = report.periods.join(report.stores, on="scope", how="semi")
    changing = periods.filter(periods["end_us"] + report.max_gap_us > report.now_us)
    if changing.is_empty():
        return
    end_us: int = changing.select("end_us").max().item()
    final = pipeline.instant_text(to_instant(end_us + report.max_gap_us))
    if report.period.by is None:
        yield "state", f"{'running' if end_us > report.now_us else 'provisional'}: final from {final} on"
    else:
        every = periods_of_one_clock(report)
        number = every.join(changing, on=("scope", "number"), how="semi").height
        yield "state", f"{number:,} of {counted(every.height, report.period.by)} may still change, until {final}"


def total_lines(report: "PeriodReport") -> Iterator[Line]:
    """The figures of all stores and periods together."""
    unknown_us = report.total.select("unknown_us").sum().item()
    yield "uptime", f"{format_share(report.uptime_percent)} of known time, of all stores together"
    yield "known", f"{format_share(report.coverage_percent)} of business time, {hours(unknown_us)} unknown"
    yield down_line(report)
    if report.options.group_by and report.period.by is None and (worst := list(worst_groups(report))):
        yield "worst", ", ".join(worst)
    if report.profile is not None and not report.options.group_by:
        yield "worst hours", ", ".join(worst_hours(report))


def worst_hours(report: "PeriodReport") -> Iterator[str]:
    """Mon 08:00 14.92 % down: the hours of the week with the largest share of known time down."""
    cells = report.profile_table().sort("down_percent", descending=True, nulls_last=True)
    for row in cells.filter(cells["downtime"] > 0).head(NAMED_GROUPS).iter_rows(named=True):
        yield f"{day_abbr[row['weekday']]} {row['hour']:02}:00 {format_share(row['down_percent'])} down"


def worst_groups(report: "PeriodReport") -> Iterator[str]:
    """Boston 88.14 %: the groups of least uptime, of those of which something is known."""
    by = report.options.group_by
    known = report.rollup_table(by).drop_nulls("uptime_percent").sort("uptime_percent", maintain_order=True)
    for row in known.head(NAMED_GROUPS).iter_rows(named=True):
        values = list(row.values())[: len(by)]
        yield f"{' / '.join(map(pipeline.printable, values))} {format_share(row['uptime_percent'])}"


def down_line(report: "PeriodReport") -> Line:
    sums = report.total.select("downtime_us", "downtime_least_us", "downtime_most_us", "outages").sum()
    down_us, least_us, most_us, number = sums.row(0)
    bounds = f"{hours(least_us)} at least, {hours(most_us)} at most"
    return "down", f"{hours(down_us)} in {counted(number, 'outage')}; {bounds}"


def hours(us: int | None) -> str:
    return format_duration((us or 0) / SECOND_US)
