"""What the pipeline says of the cases of docs/cases, in the same words as tests/support/cases.py."""

import json
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, Literal

import polars as pl

from store_uptime.pipeline import Frames, Options, Period, PeriodReport, build_periods, build_report
from tests.support.cases import Answers, Case, Line, all_cases, text, utc_text
from tests.support.reference import RawRow, RawRows
from tests.support.reference_periods import RELATIVE, Tables

COLUMNS = {
    "store_status": ("store_id", "timestamp_utc", "status"),
    "menu_hours": ("store_id", "day_of_week", "start_time_local", "end_time_local"),
    "timezones": ("store_id", "timezone_str"),
}


VIEWS = ("stores", "zones", "outages", "groups", "profile")
MORE: tuple[Literal["profile", "outages"], ...] = ("profile", "outages")
"""What a report by periods has only where it is wanted."""


def frame(rows: RawRows, needed: tuple[str, ...]) -> pl.DataFrame:
    columns = dict.fromkeys([*needed, *(name for row in rows for name in row)])
    return pl.DataFrame([dict(row) for row in rows], schema=dict.fromkeys(columns, pl.String))


def source_of(tables: Tables) -> Frames:
    polls, hours, zones = (
        frame(rows, needed)
        for rows, needed in zip((tables.polls, tables.hours, tables.zones), COLUMNS.values(), strict=True)
    )
    return Frames(polls, hours, zones, stores=None if tables.stores is None else frame(tables.stores, ("store_id",)))


def by_pipeline(case: Case, views: Collection[str] = VIEWS) -> Answers:
    """views: the tables that are wanted; of the plain report there is one."""
    if case.is_by_periods:
        return answers(periods_of(case, views=views), case.group_by, views)
    report = build_report(source_of(case.tables), Options(now=case.now, max_gap=case.max_gap))
    rows = zip(report.exact.iter_rows(named=True), report.extended.iter_rows(named=True), strict=True)
    return {"windows": [line(exact | extended) for exact, extended in rows]}


def one_report_of_many(case: Case) -> Answers:
    """The same, where cases that have the same options share one report, unless they are about all of its stores.

    A store has the same figures alone as among all, and a report costs far more than a store.
    """
    if not is_of_single_stores(case):
        return by_pipeline(case, tuple(case.expected))
    name = f"{case.name} "
    return {
        view: [
            row | {"store_id": row["store_id"].removeprefix(name)} for row in rows if row["store_id"].startswith(name)
        ]
        for view, rows in together(json.dumps(case.options)).items()
    }


def is_of_single_stores(case: Case) -> bool:
    relative = case.options.get("period") in RELATIVE
    return not relative and case.tables.stores is None and not {"groups", "profile"} & case.expected.keys()


@cache
def together(options: str) -> Answers:
    """All cases of single stores with these options as one; the name of each is before the ids of its stores."""
    cases = [case for case in all_cases().values() if is_of_single_stores(case) and json.dumps(case.options) == options]

    def joined(rows: Callable[[Tables], RawRows]) -> list[RawRow]:
        return [{**row, "store_id": f"{case.name} {row['store_id']}"} for case in cases for row in rows(case.tables)]

    tables = Tables(joined(lambda of: of.polls), joined(lambda of: of.hours), joined(lambda of: of.zones))
    return by_pipeline(replace(cases[0], tables=tables), {view for case in cases for view in case.expected})


def periods_of(case: Case, store: str | None = None, views: Collection[str] = VIEWS) -> PeriodReport:
    name, start, end = case.ends
    period = Period(name, start, end, case.options.get("on"), case.options.get("by"))
    return build_periods(
        source_of(case.tables),
        period,
        Options(case.now, store, case.max_gap, period=period, group_by=case.group_by),
        tables=[view for view in MORE if view in views],
        split_at_closing=case.options.get("split_at_closing", False),
    )


def answers(report: PeriodReport, by: list[str], views: Collection[str]) -> Answers:
    """The tables of a report, each row once as it is written and once in microseconds."""
    tables = {
        "stores": lambda: both(report.exact, report.table()),
        "zones": lambda: lines(report.stores.select("store_id", "zone")),
        "outages": lambda: lines(report.outages_table()),
        "groups": lambda: both(report.rollup(by), report.rollup_table(by)),
        "profile": lambda: [row for row in lines(report.profile_table()) if row["business"]],
    }
    return {view: tables[view]() for view in views}


def both(exact: pl.DataFrame, as_written: pl.DataFrame) -> list[Line]:
    return [one | other for one, other in zip(lines(exact), lines(as_written), strict=True)]


def lines(frame: pl.DataFrame) -> list[Line]:
    return [line(row) for row in frame.iter_rows(named=True)]


def line(row: dict[str, Any]) -> Line:
    return {name: utc_text(value) if isinstance(value, datetime) else text(value) for name, value in row.items()}
