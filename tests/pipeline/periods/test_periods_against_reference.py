"""Every figure of a report by periods against the plain reference, on made-up worlds; and what holds by itself."""

from dataclasses import replace

import pytest
from hypothesis import assume, given

from store_uptime.pipeline.errors import BadPeriod
from tests.support.cases import Answers, Case, Line, by_reference
from tests.support.period_worlds import as_case, period_worlds
from tests.support.pipeline_cases import by_pipeline
from tests.support.profiles import examples


def keyed(view: str, rows: list[Line], by: list[str]) -> dict[tuple[str, ...], Line]:
    """The rows by what tells them apart."""
    keys = {
        "windows": ("store_id",),
        "zones": ("store_id",),
        "stores": ("store_id", "period", "start_utc"),
        "outages": ("start_utc", "store_id", "end_utc"),
        "groups": (*by, "period"),
        "profile": (*by, "weekday", "hour"),
    }[view]
    return {tuple(row[key] for key in keys): row for row in rows}


def differences(expected: Answers, found: Answers, by: list[str]) -> list[str]:
    """One line for each row or figure that is not the same."""
    lines: list[str] = []
    for view, rows in expected.items():
        ours, theirs = keyed(view, rows, by), keyed(view, found[view], by)
        lines += [f"{view} {key}: only in the reference: {ours[key]}" for key in ours.keys() - theirs.keys()]
        lines += [f"{view} {key}: only in the pipeline: {theirs[key]}" for key in theirs.keys() - ours.keys()]
        lines += [
            f"{view} {key}: {name}: reference {value!r}, pipeline {theirs[key].get(name)!r}"
            for key in ours.keys() & theirs.keys()
            for name, value in ours[key].items()
            if value != theirs[key].get(name, value if name.endswith("_us") else None)
        ]
        if view in ("stores", "outages") and not lines and list(ours) != list(theirs):
            lines.append(f"{view}: in another order")
    return lines


def compare(case: Case) -> None:
    expected = by_reference(case)
    if expected.get("stores") == []:  # a date that the zones of all stores have left out
        with pytest.raises(BadPeriod, match="no instant"):
            by_pipeline(case)
        return
    found = differences(expected, by_pipeline(case), case.group_by)
    if found:
        pytest.fail("\n".join([*found, as_case(case)]), pytrace=False)


def of_three_windows(case: Case) -> Case:
    """The same world under the options of the plain report."""
    options = {name: value for name, value in case.options.items() if name in ("now", "max_gap")}
    return replace(case, options=options, expected={"windows": []})


@examples(14)
@given(period_worlds())
def test_every_figure_is_that_of_the_reference(case: Case) -> None:
    compare(case)


@examples(5)
@given(period_worlds())
def test_the_three_windows_obey_dates_of_hours_and_zones(case: Case) -> None:
    windows = of_three_windows(case)
    assume(by_reference(windows)["windows"])
    compare(windows)
