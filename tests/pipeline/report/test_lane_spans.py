"""Lanes as spans of one status."""

import pytest

from store_uptime.pipeline import LaneStatus, build_report, lane_spans
from tests.support.weeks import FEED, with_lanes

CLOSED, UP, DOWN, _, UP_CARRIED, _ = LaneStatus
WEEK = 7 * 24 * 60


@pytest.mark.parametrize(
    ("lane", "spans"),
    [
        ([], []),
        ([(0, UP)], [(UP, 0, WEEK)]),
        ([(5, UP), (9, UP_CARRIED), (20, CLOSED)], [(UP, 5, 9), (UP_CARRIED, 9, 20), (CLOSED, 20, WEEK)]),
        ([(WEEK - 1, DOWN)], [(DOWN, WEEK - 1, WEEK)]),
    ],
)
def test_a_span_lasts_until_the_next_change_or_now(
    lane: list[tuple[int, int]], spans: list[tuple[int, int, int]]
) -> None:
    assert lane_spans(with_lanes([lane])).drop("store").rows() == spans


def test_the_last_span_of_a_store_does_not_end_with_the_first_of_the_next() -> None:
    found = lane_spans(with_lanes([[(700, UP)], [], [(3, DOWN), (8, UP)]]))
    assert found.rows() == [(0, UP, 700, WEEK), (2, DOWN, 3, 8), (2, UP, 8, WEEK)]


def test_a_report_without_lanes_is_refused() -> None:
    with pytest.raises(ValueError, match="no lanes"):
        lane_spans(build_report(FEED))
