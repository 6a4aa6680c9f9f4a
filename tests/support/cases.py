"""The cases of docs/cases, and what the plain reference says of each: docs/cases/README.md is their format."""

import csv
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast

from tests.support.reference import EPOCH, HOUR, LENGTHS, UNITS, RawRow, Row, reference_report, written
from tests.support.reference_periods import (
    Cell,
    GroupRow,
    Outage,
    PeriodRow,
    Tables,
    Wanted,
    instant_text,
    reference_periods,
)

FOLDER = Path(__file__).parents[2] / "docs" / "cases"
Line = dict[str, str]
Answers = dict[str, list[Line]]
"""The rows of each view, all columns as text; `_us` columns are whole microseconds."""


@dataclass(frozen=True)
class Case:
    """One rule on four small tables, under the options of a report."""

    name: str
    section: str
    words: str
    tables: Tables
    options: dict[str, Any]
    expected: Answers

    @property
    def is_by_periods(self) -> bool:
        return "windows" not in self.expected

    @property
    def now(self) -> datetime:
        return datetime.fromisoformat(self.options["now"])

    @property
    def max_gap(self) -> timedelta | None:
        text = self.options.get("max_gap")
        return None if text is None else timedelta(microseconds=int(text[:-1]) * LENGTHS[text[-1]])

    @property
    def group_by(self) -> list[str]:
        return self.options.get("group_by", [])

    @property
    def ends(self) -> tuple[str | None, str | None, str | None]:
        """Name, start and end of the period."""
        name = self.options.get("period")
        if name is not None and "/" in name:
            start, _, end = name.partition("/")
            return None, start, end
        return name, self.options.get("from"), self.options.get("to")


def rows_of(lines: list[str]) -> list[Line]:
    return list(csv.DictReader(lines))


def case_of(plain: dict[str, Any]) -> Case:
    polls, hours, zones, stores = (
        cast("list[RawRow]", rows_of(plain.get(table, [])))
        for table in ("store_status", "menu_hours", "timezones", "stores")
    )
    return Case(
        plain["name"],
        plain["rule"]["section"],
        plain["rule"]["words"],
        Tables(polls, hours, zones, stores if "stores" in plain else None),
        plain["options"],
        {view: rows_of(lines) for view, lines in plain["expected"].items()},
    )


@cache
def all_cases() -> dict[str, Case]:
    """Every case of every file, by file and name."""
    return {
        f"{path.stem}: {plain['name']}": case_of(plain)
        for path in sorted(FOLDER.glob("*.json"))
        for plain in json.loads(path.read_text(encoding="utf-8"))
    }


def differences(case: Case, found: Answers) -> list[str]:
    """Each view whose rows, in the columns that the case names, are not the expected ones, with both."""
    lines: list[str] = []
    for view, expected in case.expected.items():
        columns = list(expected[0])
        rows = [{column: row.get(column, "(no such column)") for column in columns} for row in found[view]]
        same = sorted if view in ("groups", "profile") else list  # those two come in any order
        if same(map(values, rows)) != same(map(values, expected)):
            lines += [f"{view}: expected", *map(str, expected), f"{view}: found", *map(str, rows)]
    return lines


def values(row: Line) -> list[str]:
    return list(row.values())


# The reference --------------------------------------------------------------------------------------------------------


def text(value: object) -> str:
    return {None: "", True: "true", False: "false"}[value] if value is None or isinstance(value, bool) else str(value)


def lengths(**figures: int | None) -> Line:
    """Lengths as hours with two decimals, and in microseconds."""
    exact = {f"{name}_us": text(value) for name, value in figures.items()}
    return exact | {name: written(value, HOUR) for name, value in figures.items()}


