"""What a report by periods says: rows, roll-ups, profile and outages, from figures that are made by hand."""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

import polars as pl
import pytest

from store_uptime.pipeline import Options, PartMissing, UnknownAttribute, UnknownValue, build_periods
from store_uptime.pipeline.periods import Period
from store_uptime.pipeline.report.choice import checked_choice
from store_uptime.pipeline.report.periods.computed import only_chosen_periods
from tests.support.period_reports import ATTRIBUTES, DAYS, OUTAGES, STORES, H, made, profile, us

DAY_BY_DAY = Period("2024-03-10/2024-03-12", by="day")


def rows_of(table: pl.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return table.select(columns).rows()


def hundredths(*texts: str | None) -> tuple[Decimal | None, ...]:
    return tuple(None if text is None else Decimal(text) for text in texts)


# Rows -----------------------------------------------------------------------------------------------------------------


def test_a_report_shows_in_three_lines_what_it_is_of_and_what_came_out() -> None:
    assert repr(made()).splitlines() == [
        "Report by periods of feed, all stores",
        "2024-03-10 to 2024-03-12 by day: 2024-03-10 to 2024-03-11 (periods: 2), now 2024-03-11T12:00:00Z",
        "stores: 4; up: 90.91 %; warnings: 1",
    ]


@pytest.mark.parametrize(
    ("now", "state"),
    [
        ("2024-03-10T23:59:59.999999", "running"),
        ("2024-03-11", "provisional"),  # the end itself is no longer in it
        ("2024-03-11T23:59:59.999999", "provisional"),
        ("2024-03-12", "final"),
    ],
)
def test_a_period_is_final_once_no_poll_can_speak_for_it_any_more(now: str, state: str) -> None:
    assert made(now_us=us(now)).exact.row(0, named=True)["state"] == state


def test_how_far_a_poll_speaks_decides_when_a_period_is_final() -> None:
    shorter = made(Options(period=DAY_BY_DAY, max_gap="1h"), now_us=us("2024-03-11T01:00"))
    assert shorter.exact["state"][0] == "final"


CASES = {
    "known": (0, ("8.00", "6.00", "2.00", "0.00", "0.00", "75.00", "100.00", "2.00", "1.00", "3.00")),
    "business time of which nothing is known": (
        1,
        ("8.00", None, None, "8.00", "0.00", None, "0.00", "0.00", "0.00", "8.00"),
    ),
    "a microsecond down": (4, ("24.00", "24.00", "0.00", "0.00", "0.00", "99.99", "100.00", "0.00", "0.00", "1.00")),
    "closed": (5, ("0.00", "0.00", "0.00", "0.00", "0.00", None, None, "0.00", "0.00", "0.00")),
    "unknown hours": (6, (None,) * 10),
}


@pytest.mark.parametrize(("row", "written"), CASES.values(), ids=CASES)
def test_lengths_and_percents_have_two_decimals(row: int, written: tuple[str | None, ...]) -> None:
    figures = made().table().select(pl.col(pl.Decimal)).row(row)
    assert figures == hundredths(*written)


def test_each_store_has_a_row_for_each_of_its_periods_on_its_own_clock() -> None:
    table = made().table()
    assert rows_of(table, "store_id", "period") == [(store, day) for store in STORES["store_id"] for day in DAYS]
    assert [start.isoformat() for start in table["start_utc"][0::2]] == [
        "2024-03-10T00:00:00+00:00",
        "2024-03-09T23:00:00+00:00",
        *["2024-03-10T00:00:00+00:00"] * 2,
    ]


# Groups ---------------------------------------------------------------------------------------------------------------

COUNTS = ("stores", "stores_open", "stores_unknown", "outages")


def test_a_group_sums_its_stores_and_names_the_middle_and_the_worst_one() -> None:
    table = made().rollup_table(["city"])
    assert rows_of(table, "city", "period", *COUNTS) == [
        ("(none)", "2024-03-10", 2, 1, 0, 1),
        ("(none)", "2024-03-11", 2, 0, 0, 0),
        ("Berlin", "2024-03-10", 2, 2, 0, 3),
        ("Berlin", "2024-03-11", 2, 2, 1, 0),
    ]
    percents = rows_of(table, "uptime_percent", "coverage_percent", "store_median_percent", "worst_store")
    assert percents == [
        (*hundredths("99.99", "100.00", "99.99"), "old town"),
        (None, None, None, None),
        # Of equal percents the worst is the store with more down time: a microsecond more.
        (*hundredths("75.00", "100.00", "75.00"), "harbour"),
        (*hundredths("100.00", "33.33", "100.00"), "harbour"),
    ]


def test_the_total_is_that_of_all_stores() -> None:
    assert rows_of(made().total, "period", "stores", "business_us", "downtime_us", "unknown_us") == [
        ("2024-03-10", 4, 40 * H, 4 * H + 2, 0),
        ("2024-03-11", 4, 12 * H, 0, 8 * H),
    ]


@pytest.mark.parametrize(
    ("percents", "median"),
    [
        (["75.00"], "75.00"),
        (["75.00", "75.01"], "75.00"),  # of two the mean, rounded half to even
        (["75.01", "75.02"], "75.02"),
        (["0.00", "50.00", "50.01"], "50.00"),
    ],
)
def test_the_median_is_exact(percents: list[str], median: str) -> None:
    downs = [10_000 - int(Decimal(percent) * 100) for percent in percents]
    stores = STORES.head(len(downs)).with_columns(scope=pl.lit(0, pl.UInt32))
    figures = {"excused_us": 0, "polls": 0, "outages": 0, "longest_outage_us": 0, "downtime_least_us": 0}
    rows = stores.select(
        "store",
        number=pl.lit(0, pl.UInt32),
        business_us=pl.lit(10_000, pl.Int64),
        uptime_us=10_000 - pl.Series(downs, dtype=pl.Int64),
        downtime_us=pl.Series(downs, dtype=pl.Int64),
        **{name: pl.lit(value) for name, value in figures.items()},
        downtime_most_us=pl.lit(0),
    )
    assert made(stores=stores, rows=rows).total["store_median_percent"].to_list() == [Decimal(median)]


def test_sums_may_be_longer_than_a_year_of_a_million_stores() -> None:
    ages = 9 * 10**18
    rows = made().rows.head(4).with_columns(business_us=pl.lit(ages), uptime_us=pl.lit(ages), downtime_us=pl.lit(0))
    table = made(rows=rows).rollup_table()
    assert table["business"].to_list() == [Decimal(round(2 * ages / H * 100)) / 100] * 2
    assert table["uptime_percent"].to_list() == [Decimal(100)] * 2


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        (["store_id"], STORES["store_id"].to_list()),
        (["name"], ["(none)", "=North", "Harbour Café"]),
        (["zone"], ["(none)", "a", "b"]),  # an attribute that is called as a column of ours
        (["city", "zone", "city"], ["(none)", "(none)", "Berlin", "Berlin"]),
    ],
)
def test_stores_are_grouped_by_what_is_known_of_them(by: list[str], groups: list[str]) -> None:
    table = made().rollup_table(by)
    assert table.columns[: len(set(by))] == list(dict.fromkeys(by))
    assert table.filter(period=DAYS[0])[by[0]].to_list() == groups


