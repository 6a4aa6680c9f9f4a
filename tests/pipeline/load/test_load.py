"""Loading files into a real PostgreSQL server: what becomes of the rows, and of a load that comes to grief."""

import gzip
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any

import polars as pl
import psycopg
import pytest

from store_uptime.pipeline import LoadedFile, Report, build_report, load_files, open_source, write_sample
from store_uptime.pipeline.errors import CannotWrite, LoadRefused, SourceMismatch, SourceMissing, StoreUptimeError
from store_uptime.pipeline.load.load import ReplacedStores
from store_uptime.pipeline.load.tables import ensure_tables
from store_uptime.pipeline.tables import COLUMNS
from tests.support.feeds import COMMAND, HOURS, POLLS, ZONES, called, lines, surroundings, written_feed
from tests.support.postgres import as_user, eventually, run

TABLES = tuple(COLUMNS)
THREE_POLLS = ("a,2024-10-14 10:00:00 UTC,active", "b,2024-10-14 10:01:00 UTC,inactive", "a,2024-10-14 11:00:00,active")
NINE_TO_FIVE = "09:00,17:00"

Contents = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    return written_feed(
        tmp_path / "feed",
        polls=lines(POLLS, *THREE_POLLS),
        hours=lines(HOURS, f"a,0,{NINE_TO_FIVE}", f"a,1,{NINE_TO_FIVE}", f"b,0,{NINE_TO_FIVE}"),
        zones=lines(ZONES, "a,America/Denver", "b,Asia/Kolkata"),
    )


@pytest.fixture
def rejects(tmp_path: Path) -> Path:
    return tmp_path / "rejects"


def load(path: Path, database: str, replaced_stores: ReplacedStores = "listed") -> dict[str, LoadedFile]:
    """The files of a load by the beginning of their names."""
    rejects = (path if path.is_dir() else path.parent).parent / "rejects"
    return {
        done.file.name.split(".")[0]: done
        for done in load_files(path, database, rejects, replaced_stores=replaced_stores).files
    }


def contents(database: str) -> Contents:
    """Every row of the three tables, without the optional columns."""
    return {
        name: sorted(run(database, f"select row({','.join(columns)})::text from {name}"))
        for name, columns in COLUMNS.items()
    }


def ids(database: str, name: str) -> list[str]:
    """The store ids of a table, each once."""
    return sorted({row[0] for row in run(database, f"select store_id from {name}")}, key=str.encode)


# What is added, what gives way ----------------------------------------------------------------------------------------


def test_every_file_is_told_of(feed: Path, database: str) -> None:
    told = {done.table: (done.accepted, done.added, done.replaced) for done in load(feed, database).values()}
    assert told == {"store_status": (3, 3, 0), "menu_hours": (3, 3, 0), "timezones": (2, 2, 0)}


def test_a_second_load_of_the_same_files_changes_nothing(feed: Path, database: str) -> None:
    load(feed, database)
    before = contents(database)
    again = load(feed, database)
    assert contents(database) == before
    assert (again["polls"].accepted, again["polls"].added) == (3, 0)
    assert (again["hours"].added, again["hours"].replaced) == (3, 3)


def test_polls_are_added_and_those_that_are_there_count_as_repeats(feed: Path, database: str, tmp_path: Path) -> None:
    load(feed, database)
    new = "c,2024-10-15 10:00:00 UTC,active"
    done = load(written_feed(tmp_path / "more", polls=lines(POLLS, new, THREE_POLLS[0], new)), database)["polls"]
    assert (done.accepted, done.added) == (3, 1)
    assert run(database, "select count(*) from store_status") == [(4,)]


def test_polls_of_one_instant_with_both_statuses_are_two(database: str, tmp_path: Path) -> None:
    polls = lines(POLLS, "a,2024-10-14 10:00:00 UTC,active", "a,2024-10-14 10:00:00 UTC,inactive")
    assert load(written_feed(tmp_path / "feed", polls=polls), database)["polls"].added == 2


