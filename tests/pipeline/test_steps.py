"""The steps of a run: words for people, codes for programs."""

import pytest

from store_uptime.pipeline import Step, step_of


@pytest.mark.parametrize("step", Step)
def test_the_words_of_a_step_lead_back_to_it(step: Step) -> None:
    assert step_of(step.words) is step_of(step.with_counts(stores=1_200, polls=3)) is step


def test_counts_are_part_of_the_words() -> None:
    assert Step.WRITING.with_counts(rows=1_200) == "writing (rows: 1,200)"


def test_callers_are_told_no_address_of_a_dashboard() -> None:
    step = Step.READING.with_counts(percent=40, tasks=1_200, dashboard="http://scheduler:8787/status")
    assert step == "reading polls, hours and zones (percent: 40, tasks: 1,200, dashboard: http://scheduler:8787/status)"
    assert step.for_callers == "reading polls, hours and zones (percent: 40, tasks: 1,200)"
    assert step.percent == 40


def test_a_run_that_has_said_nothing_yet_is_about_to_read() -> None:
    assert step_of("starting") is Step.READING
