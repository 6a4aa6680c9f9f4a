"""A finished report is explained by its own plan and the polls that are there now, and says if they still agree."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import assume, given

from store_uptime.pipeline import (
    Frames,
    Options,
    Report,
    archive,
    build_report,
    build_timeline,
    explain,
    open_source,
    restore,
    write_sample,
)
from store_uptime.pipeline.clean.raw import PollRows, RawFrames
from store_uptime.pipeline.errors import NoPolls, UnknownStore
from store_uptime.pipeline.options import Horizon
from tests.support.feeds import HOURS, POLLS, ZONES, frames, lines, table
from tests.support.postgres import run
from tests.support.profiles import examples
from tests.support.reference import RawRow
from tests.support.worlds import World, worlds

UP, DOWN = "a,2024-10-14 07:00:00,active", "a,2024-10-14 09:00:00,inactive"
OTHER = "b,2024-10-14 12:00:00,active"
OPEN = lines(HOURS, "a,0,06:00,11:00")
IN_UTC = lines(ZONES, "a,UTC")


def source(*polls: str, hours: str = OPEN, zones: str = IN_UTC) -> Frames:
    return frames(lines(POLLS, *polls), hours, zones)


def kept(report: Report) -> Report:
    """The report as it comes back from where it was kept."""
    whole = archive(report)
    return restore(whole.figures, whole.plan)


@pytest.fixture
def report() -> Report:
    return kept(build_report(source(UP, DOWN, OTHER)))


# As the timeline ------------------------------------------------------------------------------------------------------

OPTIONS = {
    "none": Options(),
    "max_gap": Options(max_gap=timedelta(minutes=40)),
    "now and lookback": Options(now=datetime(2024, 10, 13, 1, 30, tzinfo=UTC), lookback=timedelta(0)),
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_every_store_has_the_pieces_of_its_timeline(tmp_path: Path, options: Options) -> None:
    write_sample(tmp_path, stores=4, days=9, end=datetime(2024, 10, 14, 12, tzinfo=UTC))
    feed = open_source(tmp_path)
    report = kept(build_report(feed, options))
    assert report.exact.height
    for store in report.exact["store_id"]:
        found, expected = explain(feed, report, store), build_timeline(feed, store, options)
        assert found.pieces.equals(expected.pieces)
        assert found.polls.equals(expected.polls)
        assert found.days.equals(expected.days)
        assert (found.store_id, found.timezone, found.agrees) == (store, expected.timezone, True)


def raw(rows: list[RawRow], header: str) -> pl.DataFrame:
    return pl.DataFrame([dict(row) for row in rows], schema=dict.fromkeys(header.split(","), pl.String))


@examples(4)
@given(world=worlds())
def test_so_it_is_in_odd_worlds(world: World) -> None:
    tables = Frames(raw(world.polls, POLLS), raw(world.hours, HOURS), raw(world.zones, ZONES))
    options = Options(now=world.now, max_gap=world.max_gap, lookback=world.lookback)
    try:
        report = kept(build_report(tables, options))
    except NoPolls:
        assume(False)
        return
    for store in report.exact["store_id"]:
        found = explain(tables, report, store)
        assert found.agrees
        assert found.pieces.equals(build_timeline(tables, store, options).pieces)


def test_a_report_that_was_never_saved_is_explained_too() -> None:
    feed = source(UP, DOWN)
    assert explain(feed, build_report(feed), "a").agrees


def test_a_report_of_one_store_is_explained() -> None:
    feed = source(UP, DOWN, OTHER)
    assert explain(feed, kept(build_report(feed, Options(store="a"))), "a").pieces.height == 2


@pytest.mark.parametrize("hours", ["a,0,01:00,02:00", "a,9,06:00,11:00"], ids=["no evidence", "unknown hours"])
def test_a_store_without_figures_agrees(hours: str) -> None:
    feed = source(UP, DOWN, hours=lines(HOURS, hours))
    found = explain(feed, kept(build_report(feed)), "a")
    assert set(found.pieces["status"]) <= {"unknown"}
    assert found.agrees


# What has changed since -----------------------------------------------------------------------------------------------

SINCE: dict[str, tuple[Frames, bool]] = {
    "nothing": (source(UP, DOWN, OTHER), True),
    "a poll of the store has come": (source(UP, DOWN, OTHER, "a,2024-10-14 08:00:00,inactive"), False),
    "a poll that says the same has come": (source(UP, DOWN, OTHER, "a,2024-10-14 08:00:00,active"), True),
    "a poll of the store has gone": (source(UP, OTHER), False),
    "all polls of the store have gone": (source(OTHER), False),
    "all polls have gone": (source(), False),
    "polls of another store have gone": (source(UP, DOWN), True),
    "time has gone on": (source(UP, DOWN, OTHER, "a,2024-10-14 12:00:00.000001,active"), True),
    "a bad row has come": (source(UP, DOWN, OTHER, "a,2024-10-14 08:00:00,off", "a,soon,active"), True),
    "hours and zone are others": (source(UP, DOWN, OTHER, hours=HOURS, zones=lines(ZONES, "a,Asia/Tokyo")), True),
}


@pytest.mark.parametrize(("now_there", "agrees"), SINCE.values(), ids=SINCE)
def test_it_says_whether_the_polls_still_add_up_to_the_figures(report: Report, now_there: Frames, agrees: bool) -> None:
    assert explain(now_there, report, "a").agrees is agrees


def test_pieces_are_those_of_the_polls_that_are_there(report: Report) -> None:
    found = explain(source(OTHER), report, "a")
    assert found.pieces.select("status", "minutes").rows() == [("unknown", 300.0)]


def test_the_json_says_so_too(report: Report) -> None:
    assert json.loads(explain(source(UP, OTHER), report, "a").json())["agrees"] is False
    assert json.loads(build_timeline(source(UP, OTHER), "a").json())["agrees"] is True


# What is read ---------------------------------------------------------------------------------------------------------


class Counted(Frames):
    """A source that remembers whose polls it was asked for, and is asked for nothing else."""

    def __init__(self, polls: pl.DataFrame) -> None:
        super().__init__(polls, [], [])
        self.asked: list[str | None] = []

    def polls(self, horizon: Horizon, store: str | None) -> Sequence[PollRows]:
        self.asked.append(store)
        return super().polls(horizon, store)

    def hours(self, store: str | None) -> RawFrames:
        raise AssertionError

    def zones(self, store: str | None) -> RawFrames:
        raise AssertionError

    def newest_poll_us(self, ceiling_us: int) -> int | None:
        raise AssertionError


def test_only_the_polls_of_the_store_are_read(report: Report) -> None:
    polls = Counted(table(lines(POLLS, UP, DOWN, OTHER)))
    assert explain(polls, report, "a").agrees
    assert polls.asked == ["a"]


def test_a_database_is_asked_for_what_it_has_now(database: str) -> None:
    run(
        database,
        "create table store_status (store_id text, timestamp_utc timestamptz, status text)",
        "create table menu_hours (store_id text, day_of_week int, start_time_local time, end_time_local time)",
        "create table timezones (store_id text, timezone_str text)",
        "insert into store_status values ('a', '2024-10-14 07:00Z', 'active'), ('a', '2024-10-14 09:00Z', 'inactive')",
        "insert into store_status values ('b', '2024-10-14 12:00Z', 'active')",
        "insert into menu_hours values ('a', 0, '06:00', '11:00')",
        "insert into timezones values ('a', 'UTC')",
    )
    report = kept(build_report(open_source(database)))
    before = explain(open_source(database), report, "a")
    run(database, "delete from store_status where status = 'inactive'", "drop table menu_hours", "drop table timezones")
    after = explain(open_source(database), report, "a")
    assert (before.agrees, after.agrees) == (True, False)
    assert list(after.pieces["status"].unique()) == ["up"]


# What cannot be explained ---------------------------------------------------------------------------------------------


def test_a_store_that_the_report_does_not_have_is_an_error(report: Report) -> None:
    with pytest.raises(UnknownStore, match="no poll in the report of frames in memory has the store id 'A'"):
        explain(source(UP, DOWN, OTHER, "A,2024-10-14 08:00:00,active"), report, "A")


def test_a_report_without_its_plan_is_not_explained_wrongly() -> None:
    figures = archive(build_report(source(UP, DOWN))).figures
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        explain(source(UP, DOWN), restore(figures), "a")
