"""A report as bytes is the whole report: restored anywhere, at any time, it is written as it was."""

import io
import json
import pickle
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from hypothesis import assume, given

from store_uptime.pipeline import (
    Columns,
    Format,
    Frames,
    Options,
    Report,
    Selection,
    archive,
    build_report,
    build_report_with_lanes,
    load_files,
    open_source,
    restore,
    select,
    write_rejects,
    write_sample,
)
from store_uptime.pipeline.errors import NoPolls
from store_uptime.pipeline.source.folder.own_files import MARK
from tests.support.feeds import HOURS, POLLS, ZONES, frames, lines, table
from tests.support.profiles import examples
from tests.support.reference import RawRow
from tests.support.worlds import World, worlds

NOW = "2024-10-14 12:00:00"
ODD_IDS = ["=1+1", "a,b", 'a"b', "a\nb", "a\r\nb", "naïve 🏪", "007", " ", "NULL", "a\x01b", "a"]
CHOSEN = Options(
    now=datetime(2024, 10, 14, 14, tzinfo=UTC),
    max_gap=timedelta(minutes=90, microseconds=1),
    lookback=timedelta(hours=3),
)
UNTIL = Options(until=datetime(2024, 10, 14, 11, 59, 59, 999_999, tzinfo=UTC))


def odd_ids() -> Frames:
    """Ids that are awkward to write, in every table; those in hours and zones are rejected, or unknown, by turns."""
    polls = pl.DataFrame({"store_id": ODD_IDS}).with_columns(timestamp_utc=pl.lit(NOW), status=pl.lit("active"))
    hours = pl.DataFrame({"store_id": ODD_IDS[:4], "day_of_week": ["9", "0", "x\n", "6"]}).with_columns(
        start_time_local=pl.lit("09:00"), end_time_local=pl.lit("17:00")
    )
    zones = pl.DataFrame({"store_id": [*ODD_IDS[2:7], "never,\npolled"]}).with_columns(timezone_str=pl.lit("Mars/Base"))
    return Frames(polls, hours, zones)


def rejected_rows() -> Frames:
    """Bad rows of all three tables, with nulls, repeats and a contradiction among the good ones."""
    polls = ["a,soon,active", f"a,{NOW},up", f",{NOW},active", f"b,{NOW},active", f"b,{NOW},inactive"]
    polls += ["a,2024-10-14 11:00:00,active", "a,2024-10-14 11:00:00,active", "a,2924-01-01 00:00:00,active"]
    hours = ["a,0,9 AM,17:00", "b,0,09:00,17:00", "b,7,09:00,17:00"]
    zones = ["b,Asia/Kolkata", "b,Europe/Dublin", ",UTC"]
    return Frames(with_nulls(POLLS, *polls), with_nulls(HOURS, *hours), with_nulls(ZONES, *zones))


def with_nulls(header: str, *rows: str) -> pl.DataFrame:
    """The rows as text, and one of nothing but nulls."""
    texts = table(lines(header, *rows))
    return pl.concat([texts, texts.clear(1)])


def nothing_known() -> Frames:
    """A store that is closed when it is polled: its figures are null."""
    return frames(lines(POLLS, "a,2024-10-14 03:00:00,active"), lines(HOURS, "a,0,06:00,11:00"), lines(ZONES, "a,UTC"))


def fell_silent() -> Frames:
    return frames(lines(POLLS, "a,2024-01-01 03:00:00,active", f"b,{NOW},active"), zones=lines(ZONES, "a,UTC", "c,UTC"))


REPORTS: dict[str, tuple[Frames, Options]] = {
    "odd ids": (odd_ids(), Options()),
    "rejected rows": (rejected_rows(), Options()),
    "options that were chosen": (rejected_rows(), CHOSEN),
    "until a moment": (rejected_rows(), UNTIL),
    "one store": (odd_ids(), Options(store="a,b")),
    "null figures": (nothing_known(), Options()),
    "a silent feed": (fell_silent(), Options()),
    "no row at all": (fell_silent(), Options(store="a")),
    "a horizon of its own": (fell_silent(), Options(now=datetime(2024, 1, 1, 4))),
}
TEXTS: list[Format] = ["csv", "json", "parquet"]
BOTH: list[Columns] = ["plain", "extended"]


@cache
def built(name: str) -> Report:
    source, options = REPORTS[name]
    return build_report_with_lanes(source, options)


def again(report: Report) -> Report:
    whole = archive(report)
    return restore(whole.figures, whole.plan, whole.rejects, whole.lanes, attributes=whole.attributes)


def cells(content: bytes) -> list[list[tuple[object, ...]]]:
    return [list(sheet.iter_rows(values_only=True)) for sheet in openpyxl.load_workbook(io.BytesIO(content))]


