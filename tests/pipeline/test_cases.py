"""The cases of docs/cases, held against the plain reference and against the pipeline."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cases import Answers, Case, all_cases, by_reference, differences
from tests.support.pipeline_cases import one_report_of_many

CASES = all_cases()
SEMANTICS = (Path(__file__).parents[2] / "docs" / "semantics.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("engine", [by_reference, one_report_of_many])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_figures_are_those_of_the_case(engine: Callable[[Case], Answers], case: Case) -> None:
    found = differences(case, engine(case))
    assert not found, "\n".join([case.name, f"{case.section}: {case.words}", *found])


def test_every_case_has_the_words_of_its_rule() -> None:
    text = " ".join(SEMANTICS.split())
    sections = [line.lstrip("#").strip() for line in SEMANTICS.splitlines() if line.startswith("#")]
    assert [name for name, case in CASES.items() if case.words not in text or case.section not in sections] == []