def test_an_attribute_may_be_called_as_a_figure_is() -> None:
    attributes = ATTRIBUTES.select("store_id", "name", outages=pl.col("city"))
    table = made(attributes=attributes).rollup_table(["outages"])
    assert rows_of(table, "outages (attribute)", "outages")[-2:] == [("Berlin", 3), ("Berlin", 0)]


def test_an_unknown_attribute_is_named_with_those_that_there_are() -> None:
    with pytest.raises(UnknownAttribute, match="no attribute 'brand': there is 'store_id', 'name', 'city', 'zone'"):
        made().rollup(["brand"])
    with pytest.raises(UnknownAttribute, match="there is 'store_id'"):
        made(attributes=None).select({"city": "Berlin"})


# Profile --------------------------------------------------------------------------------------------------------------


def test_a_profile_has_168_cells_and_those_without_business_time_are_empty() -> None:
    table = made(profile=profile(())).profile_table()
    assert table.height == 168
    assert table.drop_nulls("business").rows() == [(6, 10, *hundredths("2.00", "1.00", "0.00"), 1, Decimal(50))]
    assert table.select(pl.exclude("weekday", "hour")).null_count().row(0) == (167,) * 5


def test_each_group_has_a_profile_of_its_own() -> None:
    options = Options(period=DAY_BY_DAY, group_by=["city"])
    table = made(options, profile=profile(("Berlin",), columns=("city",))).profile_table()
    assert table.group_by("city", maintain_order=True).agg(pl.col("business").sum(), pl.len()).rows() == [
        ("(none)", Decimal(0), 168),
        ("Berlin", Decimal(2), 168),
    ]