def assert_written_alike(found: Report, expected: Report) -> None:
    for columns in BOTH:
        for file_format in TEXTS:
            assert found.render(file_format, columns) == expected.render(file_format, columns)
        assert found.csv_safe(columns) == expected.csv_safe(columns)


# Written as it was ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REPORTS)
def test_the_figures_alone_are_written_to_the_byte(name: str) -> None:
    report = built(name)
    assert_written_alike(restore(archive(report).figures), report)


@pytest.mark.parametrize("name", REPORTS)
def test_a_workbook_has_the_same_cells(name: str) -> None:
    report = built(name)
    found = restore(archive(report).figures)
    for columns in BOTH:
        assert cells(found.xlsx(columns)) == cells(report.xlsx(columns))


@pytest.mark.parametrize("name", REPORTS)
def test_quality_and_provenance_are_the_same(name: str) -> None:
    report = built(name)
    found = restore(archive(report).figures)
    assert found.about == report.about
    assert found.quality == report.quality


@pytest.mark.parametrize("name", REPORTS)
def test_the_plan_is_the_same(name: str) -> None:
    report = built(name)
    expected, found = report.plan, again(report).plan
    keys = ("store", "open_us")
    assert found.stores.equals(expected.stores)
    assert found.stores.schema == expected.stores.schema
    assert found.intervals.sort(keys).equals(expected.intervals.sort(keys))
    assert found.intervals.schema == expected.intervals.schema
    assert found.not_observed.equals(expected.not_observed)
    assert (found.horizon, found.observed_ids) == (expected.horizon, expected.observed_ids)


@pytest.mark.parametrize("name", REPORTS)
def test_rejected_rows_are_the_same(name: str) -> None:
    report = built(name)
    expected, found = report.rejects, again(report).rejects
    assert list(found) == list(expected)
    assert all(found[name].equals(rows) for name, rows in expected.items())
    assert [rows.schema for rows in found.values()] == [rows.schema for rows in expected.values()]


@pytest.mark.parametrize("name", REPORTS)
def test_what_was_restored_is_saved_as_before(name: str) -> None:
    first = archive(built(name))
    assert archive(restore(first.figures, first.plan, first.rejects, first.lanes)) == first


@pytest.mark.parametrize("name", REPORTS)
def test_the_lanes_are_the_same(name: str) -> None:
    report = built(name)
    expected, found = report.lanes, again(report).lanes
    assert expected is not None
    assert found is not None
    assert found.equals(expected)
    assert found.schema == expected.schema == {"store": pl.UInt32, "minute": pl.UInt16, "status": pl.UInt8}


# One store of it ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REPORTS)
def test_of_one_store_it_says_what_the_whole_says(name: str) -> None:
    report = built(name)
    whole = archive(report)
    for store in report.exact["store_id"]:
        found = restore(whole.figures, whole.plan, whole.rejects, whole.lanes, store=store)
        key = report.plan.stores.filter(store_id=store)["store"].item()
        assert found.exact.equals(report.exact.filter(store_id=store))
        assert found.plan.stores.equals(report.plan.stores.filter(store=key))
        assert found.plan.intervals.equals(report.plan.intervals.filter(store=key).sort("open_us"))
        assert found.lanes is not None
        assert report.lanes is not None
        assert found.lanes.equals(report.lanes.filter(store=key).with_columns(store=pl.lit(0, pl.UInt32)))
        lists = {name: [store] if store in ids else [] for name, ids in report.quality.stores.items()}
        assert {**found.quality.stores, "not_observed": []} == lists


def test_of_a_store_that_is_not_in_it_there_is_no_row() -> None:
    whole = archive(built(next(iter(REPORTS))))
    assert restore(whole.figures, whole.plan, store="nobody").exact.is_empty()


def raw(rows: list[RawRow], header: str) -> pl.DataFrame:
    return pl.DataFrame([dict(row) for row in rows], schema=dict.fromkeys(header.split(","), pl.String))


@examples(6)
@given(world=worlds())
def test_so_it_is_in_odd_worlds(world: World) -> None:
    source = Frames(raw(world.polls, POLLS), raw(world.hours, HOURS), raw(world.zones, ZONES))
    try:
        report = build_report(source, Options(now=world.now, max_gap=world.max_gap, lookback=world.lookback))
    except NoPolls:
        assume(False)
        return
    assert_written_alike(again(report), report)
    assert again(report).about == report.about


def test_a_report_from_a_database_is_restored_without_it(database: str, tmp_path: Path) -> None:
    write_sample(tmp_path / "feed", stores=30, days=9)
    assert all(done.accepted for done in load_files(tmp_path / "feed", database, tmp_path / "rejects").files)
    report = build_report(open_source(database))
    assert_written_alike(again(report), report)


# What it keeps --------------------------------------------------------------------------------------------------------


