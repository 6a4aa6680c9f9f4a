"""The local dates of groups of five stores, by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from store_uptime.pipeline import Selection, UnknownAttribute, build_report, group_days, select
from tests.support.weeks import FEED, always_open, five_stores

MINUTES = ("open_minutes", "down_minutes", "unknown_minutes", "carried_minutes")


def day(number: int) -> date:
    return date(2024, 10, number)


def test_each_group_has_its_dates_on_the_clocks_of_its_stores() -> None:
    found = group_days(five_stores(), ("zone",)).filter(zone="Asia/Kolkata")
    # from half past five on Monday; the poll of 05:30 on Sunday is near from 03:30 to 07:30
    assert found.select("date", "open_minutes", "carried_minutes").rows() == [
        (day(7), 390, 390),
        *((day(number), 1440, 1440) for number in range(8, 13)),
        (day(13), 1440, 1200),
        (day(14), 1050, 1050),
    ]
    assert set(found.select("stores", "open_now", "down_now", "uptime_percent").iter_rows()) == {
        (1, 1, 1, Decimal("0.00"))
    }


def test_a_group_of_several_zones_has_the_dates_of_each() -> None:
    found = group_days(five_stores(), ()).filter(date=day(13))
    # b is open all the Sunday of UTC, up 14 h; d all that of Kolkata
    assert found.select("stores", "open_now", "down_now", *MINUTES, "uptime_percent").rows() == [
        (5, 3, 2, 2880, 2040, 0, 600 + 360 + 1200, Decimal("29.17"))
    ]


def test_the_percent_of_the_week_is_that_of_the_figures() -> None:
    report = five_stores()
    for (brand,), rows in group_days(report, "brand").group_by("brand"):
        only = (("brand", ("" if brand == "(none)" else str(brand),)),)
        percent = select(report, Selection(only=only)).uptime_percent("week")
        assert rows["uptime_percent_week"].unique().to_list() == [percent]


def test_groups_of_two_attributes_are_combinations_of_their_values() -> None:
    found = group_days(five_stores(), ("brand", "date"))
    groups = found.select("brand", "date (attribute)", "stores").unique(maintain_order=True).rows()
    assert groups == [("(none)", "(none)", 2), ("(none)", "x", 1), ("North", "x", 1), ("North", "y", 1)]
    monday = found.filter(brand="North", date=day(14)).row(0, named=True)
    assert [monday[name] for name in MINUTES] == [120, 60, 0, 0]


def test_a_group_without_business_time_on_a_date_has_no_percent() -> None:
    found = group_days(five_stores(), "brand").filter(brand="North", date=day(9))
    assert found.select(*MINUTES, "uptime_percent").rows() == [(0, 0, 0, 0, None)]


@pytest.mark.parametrize(
    ("zone", "now", "changed", "minutes"),
    [
        ("America/New_York", datetime(2024, 11, 6, tzinfo=UTC), date(2024, 11, 3), 25 * 60),
        ("America/New_York", datetime(2024, 3, 13, tzinfo=UTC), date(2024, 3, 10), 23 * 60),
        ("Australia/Lord_Howe", datetime(2024, 10, 9, 3, tzinfo=UTC), date(2024, 10, 6), 24 * 60 - 30),
        ("Asia/Beirut", datetime(2023, 3, 30, tzinfo=UTC), date(2023, 3, 26), 23 * 60),
    ],
)
def test_a_date_is_as_long_as_its_clock_says(zone: str, now: datetime, changed: date, minutes: int) -> None:
    found = group_days(always_open(zone, now), ())
    assert dict(found.select("date", "open_minutes").iter_rows())[changed] == minutes
    assert found["open_minutes"].sum() == 7 * 24 * 60


def test_a_zone_that_the_table_of_stores_names_goes_before_that_of_the_hours() -> None:
    report = five_stores()
    assert report.attributes is not None
    own = report.attributes.rename({"brand": "zone"})
    found = group_days(replace(report, attributes=own), ("zone",))
    assert found["zone"].unique().sort().to_list() == ["(none)", "North"]


def test_without_attributes_the_zone_alone_can_be_named() -> None:
    report = select(five_stores(), Selection(search="d"))
    bare = replace(report, attributes=None)
    assert group_days(bare, ("zone",))["zone"].unique().to_list() == ["Asia/Kolkata"]
    with pytest.raises(UnknownAttribute):
        group_days(bare, ("brand",))


def test_of_no_store_there_is_no_row() -> None:
    empty = select(five_stores(), Selection(search="nobody"))
    assert [group_days(empty, by).height for by in ((), ("zone", "brand"))] == [0, 0]


def test_a_report_without_lanes_is_refused() -> None:
    with pytest.raises(ValueError, match="no lanes"):
        group_days(build_report(FEED), ())
