"""Dates, reasons and stores in files: loaded, they are what they are in the files; tables of before take them too."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from store_uptime.pipeline import Loaded, Options, build_report, load_files, open_source
from store_uptime.pipeline.errors import LoadRefused, SourceMismatch
from tests.pipeline.load.test_load_sets import contents
from tests.pipeline.source.test_optional_postgres import AT_NOON, FEED, HOSTILE, found_in, quoted
from tests.support.feeds import HOURS, POLLS, ZONES, lines, written_feed
from tests.support.postgres import run

PLAIN = {
    "polls": lines(POLLS, "1,2024-05-06 11:00:00,inactive", "4,2024-05-06 11:00:00,active"),
    "hours": lines(HOURS, "1,0,09:00,17:00", "4,0,9,17"),
    "zones": lines(ZONES, "1,Europe/Dublin"),
}
STORES = "store_id,name,City"


@pytest.fixture
def rejects(tmp_path: Path) -> Path:
    return tmp_path / "rejects"


def stores_in(database: str, columns: str = "*") -> list[tuple[Any, ...]]:
    return run(database, f'select {columns} from stores order by store_id collate "C"')


def columns_of(database: str, table: str) -> list[str]:
    columns = "select attname from pg_attribute where attnum > 0 and not attisdropped"
    return [row[0] for row in run(database, f"{columns} and attrelid = '{table}'::regclass order by attnum")]


def version_of(database: str) -> str | None:
    with open_source(database).opened() as opened:
        return opened.version


def same_report(address: str | Path, other: str | Path, options: Options = AT_NOON) -> bool:
    one, two = (build_report(open_source(each), options) for each in (address, other))
    return (one.csv("extended"), one.rejects) == (two.csv("extended"), two.rejects)


# What files say -------------------------------------------------------------------------------------------------------


def test_loaded_tables_say_what_files_say(database: str, tmp_path: Path, rejects: Path) -> None:
    feed = written_feed(tmp_path / "feed", **FEED)
    for added in (7, 0):
        done = load_files(feed, database, rejects)
        assert done.tables["store_status"].added == added - bool(added) * 2
        found, expected = found_in(database), found_in(feed)
        # A rejected row of hours stays as a row without values, and has another reason.
        assert (found.zones, found.stores, found.reasons) == (expected.zones, expected.stores, expected.reasons)
        assert found.hours == expected.hours
    assert columns_of(database, "stores") == ["store_id", "name", "City", "open seats"]
    assert build_report(open_source(database), AT_NOON).csv() == build_report(open_source(feed), AT_NOON).csv()


def test_files_without_any_of_it_say_what_they_said(database: str, tmp_path: Path, rejects: Path) -> None:
    feed = written_feed(tmp_path / "feed", **PLAIN)
    load_files(feed, database, rejects)
    assert (
        columns_of(database, "menu_hours")[-2:] == columns_of(database, "timezones")[-2:] == ["valid_from", "valid_to"]
    )
    assert columns_of(database, "store_status")[-1] == "reason"
    assert run(database, "select to_regclass('stores')") == [(None,)]
    report, expected = (build_report(open_source(each), AT_NOON) for each in (database, feed))
    assert report.csv("extended") == expected.csv("extended")
    assert {name: rows.columns for name, rows in report.rejects.items()} == {
        name: rows.columns for name, rows in expected.rejects.items()
    }


def test_files_with_and_without_it_go_into_the_same_tables(database: str, tmp_path: Path, rejects: Path) -> None:
    dated, plain = written_feed(tmp_path / "dated", **FEED), written_feed(tmp_path / "plain", **PLAIN)
    for feed in (plain, dated, plain):
        load_files(feed, database, rejects)
    dates = "select store_id, valid_from::text from menu_hours where day_of_week is not null order by 1, 2"
    assert run(database, dates) == [("1", None), ("2", None)]
    # The poll of the first load had no reason, and has that of the second; the third takes none away.
    reasons = "select reason from store_status where status = 'inactive' and store_id = '1' order by timestamp_utc desc"
    assert run(database, reasons) == [("no power",), (None,)]
    assert len(stores_in(database)) == 3


def test_of_several_reasons_for_a_poll_the_first_in_byte_order_is_kept(database: str, tmp_path: Path) -> None:
    poll = "a,2024-05-06 11:00:00,inactive"
    shards = {
        f"polls{number}": lines(f"{POLLS},reason", f"{poll},{reason}") for number, reason in enumerate(("b", "", "B"))
    }
    done = load_files(written_feed(tmp_path / "feed", **shards), database, tmp_path / "rejects")
    assert run(database, "select reason from store_status") == [("B",)]
    assert done.tables["store_status"].added == 1
    other = written_feed(tmp_path / "other", polls=lines(f"{POLLS},reason", f"{poll},A"))
    assert load_files(other, database, tmp_path / "rejects").tables["store_status"].added == 0
    assert run(database, "select reason from store_status") == [("B",)]


def test_a_poll_that_is_there_without_a_reason_gets_one(database: str, tmp_path: Path, rejects: Path) -> None:
    poll = "a,2024-05-06 11:00:00,inactive"
    plain = written_feed(tmp_path / "plain", polls=lines(POLLS, poll))
    late = {f"polls{number}": lines(f"{POLLS},reason", f"{poll},{reason}") for number, reason in enumerate("ba")}
    load_files(plain, database, rejects)
    version = version_of(database)
    done = load_files(written_feed(tmp_path / "late", **late), database, rejects)
    assert run(database, "select reason from store_status") == [("a",)]
    assert [(file.added, file.reasons_added) for file in done.files] == [(0, 0), (0, 1)]
    assert done.tables["store_status"].reasons_added == 1
    assert version_of(database) != version
    again = load_files(tmp_path / "plain", database, rejects).tables["store_status"]
    assert (again.accepted, again.added, again.reasons_added) == (1, 0, 0)
    assert run(database, "select reason from store_status") == [("a",)]


def test_text_that_cannot_be_read_is_the_same_in_files_and_loaded(database: str, tmp_path: Path, rejects: Path) -> None:
    feed = written_feed(tmp_path / "feed", **PLAIN)
    (feed / "stores.csv").write_bytes(b"store_id,name,city\n1,A\0nn,K\xf6ln\n")
    said = "Stores have text that cannot be read, the first name 'A\ufffdnn' in stores.csv, line 2: is its file UTF-8?"
    assert said in load_files(feed, database, rejects).warnings
    reports = [build_report(open_source(each), AT_NOON) for each in (database, feed)]
    assert [report.attributes.rows() for report in reports if report.attributes is not None] == [
        [("1", "A\ufffdnn", "K\ufffdln")]
    ] * 2
    assert said in reports[1].quality.warnings
    assert said.replace(" in stores.csv, line 2", "") in reports[0].quality.warnings


# Tables of an earlier version -----------------------------------------------------------------------------------------

EARLIER = """
create table store_status (store_id text not null, timestamp_utc timestamptz not null, status text not null);
create unique index store_status_once on store_status (timestamp_utc, store_id, status);
comment on table store_status is 'made by store-uptime load: polls';
create table menu_hours (store_id text not null, day_of_week smallint, start_time_local time, end_time_local time);
comment on table menu_hours is 'made by store-uptime load: business hours';
create table timezones (store_id text not null, timezone_str text);
comment on table timezones is 'made by store-uptime load: time zones';
insert into store_status values ('0', '2024-05-06 10:00Z', 'active');
insert into menu_hours values ('0', 0, '09:00', '17:00');
"""


def test_tables_of_an_earlier_version_get_the_columns(database: str, tmp_path: Path, rejects: Path) -> None:
    run(database, EARLIER)
    load_files(written_feed(tmp_path / "feed", **FEED), database, rejects)
    assert run(database, "select store_id, valid_from from menu_hours where store_id = '0'") == [("0", None)]
    assert run(database, "select count(valid_from) + count(valid_to) from menu_hours") == [(3,)]
    assert [row["reason"] for row in found_reasons(database)] == ["fire", "no power"]


def found_reasons(database: str) -> list[dict[str, str]]:
    rows = run(database, "select reason from store_status where reason is not null and status = 'inactive' order by 1")
    return [{"reason": reason} for (reason,) in rows if reason != "long ago"]


def test_tables_that_have_the_columns_are_read_while_a_load_is_under_way(database: str, tmp_path: Path) -> None:
    feed = written_feed(tmp_path / "feed", **FEED)
    load_files(feed, database, tmp_path / "rejects")
    seen: list[int] = []

    def look(*_: object) -> None:
        with psycopg.connect(database, options="-clock_timeout=100ms") as connection:
            seen.append(len(connection.execute("select from menu_hours, stores").fetchall()))

    load_files(feed, database, tmp_path / "rejects", progress=look)
    assert len(set(seen)) == 1


# Stores ---------------------------------------------------------------------------------------------------------------


def loaded_stores(database: str, folder: Path, *rows: str, header: str = STORES, **options: Any) -> Loaded:
    feed = written_feed(folder, stores=lines(header, *rows))
    return load_files(feed / "stores.csv", database, folder.parent / "rejects", **options)


def test_a_file_replaces_the_rows_of_its_stores_or_of_all(database: str, tmp_path: Path) -> None:
    loaded_stores(database, tmp_path / "one", "a,A,Berlin", "b,B,Bonn")
    (done,) = loaded_stores(database, tmp_path / "two", "b,,", "c,C,red", header="store_id,name,Brand").files
    assert (done.table, done.accepted, done.added, done.replaced) == ("stores", 2, 2, 1)
    assert stores_in(database) == [("a", "A", "Berlin", None), ("b", None, None, None), ("c", "C", None, "red")]
    (done,) = loaded_stores(database, tmp_path / "three", "d,D,Bonn", replaced_stores="all").files
    assert (done.added, done.replaced) == (1, 3)
    assert stores_in(database) == [("d", "D", "Bonn", None)]


def test_the_first_row_of_a_store_counts_and_different_ones_are_rejected(database: str, tmp_path: Path) -> None:
    (done,) = loaded_stores(database, tmp_path / "feed", "a, A ,Berlin", "a,A,Berlin ", "a,A,Bonn", ",B,Bonn").files
    assert (done.accepted, done.added, done.rejected) == (2, 1, {"several rows": 1, "missing store id": 1})
    assert stores_in(database) == [("a", "A", "Berlin")]
    file = tmp_path / "rejects" / "stores.csv.rejects.csv"
    assert done.rejects == file
    assert file.read_text().splitlines() == [
        f"file,line,reason,{STORES},surplus",
        "stores.csv,4,several rows,a,A,Bonn,",
        "stores.csv,5,missing store id,,B,Bonn,",
    ]
    file.write_text(file.read_text().replace("id,,B", "id,b,B"))
    (again,) = load_files(file, database, tmp_path / "rejects").files
    assert (again.accepted, again.added, again.rejected) == (1, 1, {"several rows": 1})
    assert stores_in(database) == [("a", "A", "Berlin"), ("b", "B", "Bonn")]


NAMES = [*HOSTILE, "file_number", "value_0", "line", "reason", "Store_ID", "%s", "tab\there"]


def test_attributes_of_any_name_are_columns(database: str, tmp_path: Path) -> None:
    header = ",".join(["store_id", "name", *(quoted(name) for name in NAMES)])
    row = ",".join(["a", "A", *map(str, range(len(NAMES)))])
    loaded_stores(database, tmp_path / "feed", row, header=header)
    assert columns_of(database, "stores") == ["store_id", "name", *NAMES]
    assert stores_in(database) == [("a", "A", *map(str, range(len(NAMES))))]
    with open_source(database).opened() as source:
        (rows,) = source.stores_table()
        assert rows.collect().rows() == stores_in(database)


@pytest.mark.parametrize(
    ("name", "says"),
    [("x" * 64, "has 64 bytes; PostgreSQL keeps 63"), ("ü" * 32, "has 64 bytes"), ("ctid", "no column of PostgreSQL")],
)
def test_a_name_that_no_column_can_have_is_refused(database: str, tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(SourceMismatch, match=rf"stores\.csv.*{says}"):
        loaded_stores(database, tmp_path / "feed", "a,A,1", header=f"store_id,name,{name}")
    assert run(database, "select to_regclass('stores'), to_regclass('menu_hours')") == [(None, None)]


def test_a_table_of_stores_made_elsewhere_is_left_alone(database: str, tmp_path: Path, rejects: Path) -> None:
    run(database, "create table stores (store_id text, city text)", "insert into stores values ('1', 'Berlin')")
    load_files(written_feed(tmp_path / "plain", **PLAIN), database, rejects)
    before = contents(database)
    with pytest.raises(LoadRefused, match=r"stores was not made by this command\. Load into another database"):
        load_files(written_feed(tmp_path / "feed", **FEED), database, rejects)
    assert (contents(database), stores_in(database)) == (before, [("1", "Berlin")])


# Corrected rows -------------------------------------------------------------------------------------------------------


def test_corrected_dates_join_the_rows_of_their_stores(database: str, tmp_path: Path, rejects: Path) -> None:
    files = {
        "hours": lines(f"{HOURS},valid_from,valid_to", "a,0,09:00,17:00,,2024-05-01", "a,0,09:00,17:00,May,"),
        "zones": lines(f"{ZONES},valid_from,valid_to", "a,UTC,,2024-05-01", "a,UTC,May,"),
    }
    load_files(written_feed(tmp_path / "feed", **files), database, rejects)
    for name in files:
        file = rejects / f"{name}.csv.rejects.csv"
        assert file.read_text().splitlines()[0] == f"file,line,reason,{files[name].splitlines()[0]},surplus"
        file.write_text(file.read_text().replace("May", "2024-05-01"))
        for added in (1, 0):
            (done,) = load_files(file, database, tmp_path / "again").files
            assert (done.accepted, done.added) == (1, added)
        table = {"hours": "menu_hours", "zones": "timezones"}[name]
        rows = run(database, f"select valid_from::text, valid_to::text from {table} order by 1")
        assert rows == [("2024-05-01", None), (None, "2024-05-01")]
