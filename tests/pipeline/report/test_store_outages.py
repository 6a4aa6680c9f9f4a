"""The outages of one store of a report, by the report's own max_gap; and when a poll was near."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import assume, given

from store_uptime.pipeline import (
    Frames,
    Options,
    Timeline,
    build_outages,
    build_report_with_lanes,
    explain_with_outages,
    open_source,
    write_sample,
)
from store_uptime.pipeline.errors import NoPolls
from tests.support.feeds import HOURS, POLLS, ZONES, frames, lines, table
from tests.support.profiles import examples
from tests.support.reference import RawRow
from tests.support.worlds import World, worlds

NOW = datetime(2024, 10, 16, 12, tzinfo=UTC)  # a Wednesday
WEEK, MINUTE, HOUR_US = timedelta(days=7), timedelta(minutes=1), 3_600_000_000
CLOSED, UP, DOWN, UNKNOWN, UP_CARRIED, DOWN_CARRIED = range(6)
OPEN_DAILY = lines(HOURS, *(f"a,{day},06:00,18:00" for day in range(7)))


def explained(*polls: str, hours: str = OPEN_DAILY, max_gap: timedelta | None = None) -> Timeline:
    source = frames(lines(POLLS, *(f"a,2024-10-{poll}" for poll in polls)), hours, lines(ZONES, "a,UTC"))
    return explain_with_outages(source, build_report_with_lanes(source, Options(now=NOW, max_gap=max_gap)), "a")


def told(found: Timeline) -> "Told":
    assert found.outages is not None
    hours = (pl.col(f"{kind}_us") / HOUR_US for kind in ("business", "least", "most"))
    start, end = (pl.from_epoch(f"{each}_us", "us").dt.strftime("%d %H:%M") for each in ("start", "end"))
    return found.outages.select(start, end, *hours, "polls", "ends").rows()


Told = list[tuple[str, str, float, float, float, int, str]]
CASES: dict[str, tuple[tuple[str, ...], Told]] = {
    "one between two active polls": (
        ("15 08:00:00,active", "15 10:00:00,inactive", "15 11:00:00,inactive", "15 13:00:00,active"),
        [("15 10:00", "15 13:00", 3.0, 1.0, 5.0, 2, "active poll")],
    ),
    "a closed night does not end it": (
        ("15 16:00:00,active", "15 17:00:00,inactive", "16 07:00:00,inactive", "16 08:00:00,active"),
        [("15 17:00", "16 08:00", 3.0, 0.0, 4.0, 2, "active poll")],
    ),
    "it goes on at now, and most of it is carried": (
        ("14 17:00:00,active", "14 17:30:00,inactive"),
        [("14 17:30", "16 12:00", 18.5, 0.0, 19.0, 1, "ongoing")],
    ),
    "the one poll of a store speaks for all of its week": (
        ("14 17:30:00,inactive",),
        [("09 12:00", "16 12:00", 84.0, 0.0, 84.0, 1, "ongoing")],
    ),
    "there is none": (("14 17:00:00,active",), []),
}


@pytest.mark.parametrize(("polls", "expected"), CASES.values(), ids=CASES)
def test_an_outage_has_its_bounds_without_max_gap(polls: tuple[str, ...], expected: Told) -> None:
    assert told(explained(*polls)) == expected


def test_unknown_time_ends_an_outage() -> None:
    polls = ("15 08:00:00,active", "15 10:00:00,inactive", "15 15:00:00,inactive")
    assert told(explained(*polls, max_gap=timedelta(hours=1))) == [
        ("15 09:00", "15 11:00", 2.0, 0.0, 4.0, 1, "unknown"),
        ("15 14:00", "15 16:00", 2.0, 0.0, 4.0, 1, "unknown"),
    ]


def test_the_reason_is_that_of_its_first_poll() -> None:
    polls = lines(
        f"{POLLS},reason",
        "a,2024-10-16 08:00:00,active,",
        "a,2024-10-16 09:00:00,inactive,no power",
        "a,2024-10-16 10:00:00,inactive,no staff",
    )
    source = Frames(table(polls), table(OPEN_DAILY), table(lines(ZONES, "a,UTC")))
    found = explain_with_outages(source, build_report_with_lanes(source, Options(now=NOW)), "a")
    assert found.outages is not None
    assert found.outages["reason"].to_list() == ["no power"]


def test_without_readable_hours_there_is_none() -> None:
    assert told(explained("15 10:00:00,inactive", hours=lines(HOURS, "a,9,06:00,18:00"))) == []


def test_they_are_those_of_a_report_by_periods_with_the_same_max_gap(tmp_path: Path) -> None:
    write_sample(tmp_path, stores=12, days=9, end=NOW)
    feed, gap = open_source(tmp_path), timedelta(hours=3)
    report = build_report_with_lanes(feed, Options(max_gap=gap, now=NOW))
    expected = build_outages(feed, "7d", Options(now=NOW, max_gap=gap))
    outages = [explain_with_outages(feed, report, store).outages for store in report.exact["store_id"]]
    found = pl.concat(each for each in outages if each is not None).sort("start_us", "store_id")
    assert found.height > 12
    assert found.equals(expected)


# When a poll was near -------------------------------------------------------------------------------------------------


def raw(rows: list[RawRow], header: str) -> pl.DataFrame:
    return pl.DataFrame([dict(row) for row in rows], schema=dict.fromkeys(header.split(","), pl.String))


@examples(4)
@given(world=worlds())
def test_pieces_and_seen_time_say_what_the_lane_says_in_each_minute(world: World) -> None:
    source = Frames(raw(world.polls, POLLS), raw(world.hours, HOURS), raw(world.zones, ZONES))
    try:
        report = build_report_with_lanes(source, Options(now=world.now, max_gap=world.max_gap, lookback=world.lookback))
    except NoPolls:
        assume(False)
        return
    assert report.lanes is not None
    for number, store in enumerate(report.exact["store_id"]):
        found = explain_with_outages(source, report, store)
        lane = dict(report.lanes.filter(store=number).select("minute", "status").rows())
        status = CLOSED
        expected: list[int] = []
        for minute in range(7 * 24 * 60):
            status = lane.get(minute, status)
            expected.append(status)
        assert minutes(found) == expected


def minutes(found: Timeline) -> list[int]:
    """The status of each minute of a week, as lanes have it: that of its last microsecond."""
    now = datetime.fromisoformat(found.now)
    ends = [now - WEEK + (number + 1) * MINUTE - timedelta(microseconds=1) for number in range(7 * 24 * 60)]
    instants = pl.DataFrame({"at": ends}, schema={"at": pl.Datetime("us", "UTC")})
    pieces = found.pieces.select("start_utc", "end_utc", "status").sort("start_utc")
    near = found.seen.select(near_utc="start_utc", far_utc="end_utc").sort("near_utc")
    joined = instants.join_asof(pieces, left_on="at", right_on="start_utc").join_asof(
        near, left_on="at", right_on="near_utc"
    )
    is_open, is_seen = pl.col("at") < pl.col("end_utc"), pl.col("at") < pl.col("far_utc")
    code = pl.col("status").replace_strict({"up": UP, "down": DOWN, "unknown": UNKNOWN}, return_dtype=pl.Int64)
    is_carried = ~is_seen.fill_null(False) & (pl.col("status") != "unknown")
    codes = pl.when(is_open.fill_null(False)).then(code + pl.when(is_carried).then(3).otherwise(0)).otherwise(CLOSED)
    return joined.select(codes).to_series().to_list()
