"""Each of five stores at now, by hand, and since when stores are down, lane by lane."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from store_uptime.pipeline import LaneStatus, Selection, archive, build_report, restore, select, stores_at_now
from tests.support.weeks import FEED, WEEK_START, five_stores, with_lanes

CLOSED, UP, DOWN, UNKNOWN, UP_CARRIED, DOWN_CARRIED = LaneStatus
DAY = 24 * 60


def test_each_store_has_its_status_its_day_before_and_what_changed() -> None:
    eleven = datetime.fromisoformat("2024-10-14T11:00:00Z")
    none = (None, False, 0, 0, None, None)
    assert stores_at_now(five_stores()).rows() == [
        ("a", "down", False, eleven, False, 0, 0, None, None),
        # up 2 h of 12 h on the last day, 16.67 %; 12 h of 12 h on the day before
        ("b", "closed", False, None, False, 720, 0, Decimal("100.00"), Decimal("-83.33")),
        ("c", "closed", False, *none),
        ("d", "down", True, WEEK_START, True, 0, 1440, Decimal("0.00"), Decimal("0.00")),
        ("e", "unknown", False, *none),
    ]


@pytest.mark.parametrize(
    ("lane", "since"),
    [
        ([(0, UP), (500, DOWN)], 500),
        ([(0, UP), (500, DOWN_CARRIED)], 500),
        ([(0, UP), (500, DOWN), (600, DOWN_CARRIED), (700, DOWN)], 500),
        ([(0, UP), (500, DOWN), (600, CLOSED), (700, DOWN)], 500),
        ([(0, UP), (500, CLOSED), (600, DOWN)], 600),
        ([(0, UP), (500, DOWN), (600, UNKNOWN), (700, DOWN)], 700),
        ([(0, DOWN), (500, UP_CARRIED), (700, DOWN)], 700),
        ([(0, DOWN), (600, CLOSED), (700, DOWN)], 0),
        ([(300, DOWN), (600, CLOSED), (700, DOWN)], 300),
        ([(0, UP), (500, DOWN), (600, UP)], None),
        ([(0, UP), (500, DOWN), (600, CLOSED)], None),
        ([(0, DOWN), (600, UNKNOWN)], None),
        ([], None),
    ],
)
def test_a_store_is_down_since_it_was_last_something_else_while_open(
    lane: list[tuple[int, int]], since: int | None
) -> None:
    ((instant, is_cut),) = stores_at_now(with_lanes([lane])).select("down_since_utc", "down_since_is_cut").rows()
    assert instant == (None if since is None else WEEK_START + timedelta(minutes=since))
    assert is_cut == (since == 0)


@pytest.mark.parametrize(
    ("lane", "minutes"),
    [
        ([(0, UP)], (DAY, 0)),
        ([(0, UP_CARRIED), (6 * DAY - 1, DOWN)], (DAY - 1, 1)),
        ([(5 * DAY - 1, DOWN), (5 * DAY + 1, UP), (5 * DAY + 3, UNKNOWN)], (2, 1)),
        ([(6 * DAY, DOWN)], (0, 0)),
    ],
)
def test_the_day_before_ends_where_the_last_day_begins(lane: list[tuple[int, int]], minutes: tuple[int, int]) -> None:
    found = stores_at_now(with_lanes([lane])).select("uptime_day_before", "downtime_day_before")
    assert found.rows() == [minutes]


def test_a_selection_and_a_kept_report_of_one_store_have_its_row() -> None:
    report = five_stores()
    row = stores_at_now(report).filter(store_id="d")
    kept = archive(report)
    assert stores_at_now(select(report, Selection(search="d"))).equals(row)
    assert stores_at_now(restore(kept.figures, kept.plan, kept.rejects, kept.lanes, store="d")).equals(row)


def test_of_no_store_there_is_no_row() -> None:
    found = stores_at_now(select(five_stores(), Selection(search="nobody")))
    assert found.is_empty()
    assert found.schema == stores_at_now(five_stores()).schema


def test_percents_are_decimals_and_lengths_whole_minutes() -> None:
    schema = stores_at_now(five_stores()).schema
    assert [schema[name] for name in ("uptime_percent_day_before", "change_day")] == [pl.Decimal(10, 2)] * 2
    assert [schema[name] for name in ("uptime_day_before", "downtime_day_before")] == [pl.Int64] * 2


def test_a_report_without_lanes_is_refused() -> None:
    with pytest.raises(ValueError, match="no lanes"):
        stores_at_now(build_report(FEED))


def test_stores_are_selected_by_what_changed_and_by_their_last_poll() -> None:
    report = five_stores()
    assert select(report, Selection(got_worse=True)).exact["store_id"].to_list() == ["b"]
    silent = select(report, Selection(no_recent_poll=True)).exact
    two_hours_us = 2 * 3600 * 1_000_000
    is_silent = report.plan.horizon.now_us - pl.col("last_poll_us") > two_hours_us
    assert silent.equals(report.exact.filter(is_silent))
    assert 0 < silent.height < 5
    with pytest.raises(ValueError, match="lanes"):
        select(replace(report, lanes=None), Selection(got_worse=True))