def test_the_zone_rules_are_those_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store_uptime.pipeline.plan.prepare.tzdata_version", lambda: "1999.1")
    whole = archive(build_report(*REPORTS["null figures"]))
    monkeypatch.undo()
    assert restore(whole.figures).provenance["tzdata"] == "1999.1"


@pytest.mark.parametrize("name", ["options that were chosen", "until a moment"])
def test_options_are_those_of_the_run(name: str) -> None:
    assert again(built(name)).plan.options == REPORTS[name][1]


def test_of_many_rejected_rows_the_first_are_kept_and_all_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store_uptime.pipeline.report.archive.REJECTS_KEPT", 2)
    report = built("rejected rows")
    found = again(report)
    assert [rows.height for rows in found.rejects.values()] == [2, 2, 2]
    assert all(found.rejects[name].equals(rows.head(2)) for name, rows in report.rejects.items())
    assert found.quality.tables == report.quality.tables


def test_rejects_are_written_as_before(tmp_path: Path) -> None:
    report = built("rejected rows")
    write_rejects(report, tmp_path / "before")
    write_rejects(again(report), tmp_path / "after")
    for file in (tmp_path / "before").iterdir():
        assert (tmp_path / "after" / file.name).read_bytes() == file.read_bytes()


def test_without_its_lanes_a_report_has_none() -> None:
    whole = archive(built("options that were chosen"))
    assert restore(whole.figures, whole.plan, whole.rejects).lanes is None


def test_where_nobody_asked_for_lanes_there_are_none() -> None:
    report = build_report(rejected_rows())
    assert (report.lanes, archive(report).lanes) == (None, None)


def test_without_its_rejects_a_report_has_no_such_tables() -> None:
    assert restore(archive(built("rejected rows")).figures).rejects == {}


# The bytes ------------------------------------------------------------------------------------------------------------


def test_it_survives_pickling() -> None:
    whole = archive(built("rejected rows"))
    assert pickle.loads(pickle.dumps(whole)) == whole


def test_each_part_is_a_parquet_file_of_its_own() -> None:
    report = built("rejected rows")
    whole = archive(report)
    assert pl.read_parquet(io.BytesIO(whole.figures)).equals(report.exact)
    assert MARK in pl.read_parquet_metadata(io.BytesIO(whole.figures))
    assert whole.lanes is not None
    assert report.lanes is not None
    assert pl.read_parquet(io.BytesIO(whole.lanes)).equals(report.lanes)
    assert pl.read_parquet(io.BytesIO(whole.plan)).columns == ["store", "open_us", "close_us"]
    rejects = pl.read_parquet(io.BytesIO(whole.rejects))
    assert rejects.columns[:4] == ["table", "file", "line", "reason"]
    assert rejects.height == sum(rows.height for rows in report.rejects.values())


def test_a_plan_takes_a_few_bytes_an_interval(tmp_path: Path) -> None:
    write_sample(tmp_path, stores=1000, days=9)
    report = build_report(open_source(tmp_path))
    assert len(archive(report).plan) < 4 * report.plan.intervals.height


def test_what_an_older_version_kept_can_still_be_looked_at() -> None:
    source = frames(lines(POLLS, "s,2024-10-14 11:30:00 UTC,inactive"))
    figures = io.BytesIO(archive(build_report(source)).figures)
    older = io.BytesIO()
    facts = json.loads(pl.read_parquet_metadata(figures)[MARK])
    facts["options"] = {"now_us": None, "store": None, "max_gap_us": None, "lookback_us": 86_400_000_000}
    pl.read_parquet(figures).drop("down_now", "down_since_us").write_parquet(older, metadata={MARK: json.dumps(facts)})
    report = restore(older.getvalue())
    assert report.plan.options == Options()
    assert report.exact.select("down_now", "down_since_us").rows() == [(None, None)]
    assert select(report, Selection(down_now=True)).exact.is_empty()


def test_the_version_before_finds_the_options_under_the_names_that_it_knows() -> None:
    source = frames(lines(POLLS, "s,2024-10-14 11:30:00 UTC,inactive"))
    figures = io.BytesIO(archive(build_report(source, Options(now="2024-10-14T12:00", max_gap="2h"))).figures)
    kept = json.loads(pl.read_parquet_metadata(figures)[MARK])["options"]
    us = {"now_us": 1_728_907_200_000_000, "max_gap_us": 7_200_000_000, "lookback_us": 86_400_000_000, "until_us": None}
    assert {name: kept[name] for name in us} == us
    assert kept["store"] is None


def test_rejected_rows_that_an_older_version_kept_have_no_surplus() -> None:
    report, older = built("rejected rows"), io.BytesIO()
    whole = archive(report)
    pl.read_parquet(whole.rejects).drop("surplus", "file").write_parquet(older)
    found = restore(whole.figures, whole.plan, older.getvalue()).rejects["polls"]
    assert found.columns == report.rejects["polls"].columns
    assert found["surplus"].null_count() == found.height
