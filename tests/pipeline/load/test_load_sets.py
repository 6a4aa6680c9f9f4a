"""All files of a load are one set: they say together what one file says, and go in together or not at all."""

import csv
import gzip
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import polars as pl
import pytest
from hypothesis import given, strategies as st

from store_uptime.pipeline import NoPolls, Options, SourceMapping, build_report, load_files, open_source
from store_uptime.pipeline.errors import LoadRefused, SourceMismatch, WouldOverwriteSource
from store_uptime.pipeline.tables import COLUMNS, Table
from tests.support.feeds import HOURS, POLLS, ZONES, called, lines, written_feed
from tests.support.postgres import eventually, fresh_database, run
from tests.support.profiles import examples
from tests.support.reference import RawRow
from tests.support.worlds import World, worlds

TABLES = tuple(COLUMNS)
POLL = lines(POLLS, "a,2024-10-14 12:00:00 UTC,active")


@pytest.fixture(scope="module")
def shared(server: str) -> Iterator[str]:
    """The URL of a database that one example after the other may use."""
    with fresh_database(server) as url:
        yield url


def contents(database: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the three tables, without the optional columns."""
    return {
        name: sorted(run(database, f"select row({','.join(columns)})::text from {name}"))
        for name, columns in COLUMNS.items()
    }


def hours(database: str) -> list[str]:
    return [row for (row,) in contents(database)["menu_hours"]]


# Random splittings ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """Some rows of a table in a file of their own."""

    name: str
    columns: Sequence[str]
    rows: Sequence[RawRow]

    def write(self, folder: Path) -> None:
        file = folder / self.name
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".parquet":
            schema = dict.fromkeys(self.columns, pl.String)
            pl.DataFrame([dict(row) for row in self.rows], schema=schema).write_parquet(file)
            return
        with (gzip.open if file.suffix == ".gz" else open)(file, "wt", encoding="utf-8", newline="") as text:
            writer = csv.DictWriter(text, self.columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)


@st.composite
def parts(draw: st.DrawFn, table: Table, rows: Sequence[RawRow]) -> list[Part]:
    """The rows of a table in one to three files of any form; those of a store may be in several."""
    where = draw(st.lists(st.integers(0, 2), min_size=len(rows), max_size=len(rows)))
    found = []
    for number in sorted({0, *where}):
        name = f"{table}-{number}.{draw(st.sampled_from(['csv', 'csv.gz', 'parquet']))}"
        columns = draw(st.permutations(COLUMNS[table]))
        found.append(Part(name, columns, [row for row, file in zip(rows, where, strict=True) if file == number]))
    return found


@st.composite
def split_worlds(draw: st.DrawFn) -> tuple[World, list[Part]]:
    """A world, and its tables in files."""
    world = draw(worlds())
    tables = zip(TABLES, (world.polls, world.hours, world.zones), strict=True)
    return world, [part for table, rows in tables for part in draw(parts(table, rows))]


def said(address: str | Path, world: World) -> object:
    """The figures of a report and the lists of its stores, or that there are none."""
    options = Options(now=world.now, max_gap=world.max_gap, lookback=world.lookback)
    try:
        report = build_report(open_source(address), options)
    except NoPolls:
        return "no polls"
    return report.exact.to_dicts(), report.quality.stores


@examples(5)
@given(split_worlds(), st.booleans())
def test_a_load_of_any_splitting_says_what_the_folder_says(
    shared: str, split: tuple[World, list[Part]], full: bool
) -> None:
    world, files = split
    run(shared, *(f"drop table if exists {name}" for name in TABLES))
    with TemporaryDirectory() as name:
        feed, rejects, before = Path(name) / "feed", Path(name) / "rejects", Path(name) / "before"
        for part in files:
            part.write(feed)
        if full:
            stores = ("a", "b", *(row["store_id"] for row in world.hours if row["store_id"] in ("007", " a")))
            earlier = lines(HOURS, *(f"{store},3,04:00,05:00" for store in stores))
            load_files(written_feed(before, hours=earlier, zones=lines(ZONES, "a,Asia/Kolkata")), shared, rejects)
        load_files(feed, shared, rejects, replaced_stores="all" if full else "listed")
        assert said(shared, world) == said(feed, world)


# One set --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("full", [False, True])
def test_hours_of_a_store_in_two_files_stand_side_by_side(full: bool, database: str, tmp_path: Path) -> None:
    shards = {"hours0": lines(HOURS, "a,0,09:00,12:00"), "hours1": lines(HOURS, "a,0,13:00,17:00", "b,1,09:00,17:00")}
    load_files(written_feed(tmp_path / "old", h=lines(HOURS, "a,5,01:00,02:00", "c,5,01:00,02:00")), database, tmp_path)
    done = load_files(
        written_feed(tmp_path / "feed", **shards), database, tmp_path, replaced_stores="all" if full else "listed"
    )
    loaded = ["(a,0,09:00:00,12:00:00)", "(a,0,13:00:00,17:00:00)", "(b,1,09:00:00,17:00:00)"]
    assert hours(database) == (loaded if full else [*loaded, "(c,5,01:00:00,02:00:00)"])
    assert [(file.added, file.replaced) for file in done.files] == [(1, 1 + full), (2, 0)]
    sums = done.tables["menu_hours"]
    assert (sums.files, sums.accepted, sums.added, sums.replaced, sums.rejected) == (2, 3, 3, 1 + full, {})


def test_a_poll_in_two_files_is_added_by_the_first(database: str, tmp_path: Path) -> None:
    done = load_files(written_feed(tmp_path / "feed", p0=POLL, p1=POLL), database, tmp_path / "rejects")
    assert [(file.name, file.accepted, file.added) for file in done.files] == [("p0.csv", 1, 1), ("p1.csv", 1, 0)]


def cut_zones(feed: Path) -> Path:
    """The feed with a file of zones that breaks off."""
    rows = [f"{os.urandom(8).hex()},UTC" for _ in range(5_000)]
    (feed / "zones.csv").write_bytes(gzip.compress(lines(ZONES, *rows).encode())[:30_000])
    return feed


def test_one_file_that_breaks_off_keeps_all_others_and_all_rejects_out(database: str, tmp_path: Path) -> None:
    feed, rejects = tmp_path / "feed", tmp_path / "rejects"
    load_files(written_feed(feed, hours=lines(HOURS, "a,8,09:00,17:00"), polls=POLL), database, rejects)
    before = contents(database), {file.name: file.read_bytes() for file in rejects.iterdir()}
    cut_zones(written_feed(feed, hours=lines(HOURS, "a,9,09:00,17:00", "b,1,09:00,17:00")))
    with pytest.raises(SourceMismatch, match=r"zones\.csv"):
        load_files(feed, database, rejects)
    assert (contents(database), {file.name: file.read_bytes() for file in rejects.iterdir()}) == before


def test_a_load_that_fails_leaves_no_table_and_no_folder(database: str, tmp_path: Path) -> None:
    feed = cut_zones(written_feed(tmp_path / "feed", polls=f"{POLL}a,soon,active\n"))
    with pytest.raises(SourceMismatch):
        load_files(feed, database, tmp_path / "some" / "rejects")
    assert run(database, "select to_regclass('store_status'), to_regclass('menu_hours')") == [(None, None)]
    assert [path.name for path in tmp_path.iterdir()] == ["feed"]


def test_a_second_load_waits_for_the_end_of_the_first(database: str, tmp_path: Path) -> None:
    first = written_feed(tmp_path / "first", hours=lines(HOURS, "a,0,09:00,12:00"), polls=POLL)
    second = written_feed(tmp_path / "second", hours=lines(HOURS, "a,6,09:00,12:00"), polls=POLL)
    other = Thread(target=load_files, args=(second, database, tmp_path / "rejects"))
    waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"

    def meanwhile(file: PurePath, rows: int) -> None:
        if other.ident is None:
            other.start()
            eventually(lambda: run(database, waiting) == [(1,)])

    load_files(first, database, tmp_path / "rejects", progress=meanwhile)
    other.join()
    assert contents(database)["store_status"] == [('(a,"2024-10-14 12:00:00+00",active)',)]
    assert hours(database) == ["(a,6,09:00:00,12:00:00)"]


# Rejects --------------------------------------------------------------------------------------------------------------


def test_a_rejects_folder_that_is_the_feed_leaves_the_feed_as_it_is(database: str, tmp_path: Path) -> None:
    files = {"menu_hours": lines(HOURS, "a,8,09:00,17:00"), "store_status": POLL, "zones": lines(ZONES, "a,UTC")}
    feed = written_feed(tmp_path / "feed", **files)
    load_files(feed, database, feed)
    assert {path.name: path.read_text() for path in feed.iterdir()} == {
        "menu_hours.csv": files["menu_hours"],
        "menu_hours.csv.rejects.csv": lines(
            f"file,line,reason,{HOURS},surplus", "menu_hours.csv,2,bad weekday,a,8,09:00,17:00,"
        ),
        "store_status.csv": files["store_status"],
        "zones.csv": files["zones"],
    }


def test_a_file_of_the_users_under_the_name_of_rejects_stays(database: str, tmp_path: Path) -> None:
    notes, feed = tmp_path / "rejects" / "hours.csv.rejects.csv", tmp_path / "feed"
    notes.parent.mkdir()
    notes.write_text("my notes")
    load_files(written_feed(feed, hours=lines(HOURS, "a,1,09:00,17:00")), database, notes.parent)
    before = contents(database)
    done = called(
        "load", written_feed(feed, hours=lines(HOURS, "a,8,09:00,17:00")), "--database", database, cwd=tmp_path
    )
    assert b"hours.csv.rejects.csv: a file is there that is no earlier rejects file of store-uptime" in done.stderr
    assert (done.returncode, contents(database), notes.read_text()) == (1, before, "my notes")


def test_rejects_that_are_a_link_to_what_is_read_are_refused(database: str, tmp_path: Path) -> None:
    hours_file = (
        written_feed(tmp_path / "feed", hours=f"line,reason,{HOURS}\n2,bad weekday,a,1,09:00,17:00\n") / "hours.csv"
    )
    (tmp_path / "hours.csv.rejects.csv").hardlink_to(hours_file)
    with pytest.raises(WouldOverwriteSource):
        load_files(hours_file, database, tmp_path)


# Corrected rows -------------------------------------------------------------------------------------------------------

GOOD_HOURS = ("a,0,09:00,17:00", "b,0,09:00,17:00")
CORRECTED: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "all of them": (("a,1,9 AM,17:00", "a,2,09:00,5 PM"), {"9 AM": "09:00", "5 PM": "17:00"}),
    "to the same row twice": (("a,1,9 AM,17:00", "a,1,09h,17:00"), {"9 AM": "09:00", "09h": "09:00"}),
    "a store without a good row": (("c,1,9 AM,17:00",), {"9 AM": "09:00"}),
    "some of them": (("a,1,9 AM,17:00", "a,2,09:00,5 PM", "b,8,09:00,17:00"), {"9 AM": "09:00"}),
    "a row of nobody": ((",1,09:00,17:00", "a,2,09:00,5 PM"), {",1,": "b,1,", "5 PM": "17:00"}),
    "none of them": (("a,1,9 AM,17:00",), {}),
}


def corrected(text: str, corrections: dict[str, str]) -> str:
    for wrong, right in corrections.items():
        text = text.replace(f",{wrong}", f",{right}") if wrong[0] == "," else text.replace(wrong, right)
    return text


@pytest.mark.parametrize(("bad", "corrections"), CORRECTED.values(), ids=CORRECTED)
def test_corrected_rejects_bring_what_right_hours_would_have_brought(
    bad: tuple[str, ...], corrections: dict[str, str], database: str, tmp_path: Path
) -> None:
    wrong, rejects = lines(HOURS, *GOOD_HOURS, *bad), tmp_path / "rejects"
    load_files(written_feed(tmp_path / "feed", hours=wrong, polls=POLL), database, rejects)
    file = rejects / "hours.csv.rejects.csv"
    file.write_text(corrected(file.read_text(), corrections))
    found = []
    for _ in range(2):
        load_files(file, database, rejects)
        found.append(hours(database))
    right = corrected(wrong.replace("\n,1,", "\nb,1,"), corrections)
    load_files(written_feed(tmp_path / "right", hours=right, polls=POLL), database, tmp_path / "other")
    assert found == [hours(database)] * 2


def test_a_row_with_odd_quotes_stays_bad_until_it_is_corrected(database: str, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects"
    load_files(written_feed(tmp_path / "feed", polls=f'{POLL}"b,2024-10-14 12:00:00,active\n'), database, rejects)
    file = rejects / "polls.csv.rejects.csv"
    assert load_files(file, database, rejects).files[0].rejected == {"too many fields": 1}
    line, mended = '"""b",2024-10-14 12:00:00,active,"""b,2024-10-14 12:00:00,active"', "b,2024-10-14 12:00:00,active,"
    assert line in file.read_text()
    file.write_text(file.read_text().replace(line, mended))
    assert load_files(file, database, rejects).files[0].accepted == 1


SPLIT = "a,0,09:00,12:00,13:00,17:00,,x"


def test_a_row_with_too_many_fields_stays_bad_and_whole_until_it_is_corrected(database: str, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects"
    feed = written_feed(tmp_path / "feed", hours=lines(HOURS, SPLIT, "b,0,09:00,12:00"), polls=POLL)
    (told,) = load_files(feed, database, rejects).warnings
    assert "rejected for too many fields: surplus '13:00,17:00,,x' in hours.csv, line 2." in told
    file = rejects / "hours.csv.rejects.csv"
    row = 'hours.csv,2,too many fields,a,0,09:00,12:00,"13:00,17:00,,x"'
    assert file.read_text().splitlines() == [f"file,line,reason,{HOURS},surplus", row]
    (again,) = load_files(file, database, rejects).files
    assert (again.accepted, again.rejected) == (0, {"too many fields": 1})
    kept = again.rejects
    assert kept is not None
    assert kept.read_text().splitlines()[1] == row.replace("hours.csv,2", "hours.csv.rejects.csv,2")
    file.write_text(file.read_text().replace('"13:00,17:00,,x"', ""))
    assert load_files(file, database, rejects).files[0].accepted == 1


def test_corrected_zones_and_polls_are_added(database: str, tmp_path: Path) -> None:
    polls, zones = f"{POLL}b,soon,active\n", lines(ZONES, "a,UTC", "a,UTC,x", ",Asia/Kolkata")
    load_files(written_feed(tmp_path / "feed", polls=polls, zones=zones), database, tmp_path / "rejects")
    for name, wrong, right in (
        ("polls", "soon", "2024-10-14 12:00:00 UTC"),
        ("zones", "id,,Asia/Kolkata", "id,b,Asia/Kolkata"),
    ):
        file = tmp_path / "rejects" / f"{name}.csv.rejects.csv"
        file.write_text(file.read_text().replace(wrong, right))
        load_files(file, database, tmp_path / "rejects")
    assert contents(database)["timezones"] == [("(a,UTC)",), ("(b,Asia/Kolkata)",)]
    assert [row[0][:2] for row in contents(database)["store_status"]] == ["(a", "(b"]


def test_rows_that_are_still_wrong_stand_beside_the_rejects_that_were_loaded(database: str, tmp_path: Path) -> None:
    load_files(written_feed(tmp_path / "feed", polls=f"{POLL}b,soon,active\n"), database, tmp_path / "rejects")
    before = (tmp_path / "rejects" / "polls.csv.rejects.csv").read_bytes()
    for _ in range(2):
        [done] = load_files(tmp_path / "rejects", database, tmp_path / "rejects").files
        assert done.rejects == tmp_path / "rejects-again" / "polls.csv.rejects.csv.rejects.csv"
    assert [path.read_bytes() for path in (tmp_path / "rejects").iterdir()] == [before]


def test_corrected_rows_do_not_take_the_place_of_all_hours(database: str, tmp_path: Path) -> None:
    file = tmp_path / "x.rejects.csv"
    file.write_text(f"file,line,reason,{HOURS}\nhours.csv,2,bad weekday,a,1,09:00,17:00\n")
    with pytest.raises(
        LoadRefused, match=r"x\.rejects\.csv is a rejects file, and holds only some rows\. Load it without"
    ):
        load_files(file, database, tmp_path / "rejects", replaced_stores="all")


# Warnings -------------------------------------------------------------------------------------------------------------


def test_a_load_says_what_is_odd_and_strict_ends_with_3(database: str, tmp_path: Path) -> None:
    feed = written_feed(
        tmp_path / "feed", hours=lines(HOURS, *(f"a,{day},09:00,17:00" for day in range(1, 8))), n="x\n"
    )
    loads = [called("load", feed, "--database", database, *more, cwd=tmp_path) for more in ((), ("--strict",))]
    assert [done.returncode for done in loads] == [0, 3]
    said = [line for line in loads[1].stderr.decode().splitlines() if line.startswith("warning")]
    assert said[0].startswith("warning  1 of 7 rows of hours was rejected for bad weekday: day")
    assert "in hours.csv, line 8." in said[0]
    assert said[1].startswith("warning  Weekday 7 occurs among the hours and 0 does not")
    assert said[2].startswith("warning  1 file was passed over: n.csv (")
    assert len(said) == 3


def test_a_load_says_what_would_mend_its_polls(database: str, tmp_path: Path) -> None:
    rows = [
        f"{at},{word}" for at in ("a,2024-10-14 12:00:00", "b,2024-10-14 13:00:00") for word in ("off", "on", "off")
    ]
    feed = written_feed(tmp_path / "feed", polls=lines(POLLS, *rows))
    (said,) = load_files(feed, database, tmp_path / "rejects").warnings
    assert said.startswith("All 6 rows of polls were rejected, most often for bad status (6)")
    assert said.endswith('such as store_status.active = ["on"] and store_status.inactive = ["off"].')


def test_a_load_by_a_wrong_unit_says_the_right_one(database: str, tmp_path: Path) -> None:
    feed = written_feed(tmp_path / "feed", polls=lines(POLLS, "a,1728907200,active"))
    (said,) = load_files(feed, database, tmp_path / "rejects", mapping=SourceMapping(timestamp_unit="ms")).warnings
    assert 'store_status.timestamp_unit = "s" in the mapping it is 2024-10-14T12:00:00Z' in said


def test_a_load_of_a_good_feed_has_no_warnings(database: str, tmp_path: Path) -> None:
    feed = written_feed(tmp_path / "feed", hours=lines(HOURS, "a,0,09:00,17:00", "a,7,09:00,17:00"), polls=POLL)
    assert load_files(feed / "polls.csv", database, tmp_path / "rejects").warnings == []
    assert ["Weekday 7" in said for said in load_files(feed, database, tmp_path / "rejects").warnings] == [False]
