"""Thousands of files in folders by day: those of days that a report cannot need are not opened, if that can be told."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from store_uptime.pipeline import Cluster, Options, UnknownStore, build_report, open_source
from store_uptime.pipeline.source.folder import dated_files
from tests.support.feeds import HOURS, POLLS, ZONES, lines, written_feed

DAYS = 40
NEWEST = dt.date(2024, 10, 14)
HIVE = "date={day}"
Times = Callable[[dt.date], list[dt.datetime]]


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dated_files, "LEAST_FILES", 20)
    monkeypatch.setattr(dated_files, "PROBES", 4)


def noon(day: dt.date) -> list[dt.datetime]:
    return [dt.datetime.combine(day, dt.time(12))]


def days() -> Iterator[dt.date]:
    return (NEWEST - dt.timedelta(days=back) for back in range(DAYS))


def polls(day: dt.date, times: Times) -> pl.DataFrame:
    some = times(day)
    return pl.DataFrame({"store_id": [f"s{day.day}"] * len(some), "timestamp_utc": some, "status": "active"})


def feed(folder: Path, times: Times = noon, pattern: str = HIVE) -> Path:
    """A file of polls a day."""
    written_feed(folder, hours=lines(HOURS), zones=lines(ZONES))
    for day in days():
        below = folder / pattern.format(day=day)
        below.mkdir(parents=True)
        polls(day, times).write_parquet(below / "part-0.parquet")
    return folder


def spoil(folder: Path, day: dt.date, pattern: str = HIVE) -> None:
    """Have a file that cannot be opened."""
    (folder / pattern.format(day=day) / "part-0.parquet").write_bytes(b"PAR1 and no more")


@pytest.mark.parametrize("pattern", [HIVE, "dt={day:%Y%m%d}/hour=3", "year={day.year}/month={day.month}/day={day:%d}"])
def test_files_of_earlier_days_are_not_opened_and_that_is_said(tmp_path: Path, pattern: str) -> None:
    folder = feed(tmp_path / "feed", pattern=pattern)
    whole = build_report(folder)
    for back in range(14, 20):
        spoil(folder, NEWEST - dt.timedelta(days=back), pattern)
    report = build_report(folder)
    counts = report.quality.tables["polls"]
    assert report.csv("extended") == whole.csv("extended")
    assert (counts.accepted, counts.outside) == (9, None)
    assert counts.files_not_opened > 25
    assert report.quality.warnings == whole.quality.warnings


def test_a_report_of_an_earlier_time_opens_what_it_needs(tmp_path: Path) -> None:
    folder, when = feed(tmp_path / "feed"), Options(now=dt.datetime(2024, 9, 20, 13))
    found = build_report(folder, when)
    assert found.quality.tables["polls"].accepted == 8
    assert found.quality.tables["polls"].files_not_opened == 5
    assert build_report(folder, Options(until="2024-09-20T11:00")).plan.horizon.now_us == int(
        dt.datetime(2024, 9, 19, 12, tzinfo=dt.UTC).timestamp() * 1_000_000
    )


def hour_by_hour(day: dt.date) -> list[dt.datetime]:
    return [dt.datetime.combine(day, dt.time(0)) + dt.timedelta(hours=hour) for hour in range(24 * 5)]


def all_until(day: dt.date) -> list[dt.datetime]:
    return [moment for each in days() if each <= day for moment in noon(each)]


def test_folders_by_another_day_are_not_believed(tmp_path: Path) -> None:
    folder = feed(tmp_path / "feed", hour_by_hour)  # the day on which something began, say
    report = build_report(folder)
    assert report.quality.tables["polls"].files_not_opened == 0
    assert report.quality.tables["polls"].outside is not None
    assert report.exact.height == 9


def test_whole_dumps_by_the_day_of_their_export_are_read_right(tmp_path: Path) -> None:
    folder = feed(tmp_path / "feed", all_until)
    report = build_report(folder)
    # The dumps of the last nine days and of two days of slack hold polls of the horizon.
    assert report.quality.tables["polls"].accepted == sum(range(1, 10))
    assert report.quality.tables["polls"].files_not_opened > 20


def test_one_file_that_contradicts_its_folder_has_all_opened(tmp_path: Path) -> None:
    folder = feed(tmp_path / "feed")
    late = NEWEST - dt.timedelta(days=6)  # opened for the horizon, and no probe
    polls(late, lambda day: [*noon(day), *noon(NEWEST)]).write_parquet(folder / f"date={late}" / "part-0.parquet")
    old = NEWEST - dt.timedelta(days=22)
    polls(old, lambda _: noon(NEWEST)).write_parquet(folder / f"date={old}" / "part-0.parquet")
    report = build_report(folder)
    assert report.quality.tables["polls"].files_not_opened == 0
    assert report.quality.tables["polls"].accepted == 11


def test_text_in_folders_by_day_is_opened(tmp_path: Path) -> None:
    folder = written_feed(tmp_path / "feed", hours=lines(HOURS), zones=lines(ZONES))
    for day in days():
        written_feed(folder / f"date={day}", polls=lines(POLLS, f"a,{day} 12:00:00 UTC,active"))
    assert build_report(folder).quality.tables["polls"].outside == DAYS - 9


def test_a_store_that_was_polled_long_ago_is_known(tmp_path: Path) -> None:
    folder = feed(tmp_path / "feed")
    old = NEWEST - dt.timedelta(days=22)
    ids = pl.DataFrame({"store_id": ["long gone"], "timestamp_utc": noon(old), "status": ["active"]})
    ids.write_parquet(folder / f"date={old}" / "part-0.parquet")
    assert build_report(folder, Options(store="long gone")).exact.is_empty()
    with pytest.raises(UnknownStore):
        build_report(folder, Options(store="never"))


def test_all_files_are_sources_whether_opened_or_not(tmp_path: Path) -> None:
    folder = feed(tmp_path / "feed")
    assert set(folder.rglob("*.parquet")) <= set(open_source(folder).files)


def test_a_store_in_two_passes_has_the_polls_of_files_that_are_opened_for_it(tmp_path: Path) -> None:
    folder = feed(tmp_path / "feed", lambda day: [*noon(day), *hour_by_hour(day)])
    store = f"s{(NEWEST - dt.timedelta(days=3)).day}"
    for options in (Options(store=store), Options(store=store, now=dt.datetime.combine(NEWEST, dt.time(12), dt.UTC))):
        report, expected = (build_report(folder, options, cluster=cluster) for cluster in (Cluster(), None))
        assert report.csv("extended") == expected.csv("extended")
        assert report.quality == expected.quality
