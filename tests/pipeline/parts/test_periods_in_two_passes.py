"""A report by periods in two passes is that of one pass, byte for byte, however files, groups and ranges are cut."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, get_args

import pytest
from hypothesis import given, strategies as st

from store_uptime.pipeline import Cluster, Options, Period, PeriodReport, build_periods, write_sample
from store_uptime.pipeline.errors import StoreUptimeError
from store_uptime.pipeline.report.periods.period_report import View
from tests.pipeline.parts.test_two_passes import cut_somehow, feeds_of, in_order, written
from tests.support.cases import Case
from tests.support.feeds import HOURS, POLLS, ZONES, lines, written_feed
from tests.support.period_worlds import period_worlds
from tests.support.profiles import examples
from tests.support.reference import RawRow, RawRows

NOW = datetime(2026, 3, 10, 16, tzinfo=UTC)
MORE: tuple[Literal["profile", "outages"], ...] = ("profile", "outages")


def assert_equal(found: PeriodReport | str, expected: PeriodReport | str) -> None:
    if isinstance(expected, str) or isinstance(found, str):
        assert found == expected
        return
    assert found.exact.equals(expected.exact)
    assert found.stores.equals(expected.stores)
    assert (found.profile is None) == (expected.profile is None)  # it is left out where groups are not whole
    assert found.profile is None or found.profile_table().equals(expected.profile_table())
    assert found.outages_exact.equals(expected.outages_exact)
    assert found.quality == expected.quality
    assert found.notes == expected.notes
    assert found.about == expected.about
    assert found.rejects.keys() == expected.rejects.keys()
    assert all(found.rejects[name].equals(rows) for name, rows in expected.rejects.items())
    assert in_order(found.plan.intervals).equals(in_order(expected.plan.intervals))
    assert found.plan.stores.equals(expected.plan.stores)
    assert found.plan.not_observed.equals(expected.plan.not_observed)
    assert found.plan.observed_ids == expected.plan.observed_ids


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, stores=60, days=20)
    return folder


SEVERAL_ZONES = Period("last-week", by="day")
ONE_ZONE = Period("2026-03-01/2026-03-09", on="Asia/Tokyo", by="day")


@pytest.mark.parametrize(
    ("period", "options", "split_at_closing", "part_polls"),
    [
        (SEVERAL_ZONES, Options(now=NOW, group_by=["city", "brand"]), False, 4_000),
        (
            ONE_ZONE,
            Options(now=NOW, max_gap="2h", only={"platform": ["app", "web"]}, group_by=["platform"]),
            True,
            8_000,
        ),
    ],
    ids=["by day", "of some stores in one zone"],
)
def test_every_file_of_a_sample(
    sample: Path, period: Period, options: Options, split_at_closing: bool, part_polls: int
) -> None:
    expected, found = (
        build_periods(sample, period, options, cluster=cluster, tables=MORE, split_at_closing=split_at_closing)
        for cluster in (None, Cluster("local", part_polls=part_polls))
    )
    assert expected.outages_exact.height > 20
    assert_equal(found, expected)
    for view in get_args(View):
        assert found.render(view, "csv") == expected.render(view, "csv")
        assert found.render(view, "json") == expected.render(view, "json")


def test_attributes_are_known_in_a_range_whose_stores_have_none(tmp_path: Path) -> None:
    rows = [f"{store},2026-03-09 1{hour}:00:00 UTC,inactive,why {hour}" for store in "abcd" for hour in range(2)]
    written_feed(
        tmp_path,
        polls=lines(f"{POLLS},reason", *rows),
        hours=lines(f"{HOURS},valid_from", "a,0,09:00,17:00,", "d,0,09:00,12:00,2026-03-10"),
        zones=lines(f"{ZONES},valid_to", "b,Asia/Tokyo,2026-03-09", "c,UTC,"),
        stores=lines("store_id,name,city", "a,A,Berlin", "a,A,Berlin", "a,Other,Bonn"),
        stores_1=lines("store_id,name,brand", "a,A,Inn", "z,Z,Inn"),
    )
    options = Options(now=NOW, group_by=["city", "brand"])
    expected, found = (
        build_periods(tmp_path, Period("2d", by="day"), options, cluster=cluster, tables=MORE)
        for cluster in (None, Cluster(part_polls=2))
    )
    assert_equal(found, expected)
    assert expected.profile_table().height == 3 * 168
    assert set(expected.outages_exact["reason"]) == {"why 0"}


# Made-up worlds -------------------------------------------------------------------------------------------------------


@st.composite
def described(draw: st.DrawFn, rows: RawRows) -> list[RawRow]:
    """The rows of a table `stores`, some of them repeated, some with another name, some without an attribute."""
    without_city = [{name: value for name, value in row.items() if name != "city"} for row in rows]
    others = [{**row, "name": "Another", "brand": "Inn"} for row in rows]
    return [*rows, *draw(st.lists(st.sampled_from([*rows, *without_city, *others]), max_size=4))]


def outcome(folder: Path, case: Case, options: Options, cluster: Cluster | None) -> PeriodReport | str:
    """The report, or the sentence of its error."""
    name, start, end = case.ends
    period, split = Period(name, start, end, case.options.get("on"), case.options.get("by")), "split_at_closing"
    try:
        return build_periods(
            folder, period, options, cluster=cluster, tables=MORE, split_at_closing=case.options.get(split, False)
        )
    except StoreUptimeError as error:
        return str(error)


@examples(5)
@given(data=st.data(), case=period_worlds())
def test_worlds_in_random_files_groups_and_ranges(data: st.DataObject, case: Case) -> None:
    tables = {"polls": case.tables.polls, "hours": case.tables.hours, "zones": case.tables.zones}
    options = Options(now=case.now, max_gap=case.max_gap, group_by=case.group_by)
    if case.tables.stores is not None:
        tables["stores"] = data.draw(described(case.tables.stores))
        options = replace(options, only=data.draw(st.sampled_from([(), (), (("city", ("Berlin", "")),)])))
    if data.draw(st.integers(0, 4)) == 0:
        options = replace(options, store=data.draw(st.sampled_from(["a", "b"])))
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as small:
        folder = Path(name)
        for table, file, kind, rows in data.draw(feeds_of(tables)):
            written(rows, table, folder / file, kind)
        expected = outcome(folder, case, options, None)
        assert_equal(outcome(folder, case, options, cut_somehow(data, small)), expected)
