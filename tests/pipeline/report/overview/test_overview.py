"""The overview of five stores, by hand."""

from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta

import pytest

from store_uptime.pipeline import Options, Overview, Selection, build_report, overview, select
from tests.support.weeks import FEED, NOW, WEEK_START, always_open, five_stores


@pytest.fixture(scope="module")
def five() -> Overview:
    return overview(five_stores())


def test_it_counts_the_stores_at_now(five: Overview) -> None:
    found = (five.now, five.stores, five.open, five.down, five.down_carried, five.unknown, five.no_recent_poll)
    assert found == ("2024-10-14T12:00:00Z", 5, 3, 2, 1, 1, 3)


def test_the_day_is_that_of_the_report_and_has_the_day_before_beside_it(five: Overview) -> None:
    # up 1 h + 2 h of 38 h, 2 h unknown; the day before 12 h of 36 h
    assert astuple(five.day) == (7.89, 33.33, 95.0, 35.0)


def test_the_week_is_that_of_the_report(five: Overview) -> None:
    # up 2 h + 14 h; down 1 h + 10 h + 168 h; unknown 3 h
    assert astuple(five.week) == (8.21, None, 98.48, 179.0)


@pytest.mark.parametrize(
    ("number", "counts"),
    [
        (0, (180, 60, 60, 120, 33.33)),
        (1, (60, 60, 0, 60, 100.0)),
        (132, (120, 60, 0, 60, 50.0)),
        (144, (120, 60, 0, 60, 50.0)),
        (145, (120, 120, 0, 60, 100.0)),
        (147, (120, 120, 0, 120, 100.0)),
        (167, (180, 120, 60, 60, 66.67)),
    ],
)
def test_each_hour_of_the_week_has_its_minutes(five: Overview, number: int, counts: tuple[object, ...]) -> None:
    start = (WEEK_START + timedelta(hours=number)).isoformat().replace("+00:00", "Z")
    assert astuple(five.hours[number]) == (start, *counts)
    assert len(five.hours) == 168


@pytest.mark.parametrize(
    ("weekday", "hour", "counts"),
    [
        (0, 9, (60, 60, 0, 100.0)),
        (0, 10, (180, 60, 60, 50.0)),
        (0, 11, (180, 120, 60, 100.0)),
        (0, 12, (180, 60, 60, 50.0)),
        (6, 12, (120, 60, 0, 50.0)),
        (6, 13, (120, 120, 0, 100.0)),
    ],
)
def test_the_profile_is_on_the_clock_of_each_store(
    five: Overview, weekday: int, hour: int, counts: tuple[object, ...]
) -> None:
    # the store in Kolkata, where hours begin at half past, adds 60 minutes to every cell
    assert astuple(five.profile[24 * weekday + hour]) == (weekday, hour, *counts)
    assert len(five.profile) == 168


@pytest.mark.parametrize(
    ("zone", "now", "minutes"),
    [
        ("America/New_York", datetime(2024, 11, 6, tzinfo=UTC), {1: 120}),
        ("America/New_York", datetime(2024, 3, 13, tzinfo=UTC), {2: 0}),
        ("Australia/Lord_Howe", datetime(2024, 10, 9, 3, tzinfo=UTC), {2: 30}),
    ],
)
def test_a_repeated_hour_counts_twice_and_a_skipped_one_not_at_all(
    zone: str, now: datetime, minutes: dict[int, int]
) -> None:
    sunday = [cell.open_minutes for cell in overview(always_open(zone, now)).profile if cell.weekday == 6]
    assert sunday == [minutes.get(hour, 60) for hour in range(24)]


def test_beyond_max_gap_it_is_unknown_when_a_store_is_open() -> None:
    # of d all but four hours around its poll is unknown
    found = overview(five_stores(Options(now=NOW, max_gap="2h")))
    assert (found.open, found.down, found.down_carried, found.unknown) == (3, 1, 0, 2)
    assert sum(hour.carried_minutes for hour in found.hours) == 0


def test_of_no_store_there_is_no_share() -> None:
    found = overview(select(five_stores(), Selection(search="nobody")))
    assert (found.stores, found.open, found.down, found.no_recent_poll) == (0, 0, 0, 0)
    assert astuple(found.day) == astuple(found.week) == (None, None, None, 0.0)
    assert {astuple(hour)[1:] for hour in found.hours} == {(0, 0, 0, 0, None)}
    assert {astuple(cell)[2:] for cell in found.profile} == {(0, 0, 0, None)}


def test_of_chosen_stores_it_counts_these() -> None:
    found = overview(select(five_stores(), Selection(only=(("brand", ("North",)),))))
    assert (found.stores, found.open, found.down, found.no_recent_poll) == (2, 1, 1, 1)


def test_lanes_of_a_version_that_did_not_mark_what_is_carried_will_do() -> None:
    report = five_stores()
    assert report.lanes is not None
    old = report.lanes.with_columns(report.lanes["status"].replace({4: 1, 5: 2}))
    found, expected = overview(replace(report, lanes=old)), overview(report)
    assert (found.down, found.down_carried) == (expected.down, 0)
    assert [hour.down_percent for hour in found.hours] == [hour.down_percent for hour in expected.hours]


def test_a_report_without_lanes_is_refused() -> None:
    with pytest.raises(ValueError, match="the report has no lanes: make it with build_report_with_lanes"):
        overview(build_report(FEED))