def test_a_corrected_hours_file_replaces_the_stores_in_it_and_no_others(
    feed: Path, database: str, tmp_path: Path
) -> None:
    load(feed, database)
    correction = written_feed(tmp_path / "correction", hours=lines(HOURS, "a,3,10:00,12:00"))
    done = load(correction, database)["hours"]
    assert (done.added, done.replaced) == (1, 2)
    rows = run(database, "select store_id, day_of_week, end_time_local::text from menu_hours order by store_id")
    assert rows == [("a", 3, "12:00:00"), ("b", 0, "17:00:00")]


def test_a_full_load_replaces_hours_and_zones_of_all_stores_but_no_poll(
    feed: Path, database: str, tmp_path: Path
) -> None:
    load(feed, database)
    only_a = written_feed(
        tmp_path / "only_a", hours=lines(HOURS, "a,3,10:00,12:00"), zones=lines(ZONES, "a,UTC"), polls=lines(POLLS)
    )
    load(only_a, database, "all")
    assert {name: ids(database, name) for name in TABLES} == {
        "store_status": ["a", "b"],
        "menu_hours": ["a"],
        "timezones": ["a"],
    }


def test_several_files_of_polls_go_into_one_table(database: str, tmp_path: Path) -> None:
    feed = written_feed(tmp_path / "feed", monday=lines(POLLS, THREE_POLLS[0]), tuesday=lines(POLLS, THREE_POLLS[1]))
    assert {name: done.added for name, done in load(feed, database).items()} == {"monday": 1, "tuesday": 1}


def test_a_folder_with_only_polls_will_do(database: str, tmp_path: Path) -> None:
    load(written_feed(tmp_path / "feed", polls=lines(POLLS, *THREE_POLLS)), database)
    assert [len(rows) for rows in contents(database).values()] == [3, 0, 0]


def test_a_single_file_will_do(feed: Path, database: str) -> None:
    assert list(load(feed / "zones.csv", database)) == ["zones"]


# How files may look ---------------------------------------------------------------------------------------------------


def parquet(path: Path, *, typed: bool) -> None:
    rows = pl.DataFrame({"store_id": ["a", "b"], "day": [0, 6], "start": ["09:00", "22:30"], "end": ["17:00", "02:00"]})
    if typed:
        rows = rows.with_columns(pl.col("start", "end").str.to_time("%H:%M"))
    rows.rename({"start": "start_time_local", "end": "end_time_local"}).write_parquet(path)


