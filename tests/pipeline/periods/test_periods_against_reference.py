"""Every figure of a report by periods against the plain reference, on made-up worlds; and what holds by itself."""

import pytest
from hypothesis import given, settings

from tests.support.cases import Answers, Case, Line, by_reference
from tests.support.period_worlds import as_case, period_worlds
from tests.support.pipeline_cases import by_pipeline
from tests.support.profiles import examples


def keyed(view: str, rows: list[Line], by: list[str]) -> dict[tuple[str, ...], Line]:
    """The rows by what tells them apart."""
    keys = {
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
    found = differences(by_reference(case), by_pipeline(case), case.group_by)
    if found:
        pytest.fail("\n".join([*found, as_case(case)]), pytrace=False)


@examples(20)
@given(period_worlds())
def test_every_figure_is_that_of_the_reference(case: Case) -> None:
    compare(case)


@pytest.mark.long
@settings(examples(20), derandomize=False)
@given(period_worlds())
def test_every_figure_is_that_of_the_reference_in_other_worlds_each_time(case: Case) -> None:
    compare(case)
