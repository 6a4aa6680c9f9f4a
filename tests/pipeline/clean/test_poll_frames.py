"""Polls in frames of text and of timestamps: the same values are accepted, rejected and reported alike."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import polars as pl
import pytest
from hypothesis import assume, given

from store_uptime.pipeline import Frames, Options, Report, build_report, build_report_with_lanes
from store_uptime.pipeline.durations import HOUR_US, WEEK_US
from store_uptime.pipeline.packing import PollKeys
from tests.pipeline.test_against_reference import answer_of, reported_figures, reported_quality
from tests.support.feeds import HOURS, ZONES, lines, table
from tests.support.profiles import examples
from tests.support.reference import RawRow, instant
from tests.support.worlds import World, moment, worlds

NOW = datetime(2024, 10, 14, 12, tzinfo=UTC)
START = NOW - timedelta(days=8)
AHEAD = datetime(2201, 1, 1, tzinfo=UTC)  # nanoseconds end in 2262
BAD_IDS = (None, "", "b\0", "c\ufffd")
Poll = tuple[str | None, datetime | None, str | None]
Form = Callable[[pl.DataFrame], pl.DataFrame]
IN_UTC = pl.Datetime("us", "UTC")


def typed(polls: list[Poll], kind: pl.Datetime = IN_UTC) -> pl.DataFrame:
    times = {"store_id": pl.String(), "timestamp_utc": IN_UTC, "status": pl.String()}
    frame = pl.DataFrame(polls, schema=times, orient="row")
    zoned = pl.col("timestamp_utc").dt.convert_time_zone(kind.time_zone or "UTC")
    time = zoned if kind.time_zone else zoned.dt.replace_time_zone(None)
    return frame.with_columns(time.dt.cast_time_unit(kind.time_unit))


def as_text(polls: pl.DataFrame) -> pl.DataFrame:
    return polls.with_columns(pl.col("timestamp_utc").cast(pl.String))


def report_of(polls: pl.DataFrame, now: datetime | None = None) -> Report:
    return build_report(Frames(polls, table(HOURS), table(ZONES)), Options(now=now))


def said(report: Report) -> tuple[Any, ...]:
    """All that depends on the polls."""
    rejected = report.rejects["polls"]
    return report.plan.horizon.now_us, report.csv("extended"), report.quality, rejected.sort(rejected.columns).rows()


FORMS: list[Form] = [as_text, pl.DataFrame.clone]
UNITS: list[Literal["ms", "us", "ns"]] = ["ms", "us", "ns"]
KINDS = {f"{unit} {zone}": pl.Datetime(unit, zone) for unit in UNITS for zone in (None, "UTC", "Asia/Kolkata")}
WORDS = (" Active ", "INACTIVE\t", "up", None)
ODD: list[Poll] = [
    *((store_id, NOW, "active") for store_id in ("a", *BAD_IDS)),
    *((store_id, AHEAD, "active") for store_id in ("a", *BAD_IDS)),
    *((store_id, None, "active") for store_id in ("a", *BAD_IDS)),
    *(("d", NOW - timedelta(hours=3 + number), word) for number, word in enumerate(WORDS)),
    *(("e", at, None) for at in (NOW, None, AHEAD)),
    *(("f", at, "up") for at in (START - timedelta(days=1), NOW + timedelta(days=1), AHEAD)),
    *((store_id, START - timedelta(days=9), "active") for store_id in ("a", *BAD_IDS)),
]
REJECTED: list[Poll] = [*((store_id, NOW, "active") for store_id in BAD_IDS), ("a", NOW, "up"), ("a", AHEAD, "active")]


@pytest.mark.parametrize("now", [None, NOW])
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_odd_rows_are_judged_alike(kind: pl.Datetime, now: datetime | None) -> None:
    polls = typed(ODD, kind)
    report = report_of(polls, now)
    assert said(report) == said(report_of(as_text(polls), now))
    assert report.exact["store_id"].to_list() == ["a", "d"]


@pytest.mark.parametrize("room", [1, 2, 3])
@pytest.mark.parametrize("form", FORMS)
def test_each_row_is_rejected_once_on_however_many_lines_there_are(
    room: int, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    polls = form(typed(ODD))
    expected = said(report_of(polls))
    monkeypatch.setattr(PollKeys, "room", room)
    assert said(report_of(polls)) == expected


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_ends_of_the_horizon_are_in_it_and_nothing_beyond(kind: pl.Datetime) -> None:
    step = timedelta(milliseconds=1) if kind.time_unit == "ms" else timedelta(microseconds=1)
    at = {"before": START - step, "start": START, "now": NOW, "after": NOW + step}
    report = report_of(typed([(name, time, "active") for name, time in at.items()], kind), NOW)
    assert report.exact["store_id"].to_list() == ["now", "start"]
    assert (report.quality.tables["polls"].accepted, report.quality.tables["polls"].outside) == (2, 2)


def test_the_nanoseconds_of_the_last_microsecond_are_in_it() -> None:
    times = pl.Series([-1, 0, 999, 1_000]) + pl.select(pl.lit(NOW).dt.timestamp("us")).item() * 1_000
    polls = pl.DataFrame({"store_id": list("abcd"), "timestamp_utc": times.cast(pl.Datetime("ns")), "status": "active"})
    assert report_of(polls, NOW).exact["store_id"].to_list() == ["a", "b", "c"]
    assert report_of(polls).plan.horizon.now_us == times[3] // 1_000


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("bad", REJECTED)
def test_now_is_the_newest_poll_that_is_accepted(form: Form, bad: Poll) -> None:
    before = NOW - timedelta(hours=5)
    polls = form(typed([("a", before - timedelta(days=1), "active"), ("a", before, "inactive"), bad]))
    assert moment(report_of(polls).plan.horizon.now_us) == before


def test_parts_of_text_and_of_timestamps_are_one_table() -> None:
    polls = typed(ODD)
    times = {"hours": table(HOURS), "zones": table(ZONES)}
    mixed = Frames([as_text(polls[::2]).lazy(), polls[1::2].lazy()], **times)
    assert said(build_report(mixed)) == said(report_of(polls))


def parsed(row: RawRow) -> Poll:
    at = instant(row["timestamp_utc"] or "")
    return row["store_id"], None if at is None else moment(at), row["status"]


def rows_of(rows: list[RawRow], header: str) -> pl.DataFrame:
    return pl.DataFrame([dict(row) for row in rows], schema=dict.fromkeys(header.split(","), pl.String))


@examples(7)
@given(worlds())
def test_worlds_of_timestamps_have_the_figures_of_worlds_of_text(world: World) -> None:
    """But for the reasons: what cannot be read as a time is no time in a typed column."""
    assume(answer_of(world).rows)
    polls = typed([parsed(row) for row in world.polls])
    options = Options(now=world.now, max_gap=world.max_gap, lookback=world.lookback)
    others = rows_of(world.hours, HOURS), rows_of(world.zones, ZONES)
    found, expected = (build_report_with_lanes(Frames(each, *others), options) for each in (polls, as_text(polls)))
    assert reported_figures(found) == reported_figures(expected)
    assert reported_quality(found) == reported_quality(expected)


# Horizons of any length -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "days",
    [
        pytest.param(60, id="months"),
        pytest.param(36_525, id="a century"),
        pytest.param(735_000, id="ages", marks=pytest.mark.nightly),
    ],
)
def test_horizons_of_months_and_of_centuries(days: int, form: Form) -> None:
    """Twenty stores, up from the start to the last hour; of ages, a line has room for eight of them."""
    lookback, hour, us = timedelta(days=days), timedelta(hours=1), timedelta(microseconds=1)
    start = NOW - timedelta(days=7) - lookback
    stores = [f"{number:02}" for number in range(20)]
    polls: list[Poll] = [(store, start, "active") for store in stores]
    polls += [(store, NOW - hour, "inactive") for store in stores]
    polls += [("00", start - us, "inactive"), ("19", NOW + us, "active"), ("", NOW, "active")]
    source = Frames(form(typed(polls)), table(lines(HOURS, "05,0,09:00,12:00")), table(lines(ZONES, "05,UTC")))
    report = build_report(source, Options(now=NOW, lookback=lookback))
    always, monday = (WEEK_US - HOUR_US, HOUR_US), (0, 3 * HOUR_US)
    found = report.exact.select("store_id", "uptime_last_week_us", "downtime_last_week_us").rows()
    assert found == [(store, *(monday if store == "05" else always)) for store in stores]
    counts = report.quality.tables["polls"]
    assert (counts.accepted, counts.rejected["missing store id"], counts.outside) == (40, 1, 2)


@pytest.mark.parametrize(
    ("us", "shown"),
    [
        (1_773_000_000_000_000_000, "+58154-02-18 08:00:00.000"),
        (-62_135_596_801_000_000, "0000-12-31 23:59:59.000"),
    ],
)
def test_an_instant_that_no_report_can_write_is_rejected_as_the_text_of_its_type(us: int, shown: str) -> None:
    """Not as a number, which a mapping with a unit would read as another time."""
    polls = pl.DataFrame(
        {"store_id": ["a", "a"], "timestamp_utc": [us // 1000, 1_700_000_000_000], "status": ["active", "active"]}
    ).with_columns(pl.col("timestamp_utc").cast(pl.Datetime("ms")))
    report = build_report(Frames(polls, table(lines(HOURS)), table(lines(ZONES))))
    assert report.rejects["polls"].select("reason", "timestamp_utc").rows() == [("bad timestamp", shown)]


def test_an_instant_that_polars_cannot_write_is_rejected_as_its_number_with_the_unit() -> None:
    polls = pl.DataFrame(
        {"store_id": ["a", "a"], "timestamp_utc": [2**62, 1_700_000_000_000], "status": ["active", "active"]}
    ).with_columns(pl.col("timestamp_utc").cast(pl.Datetime("ms")))
    report = build_report(Frames(polls, table(lines(HOURS)), table(lines(ZONES))))
    assert report.rejects["polls"]["timestamp_utc"].to_list() == ["4611686018427387904 ms since 1970"]
