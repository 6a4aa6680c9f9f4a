"""Periods as people read them, by hand, and which of them are not over."""

import polars as pl
import pytest

from store_uptime.pipeline import Period
from store_uptime.service.page.humanize import format_period
from store_uptime.service.page.models.periods import clocks_of
from store_uptime.service.page.period_words import format_period_name, state_words
from store_uptime.service.page.templates import with_code
from tests.support.period_reports import PERIODS, made


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("2024-03-10", "Sun 10 Mar 2024"),
        ("2024-03-10T05", "Sun 10 Mar 2024, 05:00"),
        ("2024-W10", "week of Mon 4 Mar 2024"),
        ("2024-03", "Mar 2024"),
        ("2024-Q1", "Q1 2024"),
        ("2024", "2024"),
        ("2024-02-20/2024-03-20", "Tue 20 Feb 2024 – Tue 19 Mar 2024"),
        ("2024-03-09T09:43:00Z/2024-03-10T05:00:00Z", "Sat 9 Mar 2024, 09:43 – Sun 10 Mar 2024, 05:00 UTC"),
    ],
)
def test_a_period_has_a_name_for_people(name: str, words: str) -> None:
    assert format_period_name(name) == words


def test_what_is_not_over_says_so() -> None:
    states = made().period_states()
    assert [state_words(state, start, made().now_us) for _, start, _, state in states.iter_rows()] == [
        "provisional",
        "running",
    ]
    assert state_words("running", made().now_us, made().now_us) == "not yet"


def test_clocks_whose_periods_have_names_of_their_own_are_counted() -> None:
    assert clocks_of(PERIODS) == 1
    assert clocks_of(PERIODS.with_columns(period=pl.format("{}/{}", "start_us", "end_us"))) == 2


def test_a_period_until_now_says_so() -> None:
    assert format_period(Period("7d", by="week")) == "7 days until now by week"


def test_backticks_are_code_and_nothing_else_is_markup() -> None:
    assert with_code("With `a<b` and <b>") == "With <code>a&lt;b</code> and &lt;b&gt;"
