"""What the pipeline says of the cases of docs/cases, in the same words as tests/support/cases.py."""

from datetime import datetime
from typing import Any

import polars as pl

from store_uptime.pipeline import Frames, Options, Period, PeriodReport, build_periods, build_report
from tests.support.cases import Answers, Case, Line, text, utc_text
from tests.support.reference import RawRows
from tests.support.reference_periods import Tables

COLUMNS = {
    "store_status": ("store_id", "timestamp_utc", "status"),
    "menu_hours": ("store_id", "day_of_week", "start_time_local", "end_time_local"),
    "timezones": ("store_id", "timezone_str"),
}


def frame(rows: RawRows, needed: tuple[str, ...]) -> pl.DataFrame:
    columns = [*needed, *(name for name in (rows[0] if rows else {}) if name not in needed)]
    return pl.DataFrame([dict(row) for row in rows], schema=dict.fromkeys(columns, pl.String))


def source_of(tables: Tables) -> Frames:
    polls, hours, zones = (
        frame(rows, needed)
        for rows, needed in zip((tables.polls, tables.hours, tables.zones), COLUMNS.values(), strict=True)
    )
    return Frames(polls, hours, zones, stores=None if tables.stores is None else frame(tables.stores, ("store_id",)))


def by_pipeline(case: Case) -> Answers:
    if not case.is_by_periods:
        report = build_report(source_of(case.tables), Options(now=case.now, max_gap=case.max_gap))
        rows = zip(report.exact.iter_rows(named=True), report.extended.iter_rows(named=True), strict=True)
        return {"windows": [line(exact | extended) for exact, extended in rows]}
    return answers(periods_of(case), case.group_by)


def periods_of(case: Case, store: str | None = None) -> PeriodReport:
    name, start, end = case.ends
    period = Period(name, start, end, case.options.get("on"), case.options.get("by"))
    return build_periods(
        source_of(case.tables),
        period,
        Options(case.now, store, case.max_gap, period=period, group_by=case.group_by),
        tables=("profile", "outages"),
        split_at_closing=case.options.get("split_at_closing", False),
    )


def answers(report: PeriodReport, by: list[str]) -> Answers:
    """The tables of a report, each row once as it is written and once in microseconds."""
    return {
        "stores": both(report.exact, report.table()),
        "outages": lines(report.outages_table()),
        "groups": both(report.rollup(by), report.rollup_table(by)),
        "profile": [row for row in lines(report.profile_table()) if row["business"]],
    }


def both(exact: pl.DataFrame, as_written: pl.DataFrame) -> list[Line]:
    return [one | other for one, other in zip(lines(exact), lines(as_written), strict=True)]


def lines(frame: pl.DataFrame) -> list[Line]:
    return [line(row) for row in frame.iter_rows(named=True)]


def line(row: dict[str, Any]) -> Line:
    return {name: utc_text(value) if isinstance(value, datetime) else text(value) for name, value in row.items()}
