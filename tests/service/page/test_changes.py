"""What /changes says of stores, by hand, and how their strips are drawn."""

from pathlib import Path

import pytest

from store_uptime.pipeline import Options, archive, build_report_with_lanes, open_source
from store_uptime.service.page.models.changes import Listed, since_last_week, since_yesterday
from store_uptime.service.page.strips import drawn_strip
from store_uptime.service.registry.reports import StoredFleet
from tests.support.trend_stores import BETTER, IDS, NOW, WORSE, trend_feed

WEEK_BEFORE = "2026-03-10T00:00:00Z"


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> dict[str, StoredFleet]:
    """Two reports by their now, and one of one store."""
    feed = trend_feed(tmp_path_factory.mktemp("changes") / "feed")
    reports = {now: stored_report(feed, Options(now=now)) for now in (NOW, WEEK_BEFORE)}
    return reports | {IDS[0]: stored_report(feed, Options(now=NOW, store=IDS[0]))}


def stored_report(feed: Path, options: Options) -> StoredFleet:
    files = archive(build_report_with_lanes(open_source(feed), options))
    return StoredFleet(files.figures, files.attributes, files.lanes, overview=None)


@pytest.mark.parametrize(("kind", "store", "percents"), [("worse", WORSE, (100, 50)), ("better", BETTER, (50, 100))])
def test_the_last_day_is_compared_with_the_one_before(
    stored: dict[str, StoredFleet], kind: Listed, store: str, percents: tuple[float, float]
) -> None:
    found = since_yesterday(stored[NOW], (), kind)
    (row,) = found.rows
    assert (row.store_id, row.percent_before, row.percent_after) == (store, *percents)
    assert (row.change, row.down_before, row.down_after) == (
        percents[1] - percents[0],
        (100 - percents[0]) * 360,
        (100 - percents[1]) * 360,
    )
    assert found.counts == {"worse": 1, "better": 1, "same": len(IDS) - 2}
    assert row.before
    assert row.after
    assert {row.before.label, row.after.label} == {"up 10 h", "up 5 h, down 5 h"}
    assert [f"{start:%a %H} {end:%a %H}" for start, end in found.spans] == ["Sun 00 Mon 00", "Mon 00 Tue 00"]


def test_a_week_is_compared_with_the_report_of_the_week_before(stored: dict[str, StoredFleet]) -> None:
    found = since_last_week(stored[WEEK_BEFORE], stored[NOW], (), "worse")
    assert found.counts == {"worse": 8, "same": 4}
    assert [row.store_id for row in found.rows] == [*sorted((WORSE, BETTER)), *IDS[::2]]
    assert [row.change for row in found.rows[:2]] == [-7.14, -7.14]
    assert [f"{start:%d %b}" for start, _ in found.spans] == ["03 Mar", "10 Mar"]


@pytest.mark.parametrize(
    ("changes", "paths", "label"),
    [
        ([], {}, "closed"),
        ([(0, 1)], {"up": "M0 12h1440v10h-1440z"}, "up 24 h"),
        ([(0, 1), (720, 0)], {"up": "M0 12h720v10h-720z"}, "up 12 h"),
        (
            [(0, 4), (360, 5), (1080, 3)],
            {
                "up carried": "M0 12.5h360v9h-360z",
                "unknown": "M1080 13h360v8h-360z",
                "down carried": "M360 7.5h720v19h-720z",
            },
            "up 6 h, down 12 h, unknown 6 h",
        ),
        ([(0, 2), (1, 0)], {"down": "M0 7h4v20h-4z"}, "down 1 min"),  # what is short can still be seen
    ],
)
def test_a_strip_has_an_outline_for_each_status(
    changes: list[tuple[int, int]], paths: dict[str, str], label: str
) -> None:
    strip = drawn_strip(coded(changes), 0, 1440)
    assert (strip.paths, strip.label) == (paths, label)


def coded(changes: list[tuple[int, int]]) -> list[int]:
    """Minutes with the status from then on, as drawings take them."""
    return [8 * minute + status for minute, status in changes]


def test_a_strip_of_some_minutes_begins_with_the_status_that_there_is_then() -> None:
    strip = drawn_strip(coded([(100, 2), (2000, 1)]), 1440, 2880)
    assert strip.label == "up 14 h 40 min, down 9 h 20 min"


def test_a_store_of_one_report_alone_is_new_or_gone(stored: dict[str, StoredFleet]) -> None:
    one = stored[IDS[0]]
    assert since_last_week(one, stored[NOW], (), "new").counts["new"] == len(IDS) - 1
    found = since_last_week(stored[NOW], one, (), "gone")
    assert found.counts["gone"] == len(IDS) - 1
    assert {row.after for row in found.rows} == {None}
    assert all(row.before for row in found.rows)
