"""The summary that is kept beside a report has the figures of the report and of its overview."""

import json
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from store_uptime.pipeline import Report, Selection, build_report, overview, select, summary
from tests.support.weeks import FEED, five_stores

PERCENTS = ("uptime_percent_day", "uptime_percent_week", "coverage_percent_week")


def plain(report: Report) -> dict[str, Any]:
    return json.loads(summary(report))


def figures(values: dict[str, Any]) -> list[float | None]:
    return [values[name] for name in PERCENTS]


def test_it_has_the_figures_of_the_overview() -> None:
    report = five_stores()
    found, seen = plain(report), overview(report)
    assert found["now"] == "2024-10-14T12:00:00Z"
    assert [found[name] for name in ("stores", "open", "down", "unknown")] == [5, 3, 2, 1]
    assert figures(found) == [7.89, 8.21, 98.48]
    assert figures(found) == [seen.day.uptime_percent, seen.week.uptime_percent, seen.week.coverage_percent]
    assert [str(report.uptime_percent(window)) for window in ("day", "week")] == ["7.89", "8.21"]


def test_it_has_those_of_each_value_of_each_attribute() -> None:
    groups = plain(five_stores())["groups"]
    assert {name: list(values) for name, values in groups.items()} == {
        "brand": ["(none)", "North"],
        "date": ["(none)", "x", "y"],
        "zone": ["Asia/Kolkata", "UTC"],
    }
    north = groups["brand"]["North"]
    # a and b: up 1 h + 2 h, down 1 h + 10 h; in the week up 2 h + 14 h, down 11 h
    assert [north[name] for name in ("stores", "open", "down")] == [2, 1, 1]
    assert figures(north) == [21.43, 59.26, 100.0]


@pytest.mark.parametrize(
    ("name", "value", "criteria"),
    [
        ("brand", "North", Selection(only=(("brand", ("North",)),))),
        ("brand", "(none)", Selection(only=(("brand", ("",)),))),
        ("zone", "UTC", Selection(zone="UTC")),
    ],
)
def test_a_group_has_what_the_report_of_its_stores_has(name: str, value: str, criteria: Selection) -> None:
    found, of_group = plain(five_stores())["groups"][name][value], plain(select(five_stores(), criteria))
    assert found == {key: of_group[key] for key in found}


def test_an_attribute_of_more_values_than_anybody_compares_is_left_out() -> None:
    report = five_stores()
    ids = [f"{number}" for number in range(201)]
    many = pl.DataFrame({"store_id": ids, "name": ids, "sensor": ids, "half": [name[-1] for name in ids]})
    exact = pl.concat([report.exact[:1]] * 201).with_columns(pl.Series("store_id", ids))
    groups = plain(replace(report, exact=exact, attributes=many))["groups"]
    assert list(groups) == ["half", "zone"]


def test_without_a_store_it_has_no_percents() -> None:
    found = plain(select(five_stores(), Selection(search="nobody")))
    assert (found["stores"], figures(found)) == (0, [None] * 3)
    assert found["groups"] == {"brand": {}, "date": {}, "zone": {}}


def test_a_report_without_lanes_is_refused() -> None:
    with pytest.raises(ValueError, match="no lanes"):
        summary(build_report(FEED))
