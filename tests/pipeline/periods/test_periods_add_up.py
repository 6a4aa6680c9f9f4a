"""What holds of every report by periods, whatever the reference says: its figures are integrals over time."""

from dataclasses import replace
from datetime import timedelta

import polars as pl
from hypothesis import assume, given, strategies as st

from store_uptime.pipeline import PeriodReport
from tests.support.cases import Case
from tests.support.period_worlds import period_worlds
from tests.support.pipeline_cases import periods_of
from tests.support.profiles import examples
from tests.support.reference import EPOCH
from tests.support.reference_periods import instant_text

SUMS = (
    *("business_us", "uptime_us", "downtime_us", "unknown_us", "excused_us"),
    *("polls", "downtime_least_us", "downtime_most_us"),
)
SUMS_OF_GROUPS = tuple(name for name in SUMS if name != "polls")
FIGURES = (*SUMS, "outages", "longest_outage_us")
CUTS = st.sampled_from(["hour", "day", "day", "week", "month"])


def asked(case: Case, **options: object) -> Case:
    """The world with other options; those that are None are left out."""
    changed = case.options | options
    return replace(case, options={name: value for name, value in changed.items() if value is not None})


def between(case: Case, start_us: int, end_us: int) -> Case:
    return asked(case, period=f"{instant_text(start_us)}/{instant_text(end_us)}", by=None)


def sums(*reports: PeriodReport) -> dict[str, dict[str, int]]:
    """The figures of each store over all periods."""
    rows = pl.concat(report.exact for report in reports).group_by("store_id", maintain_order=True)
    return {row.pop("store_id"): row for row in rows.agg(pl.col(SUMS).sum()).iter_rows(named=True)}


def rows_of(report: PeriodReport) -> dict[tuple[str, str, int], dict[str, int | None]]:
    """The figures of final periods."""
    final = report.exact.filter(state="final").iter_rows(named=True)
    return {
        (row["store_id"], row["period"], row["start_us"]): {figure: row[figure] for figure in FIGURES} for row in final
    }


@examples(4)
@given(period_worlds(), CUTS)
def test_the_parts_of_a_period_add_up_to_it_however_it_is_cut(case: Case, by: str) -> None:
    whole = periods_of(asked(case, by=None))
    assume(not whole.exact.is_empty())
    assert sums(periods_of(asked(case, by=by))) == sums(whole)


@examples(3)
@given(period_worlds(), st.data())
def test_the_parts_before_and_after_any_instant_add_up_too(case: Case, data: st.DataObject) -> None:
    ends = periods_of(asked(case, by=None)).exact.select(pl.col("start_us").min(), pl.col("end_us").max()).row(0)
    assume(ends[0] is not None)
    start_us, end_us = ends
    middle_us = data.draw(st.integers(start_us + 1, end_us - 1))
    first, second = (periods_of(between(case, *both)) for both in ((start_us, middle_us), (middle_us, end_us)))
    assert sums(first, second) == sums(periods_of(between(case, start_us, end_us)))


@examples(3)
@given(period_worlds(), st.sampled_from([1, 3_600_000_000, 40 * 86_400_000_000]))
def test_a_final_figure_is_the_same_whenever_it_is_asked_for(case: Case, later_us: int) -> None:
    assume(case.options["period"][:4].isdigit())  # names such as yesterday are other dates then
    first = rows_of(periods_of(case))
    later = asked(
        case, now=instant_text((case.now - EPOCH + timedelta(microseconds=later_us)) // timedelta(microseconds=1))
    )
    second = rows_of(periods_of(later))
    assert first.keys() <= second.keys()
    assert {key: second[key] for key in first} == first


@examples(4)
@given(period_worlds(), st.data())
def test_a_figure_is_the_same_with_whatever_else_it_is_asked_for(case: Case, data: st.DataObject) -> None:
    rows = periods_of(case).exact.rows(named=True)
    assume(rows)
    row = data.draw(st.sampled_from(rows))
    (alone,) = (
        periods_of(between(case, row["start_us"], row["end_us"]))
        .exact.filter(store_id=row["store_id"])
        .rows(named=True)
    )
    assert {figure: alone[figure] for figure in FIGURES} == {figure: row[figure] for figure in FIGURES}


@examples(4)
@given(period_worlds(), st.data())
def test_a_store_has_the_same_figures_alone_as_in_the_whole(case: Case, data: st.DataObject) -> None:
    store_id = data.draw(st.sampled_from(["a", "b"]))
    whole = periods_of(case).exact.filter(store_id=store_id)
    assume(not whole.is_empty())
    assert periods_of(case, store=store_id).exact.equals(whole)


@examples(4)
@given(period_worlds())
def test_groups_add_up_to_the_total_and_least_and_most_bound_what_was_down(case: Case) -> None:
    report = periods_of(case)
    counts = ("stores", "stores_open", "stores_unknown", "outages", *SUMS_OF_GROUPS)
    of_stores = report.rollup(["store_id"]).group_by("period").agg(pl.col(counts).sum()).sort("period")
    assert of_stores.rows() == report.total.sort("period").select("period", *counts).rows()
    bounds = report.exact.select(
        "downtime_least_us", pl.col("downtime_us").fill_null(0), "downtime_most_us"
    ).drop_nulls()
    assert all(least <= down <= most for least, down, most in bounds.iter_rows())