# Outages --------------------------------------------------------------------------------------------------------------


def test_outages_come_by_start_or_longest_first_on_both_clocks() -> None:
    table = made().outages_table()
    assert rows_of(table, "store_id", "name", "start_local", "end_local") == [
        ("harbour", "Harbour Café", "2024-03-10T10:00:00+01:00", "2024-03-10T10:30:00.500+01:00"),
        ("=north", "=North", "2024-03-10T10:00:00+00:00", "2024-03-10T12:00:00+00:00"),
        ("harbour", "Harbour Café", "2024-03-10T11:00:00+01:00", "2024-03-11T10:00:00+01:00"),
    ]
    assert rows_of(table, "business_hours", "elapsed_hours", "ends", "starts_because", "polls", "reason")[1:] == [
        (*hundredths("2.00", "2.00"), "active poll", "inactive poll", 2, "+power"),
        (*hundredths("1.00", "23.00"), "cut", "cut", 0, None),
    ]
    assert made().outages_table(longest_first=True)["business_hours"].to_list() == [*hundredths("2.00", "1.00", "0.50")]
    assert "name" not in made(attributes=None).outages_table().columns


def test_the_clock_of_an_outage_is_that_of_its_own_time() -> None:
    moved = OUTAGES.head(1).with_columns(
        store=pl.lit(1, pl.UInt32), start_us=us("2024-03-31T00:59:59"), end_us=us("2024-03-31T01:00")
    )
    assert made(outages=moved).outages_table().select("start_local", "end_local").row(0) == (
        "2024-03-31T01:59:59+01:00",
        "2024-03-31T03:00:00+02:00",
    )


def test_what_a_report_was_made_without_is_said() -> None:
    bare = made(outages=None)
    for show in (bare.profile_table, bare.outages_table, lambda: bare.render("outages", "csv")):
        with pytest.raises(PartMissing, match=r"the report has no (profile|outages)"):
            show()


# Selections -----------------------------------------------------------------------------------------------------------

SELECTIONS: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    "nothing": ({}, "", STORES["store_id"].to_list()),
    "a value": ({"city": "Berlin"}, "", ["=north", "harbour"]),
    "one of several": ({"zone": ["a", "b"]}, "", ["=north", "harbour", "old town"]),
    "several attributes": ({"city": "Berlin", "zone": "b"}, "", ["harbour"]),
    "none": ({"city": ""}, "", ["old town", "station"]),
    "an id": ({"store_id": "station"}, "", ["station"]),
    "a value of stores without rows": ({"city": "Rome"}, "", []),
    "text in a name": ({}, "CAFÉ", ["harbour"]),
    "text in an id": ({}, "O", ["=north", "harbour", "old town", "station"]),
    "both": ({"city": "Berlin"}, "nor", ["=north"]),
}


@pytest.mark.parametrize(("only", "search", "stores"), SELECTIONS.values(), ids=SELECTIONS)
def test_a_selection_has_the_rows_of_its_stores_alone(only: dict[str, Any], search: str, stores: list[str]) -> None:
    part, whole = made().select(only, search), made()
    assert part.stores["store_id"].to_list() == stores
    assert part.exact.equals(whole.exact.filter(pl.col("store_id").is_in(stores)))
    assert part.outages_exact.equals(whole.outages_exact.filter(pl.col("store_id").is_in(stores)))
    chosen = part.provenance.get("selection", {})
    assert (chosen.get("search", ""), list(chosen.get("only", {}))) == (search, sorted(only))


