"""What /trends draws: points and their axes, gaps, what cannot be told apart, and the days of groups."""

import json
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from store_uptime.pipeline import Options
from store_uptime.service.page.charts import Axis, TimeSpan, plotted, runs, thinned, time_ticks, value_axis
from store_uptime.service.page.models.groups import Incident, day_cell, incident_x, marks_of, tree_rows
from store_uptime.service.page.models.trends import KeptSummary, trends
from store_uptime.service.page.views.trends import with_same_options
from store_uptime.service.registry.reports import SummaryRow

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday


def hours(*numbers: float) -> list[datetime]:
    return [START + timedelta(hours=number) for number in numbers]


# Charts ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instants", "joined"),
    [
        ([], []),
        (hours(0), [[0]]),
        (hours(0, 1, 2, 5), [[0, 1, 2, 3]]),  # three usual distances are none too many
        (hours(0, 1, 2, 5.1, 6), [[0, 1, 2], [3, 4]]),
        (hours(0, 24), [[0, 1]]),
        (hours(0, 24, 48, 72, 72.02), [[0, 1, 2, 3, 4]]),  # made once more at once
        (hours(0, 24, 48, 72, *(72 + number / 100 for number in range(1, 9))), [list(range(12))]),
        (hours(0, 1, 2, 3, 9000), [[0, 1, 2, 3], [4]]),
    ],
)
def test_a_line_breaks_where_reports_are_missing(instants: list[datetime], joined: list[list[int]]) -> None:
    assert runs(instants) == joined


def test_a_line_breaks_at_what_is_not_known() -> None:
    chart = plotted(hours(0, 1, 2, 3, 4), [50, 100, None, 0, 50], str, Axis(0, 100, [(0, "0")]), 80)
    assert chart.lines == ["0,40 25,0", "75,80 100,40"]
    assert [mark and mark.said for mark in chart.marks] == ["0", "1", None, "3", "4"]
    assert chart.alone == []
    assert [mark.said for mark in plotted(hours(0, 1, 2, 9), [1, 2, None, 3], str, Axis(0, 4, []), 8).alone] == ["3"]
    assert [(tick.at, tick.label) for tick in chart.ticks] == [(80, "0")]


def test_of_points_in_one_place_the_lowest_is_drawn_and_the_newest_always() -> None:
    items = [(hour, (hour * 7) % 5) for hour in range(100)]
    kept = thinned(items, lambda item: START + timedelta(hours=item[0]), lambda item: item[1], 11)
    assert len(kept) == 11
    assert kept[-1] == items[-1]
    assert kept == sorted(kept)
    assert {rank for _, rank in kept[:-1]} == {0}
    assert thinned(items, lambda item: START + timedelta(hours=item[0]), lambda item: item[1], 100) == items


def test_reports_of_one_instant_are_one_place() -> None:
    assert thinned([3, 1, 2], lambda _: START, float, 2) == [1, 2]


@pytest.mark.parametrize(
    ("values", "least", "highest", "labels"),
    [
        ([93.8, 95.0], 1.0, 100.0, ["93.5", "94.0", "94.5", "95.0"]),
        ([99.99, 100.0], 1.0, 100.0, ["99.0", "99.5", "100.0"]),
        ([0.0, 6.0], 4.0, float("inf"), ["0", "2", "4", "6"]),
        ([0.0, 0.0], 4.0, float("inf"), ["0", "2", "4"]),
        ([0.0, 1234.0], 4.0, float("inf"), ["0", "500", "1,000", "1,500"]),
        ([], 1.0, 100.0, ["0.0", "0.5", "1.0"]),
        ([0.0, 100.0], 1.0, 100.0, ["0", "50", "100"]),
    ],
)
def test_values_have_round_labels(values: list[float], least: float, highest: float, labels: list[str]) -> None:
    axis = value_axis(values, least, 0.0, highest)
    assert [label for _, label in axis.labels] == labels
    assert all(axis.low <= value <= axis.high for value in values)


@pytest.mark.parametrize(
    ("length", "labels"),
    [
        (timedelta(hours=5), ["Mon 2", "01:00", "02:00", "03:00", "04:00", "05:00"]),
        (timedelta(days=7), ["Mon 2", "Tue 3", "Wed 4", "Thu 5", "Fri 6", "Sat 7", "Sun 8", "Mon 9"]),
        (timedelta(days=30), ["2 Mar", "9 Mar", "16 Mar", "23 Mar", "30 Mar"]),
        (timedelta(days=150), ["Apr 2026", "May 2026", "Jun 2026", "Jul 2026"]),
    ],
)
def test_times_have_round_labels(length: timedelta, labels: list[str]) -> None:
    ticks = time_ticks(TimeSpan(START, START + length))
    assert [tick.label for tick in ticks] == labels
    assert all(0 <= tick.at <= 100 for tick in ticks)


# Reports --------------------------------------------------------------------------------------------------------------


def kept(name: str, now: datetime, percent: float | None, **groups: float | None) -> KeptSummary:
    """A report; groups: the uptime by city."""
    figures = {"uptime_percent_day": percent, "uptime_percent_week": percent, "coverage_percent_week": 99.0}
    counts = {"stores": 10, "open": 8, "down": 2}
    cities = {
        city: counts | figures | {"uptime_percent_week": each, "uptime_percent_day": each}
        for city, each in groups.items()
    }
    summary = {"now": now.isoformat(), **counts, "unknown": 0, **figures, "groups": {"city": cities}}
    return KeptSummary(name, 0, json.dumps(summary).encode())


