"""What the pipeline says of the cases of docs/cases, in the same words as tests/support/cases.py."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

import polars as pl

from store_uptime.pipeline import Frames, Options, Period, PeriodReport, build_periods, build_report
from tests.support.cases import Answers, Case, Line, all_cases, text, utc_text
from tests.support.reference import RawRow, RawRows
from tests.support.reference_periods import Tables

COLUMNS = {
    "store_status": ("store_id", "timestamp_utc", "status"),
    "menu_hours": ("store_id", "day_of_week", "start_time_local", "end_time_local"),
    "timezones": ("store_id", "timezone_str"),
}


def frame(rows: RawRows, needed: tuple[str, ...]) -> pl.DataFrame:
    columns = dict.fromkeys([*needed, *(name for row in rows for name in row)])
    return pl.DataFrame([dict(row) for row in rows], schema=dict.fromkeys(columns, pl.String))


def source_of(tables: Tables) -> Frames:
    polls, hours, zones = (
        frame(rows, needed)
        for rows, needed in zip((tables.polls, tables.hours, tables.zones), COLUMNS.values(), strict=True)
    )
    return Frames(polls, hours, zones, stores=None if tables.stores is None else frame(tables.stores, ("store_id",)))


def by_pipeline(case: Case) -> Answers:
    if case.is_by_periods:
        return answers(periods_of(case), case.group_by)
    report = build_report(source_of(case.tables), Options(now=case.now, max_gap=case.max_gap))
    rows = zip(report.exact.iter_rows(named=True), report.extended.iter_rows(named=True), strict=True)
    return {"windows": [line(exact | extended) for exact, extended in rows]}


def one_report_of_many(case: Case) -> Answers:
    """The same, where cases of the three windows that have the same options share one report.

    A store has the same figures alone as among all, and a report costs far more than a store.
    """
    if case.is_by_periods:
        return by_pipeline(case)
    shared = together(json.dumps(case.options))
    name = f"{case.name} "
    return {
        "windows": [
            row | {"store_id": row["store_id"].removeprefix(name)}
            for row in shared["windows"]
            if row["store_id"].startswith(name)
        ]
    }


@cache
def together(options: str) -> Answers:
    """All cases of the three windows with these options as one; the name of each is before the ids of its stores."""
    cases = [case for case in all_cases().values() if not case.is_by_periods and json.dumps(case.options) == options]

    def joined(rows: Callable[[Tables], RawRows]) -> list[RawRow]:
        return [{**row, "store_id": f"{case.name} {row['store_id']}"} for case in cases for row in rows(case.tables)]

    tables = Tables(joined(lambda of: of.polls), joined(lambda of: of.hours), joined(lambda of: of.zones))
    return by_pipeline(replace(cases[0], tables=tables))


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
        "zones": lines(report.stores.select("store_id", "zone")),
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