@pytest.mark.parametrize(("only", "groups"), [({"city": "Berlin"}, ["Berlin"]), ({"zone": "b"}, None)])
def test_a_profile_stays_where_whole_groups_are_selected(only: dict[str, str], groups: list[str] | None) -> None:
    options = Options(period=DAY_BY_DAY, group_by=["city"])
    part = made(options, profile=profile(("(none)",), ("Berlin",), columns=("city",))).select(only)
    assert (None if part.profile is None else part.profile["city"].to_list()) == groups


def test_a_value_that_no_store_has_is_named_with_those_that_there_are() -> None:
    with pytest.raises(UnknownValue, match="no store has 'Oslo' as its city: there is 'Berlin', 'Rome'"):
        checked_choice(STORES, ATTRIBUTES, Options(only={"city": ["Berlin", "Oslo"]}).only)
    assert checked_choice(STORES, ATTRIBUTES, Options(only={"city": "Rome"}).only).is_empty()


def test_a_report_is_what_its_parts_sum_to() -> None:
    report = made()
    sums = report.rollup(["city"]).group_by("period", maintain_order=True).agg(pl.col("^.*_us$", "^stores.*$").sum())
    columns = [name for name in sums.columns if name not in {"start_us", "end_us"}]
    assert sums.select(columns).equals(report.total.select(columns))


SLIPS: dict[str, tuple[Callable[[], object], str]] = {
    "a table": (lambda: made().render(cast("Any", "nope"), "csv"), "view: 'nope' is none of stores, groups,"),
    "a format": (lambda: made().render("stores", cast("Any", "pdf")), "format: 'pdf' is none of csv, parquet,"),
    "safe": (lambda: made().csv_safe(cast("Any", "nope")), "view: 'nope' is none of"),
    "values": (lambda: Options(only=cast("Any", "city=Denver")), "only: 'city=Denver' is a text: give the values by"),
    "tables": (
        lambda: build_periods("feed", "7d", tables=cast("Any", ["x"])),
        "tables: 'x' is none of profile, outages",
    ),
    "an offset": (lambda: Period(start=datetime(2024, 3, 10, 12)), "start: 2024-03-10T12:00:00 has no offset"),
}


@pytest.mark.parametrize(("slip", "says"), SLIPS.values(), ids=SLIPS)
def test_a_slip_is_told_in_words(slip: Callable[[], object], says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        slip()


def test_one_name_is_a_list_of_one() -> None:
    assert made().rollup_table("city").equals(made().rollup_table(["city"]))
    assert Options(group_by="city") == Options(group_by=["city"])
    with pytest.raises(UnknownValue, match="no store has 'Bostn' as its city"):
        made().select({"city": "Bostn"})
    of_some = made(Options(period=Period("2024-03-10"), only={"city": "Berlin", "zone": ["a", ""]}))
    assert repr(of_some).startswith("Report by periods of feed, all stores with city 'Berlin' and zone (none) or 'a'\n")
    assert of_some.meaning("not_observed").endswith("nothing is known")
    with pytest.raises(PartMissing, match="the selected stores are only some of a group"):
        made(profile=profile(())).select({"city": "Berlin"}).profile_table()


def test_an_error_names_the_first_values_and_how_many_more_there_are() -> None:
    many = pl.DataFrame(
        {"store_id": [f"{number:02}" for number in range(25)], **{f"a{n}": ["x"] * 25 for n in range(30)}}
    )
    with pytest.raises(UnknownValue, match=r"'18', '19' and 5 more\. Values"):
        checked_choice(many.select("store_id"), many, (("store_id", ("none",)),))
    with pytest.raises(UnknownAttribute, match=r"'a18' and 11 more\. Choose"):
        checked_choice(many.select("store_id"), many, (("none", ("x",)),))
    of_one = made(Options(store="=north", only={"city": "Bonn"}))
    assert only_chosen_periods(of_one).stores.is_empty()
