"""A timeline is the report's figures taken apart: its pieces add up to them, to the microsecond."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import assume, given, strategies as st

from store_uptime.pipeline import (
    Frames,
    Options,
    Timeline,
    Week,
    build_report,
    build_timeline,
    open_source,
    week_of,
    write_sample,
)
from store_uptime.pipeline.durations import microseconds
from store_uptime.pipeline.errors import NoPolls, UnknownStore
from store_uptime.pipeline.options import WINDOWS
from store_uptime.pipeline.report.stretches import Status
from tests.support.feeds import HOURS, POLLS, ZONES, frames, lines
from tests.support.profiles import examples
from tests.support.reference import RawRow
from tests.support.worlds import World, sparse_worlds, worlds

NEW_YORK = lines(ZONES, "a,America/New_York")
STATUSES: tuple[Status, ...] = ("up", "down", "unknown")
NOW = datetime(2024, 10, 14, 12, tzinfo=UTC)
COLUMNS = ["status", "start_local", "end_local", "start_utc", "end_utc", "minutes", "poll_utc", "because"]


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("feed")
    write_sample(folder, stores=12, days=9)
    return folder


# The sum of the pieces ------------------------------------------------------------------------------------------------


def sums(timeline: Timeline) -> dict[str, int]:
    """Microseconds by status and window, of the pieces."""
    now = pl.lit(timeline.plan.horizon.now_us)
    found: dict[str, int] = {}
    for name, length in WINDOWS.items():
        start, end = (pl.col(column).dt.epoch("us").clip(now - length) for column in ("start_utc", "end_utc"))
        lengths = timeline.pieces.group_by("status").agg(us=(end - start).sum())
        found |= {f"{status} {name}": us for status, us in lengths.iter_rows() if us}
    return found


def figures(source: Frames, options: Options) -> dict[str, dict[str, int]]:
    """The same of the report, per store."""
    words = {"up": "uptime", "down": "downtime", "unknown": "unknown"}
    return {
        row["store_id"]: {
            f"{status} {name}": us
            for status, kind in words.items()
            for name in WINDOWS
            if (us := row[f"{kind}_last_{name}_us"])
        }
        for row in build_report(source, options).exact.iter_rows(named=True)
    }


@pytest.mark.parametrize("max_gap", [None, timedelta(minutes=40)], ids=["no limit", "max_gap 40m"])
def test_the_pieces_of_every_store_add_up_to_its_figures(feed: Path, max_gap: timedelta | None) -> None:
    assert_all_add_up(in_memory(feed), Options(max_gap=max_gap))


def assert_all_add_up(source: Frames, options: Options) -> None:
    """The pieces of each store are its exact figures; its week has the written ones, and days of as much."""
    report, expected = build_report(source, options).extended, figures(source, options)
    found = {store: build_timeline(source, store, options) for store in expected}
    assert {store: sums(timeline) for store, timeline in found.items()} == expected
    weeks = {store: week_of(timeline) for store, timeline in found.items()}
    assert {store: week.figures for store, week in weeks.items()} == {
        row["store_id"]: written(row) for row in report.iter_rows(named=True)
    }
    assert {store: by_day(week) for store, week in weeks.items()} == {
        store: {name: us for name, us in parts.items() if name.endswith("week")} for store, parts in expected.items()
    }


def written(row: dict[str, Any]) -> dict[tuple[str, str], Any]:
    """The written figures of a store."""
    kinds = ("uptime", "downtime", "unknown")
    return {(kind, window): row[f"{kind}_last_{window}"] for kind in kinds for window in WINDOWS}


def by_day(week: Week) -> dict[str, int]:
    """Microseconds by status, of all days; those down are those of the outages."""
    us = {status: sum(microseconds(day.total(status)) for day in week.days) for status in STATUSES}
    assert us["down"] == sum(microseconds(outage.length) for outage in week.outages)
    return {f"{status} week": length for status, length in us.items() if length}


def in_memory(feed: Path) -> Frames:
    """The three tables of a folder, all text."""
    names = ("store_status", "menu_hours", "timezones")
    polls, hours, zones = (pl.read_csv(feed / f"{name}.csv", infer_schema=False) for name in names)
    return Frames(polls, hours, zones)


def raw(rows: list[RawRow], header: str) -> pl.DataFrame:
    """Rows of text as a frame."""
    return pl.DataFrame([dict(row) for row in rows], schema=dict.fromkeys(header.split(","), pl.String))


@examples(3)
@given(world=st.one_of(worlds(), sparse_worlds()))
def test_they_do_so_in_odd_worlds(world: World) -> None:
    source = Frames(raw(world.polls, POLLS), raw(world.hours, HOURS), raw(world.zones, ZONES))
    options = Options(now=world.now, max_gap=world.max_gap, lookback=world.lookback)
    try:
        build_report(source, options)
    except NoPolls:
        assume(False)
    assert_all_add_up(source, options)


def test_pieces_follow_each_other_and_never_overlap(feed: Path) -> None:
    store = build_report(open_source(feed)).extended["store_id"][0]
    pieces = build_timeline(open_source(feed), store, Options(max_gap=timedelta(minutes=40))).pieces
    assert set(pieces["status"]) >= {"up", "unknown"}
    assert (pieces["start_utc"] < pieces["end_utc"]).all()
    assert (pieces["end_utc"].shift().drop_nulls() <= pieces["start_utc"].tail(-1)).all()


def test_each_piece_names_a_poll_of_its_store(feed: Path) -> None:
    report = build_report(open_source(feed)).extended
    polls = pl.read_csv(feed / "store_status.csv", infer_schema=False)
    for store in report["store_id"].head(4):
        named = build_timeline(open_source(feed), store).pieces["poll_utc"].dt.strftime("%Y-%m-%d %H:%M:%S%.6f UTC")
        assert set(named.drop_nulls()) <= set(polls.filter(store_id=store)["timestamp_utc"])


# One store ------------------------------------------------------------------------------------------------------------


def timeline(
    *polls: str, hours: tuple[str, ...] = (), zones: str = ZONES, max_gap: timedelta | None = None
) -> Timeline:
    options = Options(now=NOW, max_gap=max_gap)
    return build_timeline(frames(lines(POLLS, *polls), lines(HOURS, *hours), zones), "a", options)


def told(found: Timeline) -> list[tuple[str, str, str, str | None, str]]:
    """Status, from, to, poll and reason, times of day only."""
    clock = pl.col("start_utc", "end_utc", "poll_utc").dt.strftime("%H:%M")
    return found.pieces.select("status", clock, "because").rows()


def test_each_piece_says_why() -> None:
    monday, sunday = ("a,0,06:00,11:00", "a,6,06:00,07:00")
    found = timeline(
        "a,2024-10-14 07:00:00,active",
        "a,2024-10-14 09:00:00,inactive",
        hours=(monday, sunday),
        zones=lines(ZONES, "a,UTC"),
    )
    assert told(found) == [
        ("up", "06:00", "07:00", "07:00", "carried back from the first poll of a later interval"),
        ("up", "06:00", "09:00", "07:00", "first poll reaches back to the opening"),
        ("down", "09:00", "11:00", "09:00", "holds until the next poll or the closing"),
    ]


def test_an_interval_without_polls_says_from_which_side_its_status_is() -> None:
    found = timeline(
        "a,2024-10-13 06:30:00,active",
        hours=("a,6,06:00,07:00", "a,0,06:00,07:00"),
        zones=lines(ZONES, "a,UTC"),
    )
    assert told(found)[1:] == [("up", "06:00", "07:00", "06:30", "carried from the last poll of an earlier interval")]


def test_with_max_gap_each_piece_says_how_its_poll_comes_to_speak_for_it() -> None:
    found = timeline(
        "a,2024-10-14 02:30:00,active",
        "a,2024-10-14 07:00:00,active",
        "a,2024-10-14 07:50:00,inactive",
        "a,2024-10-14 09:30:00,inactive",
        "a,2024-10-14 11:10:00,active",
        hours=("a,0,02:00,02:45", "a,0,03:00,10:15", "a,0,11:00,11:30"),
        zones=lines(ZONES, "a,UTC"),
        max_gap=timedelta(minutes=60),
    )
    assert told(found) == [
        ("up", "02:00", "02:45", "02:30", "first poll reaches back to the opening"),
        ("up", "03:00", "03:30", "02:30", "carried from the last poll of an earlier interval"),
        ("unknown", "03:30", "06:00", None, "no poll within max-gap"),
        ("up", "06:00", "07:50", "07:00", "reaches back over a gap, max-gap at most"),
        ("down", "07:50", "08:50", "07:50", "holds as far as max-gap"),
        ("down", "08:50", "09:30", "09:30", "reaches back over a gap, max-gap at most"),
        ("down", "09:30", "10:15", "09:30", "holds until the next poll or the closing"),
        ("up", "11:00", "11:30", "11:10", "first poll reaches back to the opening"),
    ]


def test_what_is_further_than_max_gap_is_unknown_and_names_no_poll() -> None:
    found = timeline(
        "a,2024-10-14 07:00:00,active",
        "a,2024-10-14 11:10:00,inactive",
        hours=("a,0,06:00,10:30", "a,0,11:00,11:30"),
        zones=lines(ZONES, "a,UTC"),
        max_gap=timedelta(minutes=50),
    )
    assert told(found) == [
        ("unknown", "06:00", "06:10", None, "no poll within max-gap"),
        ("up", "06:10", "07:50", "07:00", "reaches back over a gap, max-gap at most"),
        ("unknown", "07:50", "10:20", None, "no poll within max-gap"),
        ("down", "10:20", "10:30", "11:10", "carried back from the first poll of a later interval"),
        ("down", "11:00", "11:30", "11:10", "first poll reaches back to the opening"),
    ]


@pytest.mark.parametrize("max_gap", [None, timedelta(hours=300)], ids=["no limit", "more than there is"])
def test_without_a_limit_a_poll_reaches_back_to_an_opening_before_the_week(max_gap: timedelta | None) -> None:
    found = timeline("a,2024-10-08 07:00:00,active", max_gap=max_gap)
    assert told(found) == [("up", "12:00", "12:00", "07:00", "first poll reaches back to the opening")]


def test_within_max_gap_it_may_be_cut_there() -> None:
    found = timeline("a,2024-10-07 00:00:00,active", "a,2024-10-07 20:00:00,inactive", max_gap=timedelta(hours=9))
    assert told(found)[:1] == [("down", "12:00", "20:00", "20:00", "reaches back over a gap, max-gap at most")]


def test_a_store_without_evidence_is_unknown_and_names_no_poll() -> None:
    found = timeline("a,2024-10-14 03:00:00,active", hours=("a,0,06:00,11:00",), zones=lines(ZONES, "a,UTC"))
    assert told(found) == [("unknown", "06:00", "11:00", None, "no poll in business time")]


@pytest.mark.parametrize(
    ("now", "offsets"), [("2024-11-03T12:00", "-04:00 -05:00"), ("2024-03-10T12:00", "-05:00 -04:00")]
)
def test_a_day_on_which_clocks_change_shows_both_offsets(now: str, offsets: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    source = frames(lines(POLLS, f"a,{now}:00,active"), zones=NEW_YORK)
    (row,) = build_timeline(source, "a", Options(now=moment)).pieces.iter_rows(named=True)
    assert f"{row['start_local'][-6:]} {row['end_local'][-6:]}" == offsets
    for local, utc in (("start_local", "start_utc"), ("end_local", "end_utc")):
        assert datetime.fromisoformat(row[local]) == row[utc]


def test_a_store_whose_polls_are_all_too_old_has_no_pieces() -> None:
    assert timeline("a,2024-01-01 03:00:00,active", "b,2024-10-14 12:00:00,active").pieces.is_empty()


def test_a_store_that_was_never_polled_is_an_error() -> None:
    with pytest.raises(UnknownStore, match="'a'"):
        timeline("A,2024-10-14 12:00:00,active")


# Its polls and days ---------------------------------------------------------------------------------------------------


def test_the_polls_of_the_week_one_at_each_instant() -> None:
    found = timeline(
        "a,2024-10-14 12:00:00,active",
        "a,2024-10-14 12:00:00.000001,active",
        "a,2024-10-14 10:59:59.5,inactive",
        "a,2024-10-14 10:59:59.5,active",
        "a,2024-10-14 11:00:00,active",
        "a,2024-10-07 12:00:00,inactive",
        "a,2024-10-07 11:59:59,active",
        "b,2024-10-14 09:00:00,active",
        hours=("a,0,11:30,16:30",),
        zones=lines(ZONES, "a,Asia/Kolkata"),
    )
    assert found.polls.columns == ["status", "poll_local", "poll_utc", "in_business"]
    assert found.polls.rows() == [
        ("inactive", "2024-10-07T17:30:00+05:30", datetime(2024, 10, 7, 12, tzinfo=UTC), False),
        ("inactive", "2024-10-14T16:29:59.500+05:30", datetime(2024, 10, 14, 10, 59, 59, 500_000, UTC), True),
        ("active", "2024-10-14T16:30:00+05:30", datetime(2024, 10, 14, 11, tzinfo=UTC), False),
        ("active", "2024-10-14T17:30:00+05:30", NOW, False),
    ]


@pytest.mark.parametrize(("hours", "inside"), [((), True), (("a,9,06:00,11:00",), False)], ids=["24 x 7", "unknown"])
def test_a_poll_at_now_is_inside_where_the_hours_are_known(hours: tuple[str, ...], inside: bool) -> None:
    assert timeline("a,2024-10-14 12:00:00,active", hours=hours).polls["in_business"].to_list() == [inside]


@pytest.mark.parametrize("store", range(4))
def test_the_polls_inside_are_those_that_the_report_counts(feed: Path, store: int) -> None:
    row = build_report(open_source(feed)).exact.row(store, named=True)
    polls = build_timeline(open_source(feed), row["store_id"]).polls
    assert polls["in_business"].sum() == row["polls_last_week"]
    assert polls["poll_utc"].is_sorted()


def days(zone: str, now: str) -> pl.DataFrame:
    """The days of a week in a zone."""
    options = Options(now=datetime.fromisoformat(now).replace(tzinfo=UTC))
    source = frames(lines(POLLS, f"a,{now}:00,active"), zones=lines(ZONES, f"a,{zone}"))
    return build_timeline(source, "a", options).days


def lengths(found: pl.DataFrame) -> list[tuple[str, float, str | None, int | None]]:
    """Each date, its hours, and when its clocks change by how many minutes."""
    hours = (pl.col("end_utc") - pl.col("start_utc")).dt.total_minutes() / 60
    change = pl.col("change_utc").dt.strftime("%d %H:%M")
    return found.select(pl.col("date").dt.strftime("%m-%d"), hours, change, "shift_minutes").rows()


# the zones' own rules: New York changes at 02:00, Santiago and Cairo skip and repeat the hour around midnight
WEEKS: dict[str, tuple[str, str, list[tuple[str, float, str | None, int | None]]]] = {
    "clocks go back in New York": ("America/New_York", "2024-11-04T12:00", [("11-03", 25, "03 06:00", -60)]),
    "and forward": ("America/New_York", "2024-03-11T12:00", [("03-10", 23, "10 07:00", 60)]),
    "a midnight that is skipped in Santiago": ("America/Santiago", "2024-09-09T12:00", [("09-08", 23, "08 04:00", 60)]),
    "an hour before midnight twice": ("America/Santiago", "2024-04-08T12:00", [("04-06", 25, "07 03:00", -60)]),
    "a midnight that is skipped in Cairo": ("Africa/Cairo", "2024-04-27T12:00", [("04-26", 23, "25 22:00", 60)]),
    "an hour before midnight that is skipped": ("America/Nuuk", "2024-04-01T12:00", [("03-30", 23, "31 01:00", 60)]),
    "half an hour on Lord Howe": ("Australia/Lord_Howe", "2024-04-08T12:00", [("04-07", 24.5, "06 15:00", -30)]),
    "a week without a change": ("America/New_York", "2024-10-14T12:00", []),
}


@pytest.mark.parametrize(("zone", "now", "changes"), WEEKS.values(), ids=WEEKS)
def test_a_day_lasts_from_midnight_to_midnight(zone: str, now: str, changes: list[object]) -> None:
    found = days(zone, now)
    ordinary = pl.col("change_utc").is_null() & pl.col("shift_minutes").is_null()
    assert lengths(found.filter(~ordinary)) == changes
    assert {hours for _, hours, _, _ in lengths(found.filter(ordinary))} == {24}


@pytest.mark.parametrize(("zone", "now"), [week[:2] for week in WEEKS.values()], ids=WEEKS)
def test_the_days_follow_each_other_and_cover_the_week(zone: str, now: str) -> None:
    found = days(zone, now)
    end = datetime.fromisoformat(now).replace(tzinfo=UTC)
    starts, ends = found["start_utc"].to_list(), found["end_utc"].to_list()
    assert starts[1:] == ends[:-1]
    assert starts[0] <= end - timedelta(days=7) < ends[0]
    assert starts[-1] < end <= ends[-1]
    assert found["date"].diff().drop_nulls().unique().to_list() == [timedelta(days=1)]
    assert found.height == 8


def test_days_are_instants_of_local_midnights() -> None:
    found = days("America/New_York", "2024-11-04T12:00")
    assert found.columns == ["date", "start_utc", "end_utc", "change_utc", "shift_minutes"]
    assert found.row(6) == (
        date(2024, 11, 3),
        datetime(2024, 11, 3, 4, tzinfo=UTC),
        datetime(2024, 11, 4, 5, tzinfo=UTC),
        datetime(2024, 11, 3, 6, tzinfo=UTC),
        -60,
    )


def test_a_week_from_midnight_to_midnight_has_seven_days() -> None:
    found = days("UTC", "2024-10-14T00:00")
    assert (found["date"][0], found["date"][-1], found.height) == (date(2024, 10, 7), date(2024, 10, 13), 7)


def test_a_date_that_was_left_out_is_none() -> None:
    found = lengths(days("Pacific/Apia", "2012-01-01T00:00").tail(3))
    assert found == [(date, 24, None, None) for date in ("12-29", "12-31", "01-01")]


def test_a_store_without_polls_has_days_all_the_same() -> None:
    found = timeline("a,2024-01-01 03:00:00,active", "b,2024-10-14 12:00:00,active")
    assert (found.polls.height, found.days.height) == (0, 8)


# Formats --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def two_pieces() -> Timeline:
    return timeline(
        "a,2024-10-14 07:00:00.25,active",
        "a,2024-10-14 09:00:00,inactive",
        hours=("a,0,06:00,11:00",),
        zones=lines(ZONES, "a,Asia/Kolkata"),
    )


def test_csv_has_a_row_for_each_piece(two_pieces: Timeline) -> None:
    rows = list(csv.DictReader(io.StringIO(two_pieces.csv().decode(), newline="")))
    assert list(rows[0]) == COLUMNS
    assert [(row["status"], row["start_local"]) for row in rows] == [("unknown", "2024-10-14T06:00:00+05:30")]


def test_json_says_whose_pieces_they_are(two_pieces: Timeline) -> None:
    whole = json.loads(two_pieces.json())
    assert {name: whole[name] for name in ("store_id", "timezone", "now")} == {
        "store_id": "a",
        "timezone": "Asia/Kolkata",
        "now": "2024-10-14T12:00:00Z",
    }
    (piece,) = whole["pieces"]
    assert list(piece) == COLUMNS
    assert list(whole)[-2:] == ["pieces", "polls"]
    assert whole["polls"][0] == {
        "status": "active",
        "poll_local": "2024-10-14T12:30:00.250+05:30",
        "poll_utc": "2024-10-14T07:00:00.250000Z",
        "in_business": False,
    }
    assert (piece["start_utc"], piece["minutes"], piece["poll_utc"]) == ("2024-10-14T00:30:00.000000Z", 300.0, None)


def test_csv_and_json_hold_the_same(feed: Path) -> None:
    store = build_report(open_source(feed)).extended["store_id"][3]
    found = build_timeline(open_source(feed), store)
    texts = list(csv.DictReader(io.StringIO(found.csv().decode(), newline="")))
    values = json.loads(found.json())["pieces"]
    assert [{**row, "minutes": float(row["minutes"])} for row in texts] == [
        {**row, "poll_utc": row["poll_utc"] or ""} for row in values
    ]


def test_lines_for_reading_have_the_length_in_words(two_pieces: Timeline) -> None:
    assert list(two_pieces.lines()) == [
        ("unknown", "2024-10-14 06:00:00+05:30", "2024-10-14 11:00:00+05:30", "5 h 00 min", "none",
         "no poll in business time")
    ]  # fmt: skip


def test_now_ends_the_last_piece() -> None:
    found = timeline("a,2024-10-14 07:00:00,active")
    assert found.pieces["end_utc"].to_list() == [NOW]