def by_reference(case: Case) -> Answers:
    if not case.is_by_periods:
        tables = case.tables
        rows = reference_report(tables.polls, tables.hours, tables.zones, now=case.now, max_gap=case.max_gap)
        return {"windows": [window_line(row) for row in rows]}
    name, start, end = case.ends
    split = case.options.get("split_at_closing", False)
    wanted = Wanted(
        name, start, end, case.options.get("on"), case.options.get("by"), case.now, case.max_gap, split_at_closing=split
    )
    answer = reference_periods(case.tables, wanted)
    by = case.group_by
    return {
        "stores": [store_line(row) for row in answer.rows],
        "zones": [{"store_id": store.store_id, "zone": store.zone} for store in answer.stores],
        "outages": [outage_line(outage) for outage in answer.outages],
        "groups": [group_line(by, row) for row in answer.rollup(by)],
        "profile": [
            dict(zip(by, values, strict=True)) | cell_line(weekday, hour, cell)
            for (values, weekday, hour), cell in answer.profile(by).items()
        ],
    }


def window_line(row: Row) -> Line:
    line = {
        "store_id": row.store_id,
        "last_poll_utc": instant_text(row.last_poll_us),
        "last_status": row.last_status,
        "timezone": row.timezone,
        "always_open": text(row.always_open),
    }
    for name, window in row.windows.items():
        figures = {"uptime": window.up, "downtime": window.down, "unknown": window.unknown, "business": window.business}
        line |= {f"{figure}_last_{name}": written(value, UNITS[name]) for figure, value in figures.items()}
        line |= {f"{figure}_last_{name}_us": text(value) for figure, value in figures.items()}
        line |= {f"polls_last_{name}": text(window.polls), f"uptime_percent_last_{name}": window.percent}
    return line


def store_line(row: PeriodRow) -> Line:
    return {
        "store_id": row.store_id,
        "period": row.period,
        "start_utc": instant_text(row.start),
        "end_utc": instant_text(row.end),
        "state": row.state,
        "uptime_percent": row.uptime_percent,
        "coverage_percent": row.coverage_percent,
        "polls": text(row.polls),
        "outages": text(row.outages),
        **lengths(
            business=row.business,
            uptime=row.uptime,
            downtime=row.downtime,
            unknown=row.unknown,
            excused=row.excused,
            longest_outage=row.longest_outage,
            downtime_least=row.downtime_least,
            downtime_most=row.downtime_most,
        ),
    }


def outage_line(outage: Outage) -> Line:
    return {
        "store_id": outage.store_id,
        "start_utc": instant_text(outage.start),
        "end_utc": instant_text(outage.end),
        "start_local": outage.start_local,
        "end_local": outage.end_local,
        "ends": outage.ends,
        "starts_because": outage.starts_because,
        "polls": text(outage.polls),
        "first_poll_utc": "" if outage.first_poll is None else instant_text(outage.first_poll),
        "last_poll_utc": "" if outage.last_poll is None else instant_text(outage.last_poll),
        "reason": text(outage.reason),
        **lengths(
            business_hours=outage.business,
            elapsed_hours=outage.elapsed,
            least_hours=outage.least,
            most_hours=outage.most,
            excused_hours=0,
        ),
    }


def group_line(by: list[str], row: GroupRow) -> Line:
    return {
        **dict(zip(by, row.values, strict=True)),
        "period": row.period,
        "stores": text(row.stores),
        "stores_open": text(row.stores_open),
        "stores_unknown": text(row.stores_unknown),
        "uptime_percent": row.uptime_percent,
        "coverage_percent": row.coverage_percent,
        "outages": text(row.outages),
        "store_median_percent": row.store_median_percent,
        "worst_store": text(row.worst_store),
        **lengths(
            business=row.business,
            uptime=row.uptime,
            downtime=row.downtime,
            unknown=row.unknown,
            excused=row.excused,
            downtime_least=row.downtime_least,
            downtime_most=row.downtime_most,
        ),
    }


def cell_line(weekday: int, hour: int, cell: Cell) -> Line:
    return {
        "weekday": text(weekday),
        "hour": text(hour),
        "outages_begun": text(cell.outages_begun),
        "down_percent": cell.down_percent,
        **lengths(business=cell.business, downtime=cell.downtime, unknown=cell.unknown),
    }


def utc_text(value: datetime | None) -> str:
    """An instant as cases have it."""
    return "" if value is None else instant_text((value - EPOCH) // timedelta(microseconds=1))