PLAIN = lines(HOURS, "a,0,09:00,17:00", "b,6,22:30,02:00")
OTHER_ORDER = lines("end_time_local,store_id,start_time_local,day_of_week", "17:00,a,09:00,0", "02:00,b,22:30:00,6")
FORMS: dict[str, Callable[[Path], object]] = {
    "usual": lambda folder: (folder / "menu_hours.csv").write_text(PLAIN),
    "any name": lambda folder: (folder / "Export (3) of 2024.csv").write_text(PLAIN),
    "columns in another order": lambda folder: (folder / "h.csv").write_text(OTHER_ORDER),
    "dayOfWeek": lambda folder: (folder / "h.csv").write_text(PLAIN.replace("day_of_week", "dayOfWeek")),
    "day": lambda folder: (folder / "h.csv").write_text(PLAIN.replace("day_of_week", "day")),
    "quoted header": lambda folder: (folder / "h.csv").write_text(PLAIN.replace("day_of_week", '"day_of_week"')),
    "further columns": lambda folder: (folder / "h.csv").write_text(
        lines(f"x,{HOURS},y", "1,a,0,09:00,17:00,2", "1,b,6,22:30,02:00,")
    ),
    "byte order mark": lambda folder: (folder / "h.csv").write_text(PLAIN, encoding="utf-8-sig"),
    "CRLF": lambda folder: (folder / "h.csv").write_bytes(PLAIN.replace("\n", "\r\n").encode()),
    "no last line end": lambda folder: (folder / "h.csv").write_text(PLAIN.rstrip()),
    "gzip": lambda folder: (folder / "h.csv.gz").write_bytes(gzip.compress(PLAIN.encode())),
    "Parquet with text": lambda folder: parquet(folder / "h.parquet", typed=False),
    "Parquet with times": lambda folder: parquet(folder / "h.parquet", typed=True),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_file_is_known_by_its_header_however_it_is_written(
    form: Callable[[Path], object], database: str, tmp_path: Path
) -> None:
    feed = written_feed(tmp_path / "feed")
    form(feed)
    load(feed, database)
    assert contents(database)["menu_hours"] == [("(a,0,09:00:00,17:00:00)",), ("(b,6,22:30:00,02:00:00)",)]


def test_ids_and_instants_arrive_as_they_are_written(database: str, tmp_path: Path) -> None:
    odd = [
        "007",
        " a",
        "a,b",
        'a"b',
        "a\nb",
        "NULL",
        "\\N",
        "\\.",
        "=1+1",
        "\u00e9",
        "\U0001f3ea",
        "8139926242460185114",
    ]
    instants = ["2024-10-14 10:00:00.000001+05:30", "0001-01-01 00:00:00", "9999-12-31T23:59:59.9999999Z"]
    rows = pl.DataFrame({"store_id": odd}).join(pl.DataFrame({"timestamp_utc": instants}), how="cross")
    feed = written_feed(tmp_path / "feed")
    rows.with_columns(status=pl.lit(" Active ")).write_csv(feed / "polls.csv")
    load(feed, database)
    assert ids(database, "store_status") == sorted(odd, key=str.encode)
    texts = run(database, "set timezone = 'UTC'", "select distinct timestamp_utc::text from store_status order by 1")
    assert [text for (text,) in texts] == [
        "0001-01-01 00:00:00+00",
        "2024-10-14 04:30:00.000001+00",
        "9999-12-31 23:59:59.999999+00",
    ]


# Rejected rows --------------------------------------------------------------------------------------------------------

BAD_POLLS = lines(
    POLLS,
    "a,2024-10-14 10:00:00 UTC,active",
    "a,yesterday,active",
    ",2024-10-14 10:00:00 UTC,active",
    'a,2024-10-14 10:00:00 UTC," off, sort of"',
    "a,2024-10-14 10:00:00 UTC,active,1",
    "a,0001-01-01 00:00:00+14,active",
    "a,9999-12-31 23:59:59-14,active",
)


def test_rejected_rows_stand_in_a_file_with_line_reason_and_the_row_as_it_was(
    database: str, tmp_path: Path, rejects: Path
) -> None:
    done = load(written_feed(tmp_path / "feed", polls=BAD_POLLS), database)["polls"]
    assert (done.accepted, sum(done.rejected.values()), done.rejects) == (1, 6, rejects / "polls.csv.rejects.csv")
    assert (rejects / "polls.csv.rejects.csv").read_bytes().decode().split("\r\n") == [
        f"file,line,reason,{POLLS},surplus",
        "polls.csv,3,bad timestamp,a,yesterday,active,",
        "polls.csv,4,missing store id,,2024-10-14 10:00:00 UTC,active,",
        'polls.csv,5,bad status,a,2024-10-14 10:00:00 UTC," off, sort of",',
        "polls.csv,6,too many fields,a,2024-10-14 10:00:00 UTC,active,1",
        "polls.csv,7,bad timestamp,a,0001-01-01 00:00:00+14,active,",
        "polls.csv,8,bad timestamp,a,9999-12-31 23:59:59-14,active,",
        "",
    ]


def test_lines_are_counted_through_a_large_file(
    database: str, tmp_path: Path, rejects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store_uptime.pipeline.source.folder.small_files.BATCH_ROWS", 1_000)
    rows = [f"{n},2024-10-14 10:00:00 UTC,{'active' if n % 1_700 else 'off'}" for n in range(2, 6_000)]
    load(written_feed(tmp_path / "feed", polls=lines(POLLS, *rows)), database)
    told = [row.split(",")[1:4] for row in (rejects / "polls.csv.rejects.csv").read_text().splitlines()[1:]]
    assert told == [[str(n), "bad status", str(n)] for n in (1_700, 3_400, 5_100)]


def test_a_rejects_file_of_an_earlier_load_goes_when_all_is_good(
    feed: Path, database: str, tmp_path: Path, rejects: Path
) -> None:
    load(written_feed(tmp_path / "bad", polls=BAD_POLLS), database)
    load(feed, database)
    assert list(rejects.iterdir()) == []


def test_no_rejects_folder_is_made_for_nothing(feed: Path, database: str, rejects: Path) -> None:
    load(feed, database)
    assert not rejects.exists()


BAD_HOURS = {
    "all rejected": ("a,0,9 AM,17:00", "a,7,09:00,17:00"),
    "some rejected": ("a,0,9 AM,17:00", "a,0,09:00,17:00"),
    "none": (),
}


def report_on(database: str) -> Report:
    return build_report(open_source(database))


@pytest.mark.parametrize(
    ("rows", "on_list"),
    list(zip(BAD_HOURS.values(), ("unknown_hours", "partly_rejected_hours", "no_hours"), strict=True)),
    ids=BAD_HOURS,
)
def test_a_store_with_rejected_hours_does_not_look_as_if_it_never_closed(
    rows: tuple[str, ...], on_list: str, database: str, tmp_path: Path
) -> None:
    feed = written_feed(tmp_path / "feed", polls=lines(POLLS, THREE_POLLS[0]), hours=lines(HOURS, *rows))
    for _ in range(2):
        load(feed, database)
        lists = report_on(database).quality.stores
        assert [name for name in lists if name.endswith("_hours") and lists[name]] == [on_list]
        assert len(contents(database)["menu_hours"]) == len(rows)


def test_a_zone_that_is_empty_or_cannot_be_stored_leaves_its_store_in_chicago(database: str, tmp_path: Path) -> None:
    zones = lines(ZONES, "a,", 'b,"  "', "c,U\0TC", "d, Asia/Kolkata ")
    polls = lines(POLLS, *(f"{store},2024-10-14 10:00:00,active" for store in "abcd"))
    load(written_feed(tmp_path / "feed", zones=zones, polls=polls), database)
    report = report_on(database)
    assert report.extended["timezone"].to_list() == ["America/Chicago"] * 3 + ["Asia/Kolkata"]
    assert report.quality.stores["no_zone"] == ["a", "b"]
    assert report.quality.stores["unknown_zone"] == ["c"]


# What leaves the tables as they were ----------------------------------------------------------------------------------


@pytest.fixture
def loaded(feed: Path, database: str) -> Iterator[str]:
    """A database with the feed in it, that must be the same after the test."""
    load(feed, database)
    before = contents(database)
    yield database
    assert contents(database) == before


BROKEN: dict[str, tuple[bytes, type[StoreUptimeError], str]] = {
    "an unknown header": (b"store,when,state\na,b,c\n", SourceMismatch, "its header is store,when,state"),
    "a column too few": (b"store_id,status\na,active\n", SourceMismatch, "known are store_status: store_id,"),
    "a column twice": (b"store_id,store_id,timezone_str\na,b,c\n", SourceMismatch, "more than once: store_id"),
    "nothing at all": (b"", SourceMismatch, "it is empty"),
}


@pytest.mark.parametrize(("content", "error", "says"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_cannot_be_read_changes_nothing(
    content: bytes, error: type[StoreUptimeError], says: str, loaded: str, tmp_path: Path
) -> None:
    broken = written_feed(tmp_path / "broken")
    (broken / "new.csv").write_bytes(content)
    with pytest.raises(error, match=says) as told:
        load(broken, loaded)
    assert "new.csv" in str(told.value)


def test_a_gzip_file_that_was_cut_short_changes_nothing(loaded: str, tmp_path: Path) -> None:
    cut = written_feed(tmp_path / "cut")
    rows = [f"{os.urandom(8).hex()},2024-10-15 10:00:00,active" for _ in range(5_000)]
    (cut / "polls.csv.gz").write_bytes(gzip.compress(lines(POLLS, *rows).encode())[:40_000])
    with pytest.raises(SourceMismatch, match=r"polls\.csv\.gz"):
        load(cut, loaded)


def test_no_such_file_is_said_at_once(loaded: str, tmp_path: Path) -> None:
    with pytest.raises(SourceMissing, match="no such folder or file"):
        load(tmp_path / "nowhere", loaded)


def test_tables_made_elsewhere_are_left_alone(feed: Path, database: str) -> None:
    run(database, "create table menu_hours (store_id text)", "create table timezones (store_id text)")
    with pytest.raises(
        LoadRefused, match=r"menu_hours, timezones were not .* rename those tables; .* them as they are"
    ):
        load(feed, database)
    run(database, "drop table timezones", "insert into menu_hours values ('theirs')")
    with pytest.raises(LoadRefused, match=r"menu_hours was not made by this command\. Load into another database"):
        load(feed, database)
    assert run(database, "select relname from pg_class where relname in ('store_status', 'timezones')") == []
    assert ids(database, "menu_hours") == ["theirs"]


def test_another_schema_is_a_way_out(feed: Path, database: str) -> None:
    run(database, "create table menu_hours (store_id text)", "create schema ours")
    load(feed, f"{database}&options=-csearch_path%3Dours")
    assert ids(database, "ours.menu_hours") == ["a", "b"]


@pytest.fixture
def reader(loaded: str) -> str:
    """The database as somebody sees it who may only read it."""
    run(loaded, "drop role if exists reader", "create role reader login", "grant pg_read_all_data to reader")
    return as_user(loaded, "reader")


def test_who_may_only_read_is_refused(reader: str, tmp_path: Path) -> None:
    polls = written_feed(tmp_path / "new", polls=lines(POLLS, "z,2024-10-15 10:00:00,active"))
    with pytest.raises(LoadRefused, match=r"of user reader: .*A user who may create and write tables is needed"):
        load(polls, reader)


def test_a_rejects_folder_that_cannot_be_made_changes_nothing(loaded: str, tmp_path: Path) -> None:
    (tmp_path / "rejects").write_text("a file")
    with pytest.raises(CannotWrite, match="rejects"):
        load(written_feed(tmp_path / "bad", polls=BAD_POLLS.replace("a,", "z,")), loaded)


@pytest.fixture
def small_disk(rejects: Path) -> Iterator[Path]:
    """The rejects folder on a disk of 64 kB."""
    rejects.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(rejects)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        yield rejects
    finally:
        subprocess.run(["umount", rejects], check=True)


@pytest.mark.parametrize(("bad_rows", "taken_before"), [(20_000, 0), (3, 1 << 16)], ids=["many rows", "one row"])
def test_a_full_disk_for_the_rejects_changes_nothing(
    bad_rows: int, taken_before: int, loaded: str, small_disk: Path, tmp_path: Path
) -> None:
    (small_disk / "other").write_bytes(bytes(taken_before))
    rows = ["z,2024-10-15 10:00:00 UTC,active", *["z,2024-10-15 10:00:00 UTC,off"] * bad_rows]
    with pytest.raises(CannotWrite, match=r"polls\.csv\.rejects\.csv: No space left on device"):
        load(written_feed(tmp_path / "bad", polls=lines(POLLS, *rows)), loaded)
    assert [path.name for path in small_disk.iterdir()] == ["other"]


# Processes ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Polls that take a while."""
    folder = tmp_path_factory.mktemp("large")
    write_sample(folder / "feed", stores=2_000, days=5, file_format="parquet")
    return folder / "feed" / "store_status.parquet"


def copying(database: str) -> bool:
    """Whether rows are on their way into the database."""
    found = "select pid from pg_stat_progress_copy where datname = current_database() and tuples_processed > 0"
    return bool(run(database, found))


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["-9", "-15", "^C"]
)
def test_a_load_that_is_ended_in_the_middle_leaves_the_tables_as_they_were(
    number: int, status: int, feed: Path, database: str, large: Path, tmp_path: Path
) -> None:
    load(feed, database)
    before = contents(database)
    command = [COMMAND, "load", large, "--database", database]
    with subprocess.Popen(command, cwd=tmp_path, env=surroundings(), stderr=subprocess.PIPE) as process:
        eventually(lambda: copying(database) or process.poll() is not None)
        process.send_signal(number)
        _, said = process.communicate()
    assert (process.returncode, said) == (status, b"store-uptime: interrupted\n" if status > 0 else b"")
    assert contents(database) == before
    assert not any((tmp_path / "rejects").glob("*.csv"))
    more = written_feed(tmp_path / "more", polls=lines(POLLS, "z,2024-10-15 10:00:00,active"))
    assert load(more, database)["polls"].added == 1


def test_two_loads_at_once_leave_each_poll_once(database: str, tmp_path: Path) -> None:
    feed = tmp_path / "feed"
    write_sample(feed, stores=20, days=5)
    command = [COMMAND, "load", feed, "--database", database]
    processes = [subprocess.Popen(command, cwd=tmp_path, env=surroundings(), stderr=subprocess.PIPE) for _ in range(3)]
    said = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], said
    once = load(feed, database)
    assert once["store_status"].added == 0
    assert {name: len(rows) for name, rows in contents(database).items()} == {
        "store_status": run(database, "select count(*) from (select distinct * from store_status) as polls")[0][0],
        "menu_hours": once["menu_hours"].added,
        "timezones": once["timezones"].added,
    }


def test_a_table_that_is_locked_is_waited_for_a_minute_unless_the_address_says_else(feed: Path, database: str) -> None:
    load(feed, database)
    with psycopg.connect(database) as other:
        ensure_tables(other)
        assert other.execute("show lock_timeout").fetchone() == ("1min",)
        other.rollback()
        other.execute("lock table timezones in access exclusive mode")
        with pytest.raises(LoadRefused, match=r"Nothing was changed\. Another session .*; try again"):
            load(feed, f"{database}&options=-clock_timeout%3D50ms")


def test_reports_can_be_made_while_a_load_waits_for_its_end(feed: Path, database: str, tmp_path: Path) -> None:
    load(feed, database)
    seen: list[int] = []

    def look(file: PurePath, rows: int) -> None:
        seen.append(report_on(database).exact.height)

    new = written_feed(tmp_path / "new", polls=lines(POLLS, "z,2024-10-14 11:00:00,active"))
    load_files(new, database, tmp_path / "rejects", progress=look)
    assert seen == [2]
    assert report_on(database).exact.height == 3


def test_a_server_that_goes_away_is_told_in_one_line(feed: Path, database: str, tmp_path: Path) -> None:
    def gone(file: PurePath, rows: int) -> None:
        loading = "from pg_stat_activity where application_name = 'store-uptime load'"
        run(database, f"select pg_terminate_backend(pid) {loading}")
        eventually(lambda: run(database, f"select count(*) {loading}") == [(0,)])

    with pytest.raises(LoadRefused, match="Nothing was changed"):
        load_files(feed, database, tmp_path / "rejects", progress=gone)
    with suppress(psycopg.Error):
        assert contents(database) == {name: [] for name in TABLES}


def test_the_command_tells_what_became_of_each_file(database: str, tmp_path: Path) -> None:
    feed = written_feed(tmp_path / "feed", polls=BAD_POLLS, hours=lines(HOURS, f"a,0,{NINE_TO_FIVE}"))
    for _ in range(2):
        done = called("load", feed, "--database", database, cwd=tmp_path)
    assert done.stdout == b""
    assert done.stderr.decode().splitlines() == [
        "polls.csv -> store_status: 1 row accepted, 0 added, 1 repeat ignored",
        "  6 rejected (3 bad timestamp, 1 bad status, 1 missing store id, 1 too many fields), "
        "see rejects/polls.csv.rejects.csv",
        "hours.csv -> menu_hours: 1 row accepted, 1 added, 1 replaced",
        "warning  6 of 7 rows of polls were rejected, most often for bad timestamp (3), such as "
        "timestamp_utc 'yesterday' in polls.csv, line 3.",
    ]