def test_groups_stand_worst_first_with_their_change_in_a_week() -> None:
    reports = [
        kept("now", START, 95.0, Rome=97.0, Bonn=93.25, Oslo=None),
        kept("earlier", START - timedelta(days=1), 96.0, Rome=96.0, Bonn=95.0),
        kept("before", START - timedelta(days=7), 96.0, Rome=96.5),
    ]
    found = trends(reports, reports[2], "week", "7", "")
    assert [(group.value, group.newest, group.change) for group in found.groups] == [
        ("Bonn", 93.25, None),
        ("Rome", 97.0, 0.5),
        ("Oslo", None, None),
    ]
    assert found.groups[1].said == "from 96.50 % to 97.00 %"
    assert found.charts
    assert [mark and mark.said for mark in found.charts.down.marks] == 3 * ["2 of 8 open stores down, 25.00 %"]
    assert [mark and mark.x for mark in found.charts.uptime.marks] == [0, 85.71, 100]


def test_a_range_has_what_is_no_older_than_the_newest_report_by_more() -> None:
    reports = [kept(str(day), START - timedelta(days=day), 95.0) for day in (0, 7, 8, 30, 31)]
    assert [trends(reports, None, "week", days, "").reports for days in ("7", "30", "all")] == [2, 4, 5]


def test_one_report_is_no_chart() -> None:
    assert trends([kept("now", START, 95.0, Rome=97.0)], None, "week", "all", "").charts is None


# Groups by day --------------------------------------------------------------------------------------------------------

MONDAY = date(2026, 3, 2)


def days(*rows: tuple[object, ...], by: tuple[str, ...] = ()) -> pl.DataFrame:
    """Rows of `pipeline.group_days`: values, open and down minutes on a Monday, uptime of the week."""
    names = (*by, "open_minutes", "down_minutes", "uptime_percent_week")
    table = pl.DataFrame(rows, schema=names, orient="row")
    more = {"stores": 2, "open_now": 2, "down_now": 1, "date": MONDAY, "unknown_minutes": 0, "uptime_percent": 50.0}
    return table.with_columns(pl.lit(value).alias(name) for name, value in more.items())


def test_groups_are_a_tree_with_the_worst_first_in_each() -> None:
    found = [
        days((400, 100, 74.99)),
        days(("a", 200, 10, 95.0), ("b", 200, 90, 55.0), by=("brand",)),
        days(
            *[("a", "x", 100, 0, 100.0), ("a", "y", 100, 10, 90.0)],
            *[("b", "x", 0, 0, None), ("b", "y", 200, 90, 55.0)],
            by=("brand", "city"),
        ),
    ]
    rows = tree_rows(found, [MONDAY])
    assert [(row.key, row.parent, row.percent) for row in rows] == [
        ((), None, 74.99),
        (("b",), 0, 55.0),
        (("b", "y"), 1, 55.0),
        (("b", "x"), 1, None),
        (("a",), 0, 95.0),
        (("a", "y"), 4, 90.0),
        (("a", "x"), 4, 100.0),
    ]
    assert [row.days[0].shape for row in rows[2:4]] == ["level-5", "closed"]


@pytest.mark.parametrize(
    ("open_minutes", "down", "unknown", "shape", "height"),
    [
        (0, 0, 0, "closed", 0),
        (60, 0, 60, "unknown", 10),
        (60, 0, 0, "level-0", 0),
        (6000, 1, 0, "level-1", 2),
        (1000, 10, 0, "level-1", 4),
        (100, 25, 0, "level-5", 20),
        (100, 100, 0, "level-5", 20),
        (100, 25, 50, "level-5", 20),
    ],
)
def test_a_day_is_the_higher_the_more_of_it_was_down(
    open_minutes: int, down: int, unknown: int, shape: str, height: int
) -> None:
    row = {"open_minutes": open_minutes, "down_minutes": down, "unknown_minutes": unknown, "uptime_percent": 50}
    cell = day_cell(0, MONDAY, row)
    assert (cell.shape, cell.height) == (shape, height)
    assert cell.said.startswith("Mon 2 Mar: ")


def test_marks_that_would_cover_each_other_are_one() -> None:
    def incident(number: int, x: float | None) -> Incident:
        return Incident(number, "city", "Rome", START, START, 5, 10, 50.0, x, {})

    marks = marks_of([incident(1, 50.0), incident(2, 20.0), incident(3, 49.5), incident(4, None)])
    assert [(mark.at, mark.label) for mark in marks] == [(20.0, "2"), (49.5, "1, 3")]
    assert incident_x(START + timedelta(hours=12), [MONDAY, MONDAY + timedelta(days=1)]) == 25.0


# Options --------------------------------------------------------------------------------------------------------------


def test_reports_with_other_options_are_no_points() -> None:
    def row(name: str, max_gap: str | None) -> SummaryRow:
        options = Options(max_gap=max_gap).to_dict() | {"columns": "plain"}
        return SummaryRow(name, START, START, None, [], options, None, has_lanes=True)  # type: ignore[arg-type]

    rows = [row("tried", "1h"), row("newest", None), row("older", None)]
    assert [each.id for each in with_same_options(rows, rows[1].options)] == ["newest", "older"]
    assert with_same_options(rows, rows[0].options) == rows[:1]
