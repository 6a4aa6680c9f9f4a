"""The steps of a run: words for people, codes for programs."""

import pytest

from store_uptime.pipeline import Step, step_of


@pytest.mark.parametrize("step", Step)
def test_the_words_of_a_step_lead_back_to_it(step: Step) -> None:
    assert step_of(step.words) is step_of(step.with_counts(stores=1_200, polls=3)) is step


def test_counts_are_part_of_the_words() -> None:
    assert Step.WRITING.with_counts(rows=1_200) == "writing (rows: 1,200)"


def test_a_run_that_has_said_nothing_yet_is_about_to_read() -> None:
    assert step_of("starting") is Step.READING
