"""The stores to choose from: those with an acceptable poll in the eight days before the newest, from every source."""

from pathlib import Path

import pytest

from store_uptime.pipeline import Frames, build_report, open_source, polled_stores
from store_uptime.pipeline.errors import AllPollsRejected, SourceMismatch
from tests.support.feeds import HOURS, POLLS, ZONES, frames, lines, table, written_feed
from tests.support.postgres import eventually, insert, run

NEWEST = "2024-05-06 12:00:00"
HOURS_TABLE = "create table menu_hours (store_id text, day_of_week int, start_time_local time, end_time_local time)"
SCANS = "select seq_scan, idx_scan > 1 from pg_stat_user_tables where relname = 'store_status'"
ZONES_TABLE = "create table timezones (store_id text, timezone_str text)"


def uuid(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


CHOICES: dict[str, tuple[str, str, bool]] = {
    "at the newest poll": (NEWEST, "active", True),
    "at the beginning": ("2024-04-28 12:00:00", "inactive", True),
    "before the beginning": ("2024-04-28 11:59:59.999999", "active", False),
    "long ago": ("2020-01-01 00:00:00", "active", False),
    "ahead of the clock": ("2924-05-06 12:00:00", "active", False),
    "with another word": ("2024-05-06 11:00:00", "up", False),
    "with an odd spelling": ("2024-05-06 11:00:00", " ACTIVE\t", True),
}
ROWS = [(uuid(number), at, status) for number, (at, status, _) in enumerate(reversed(CHOICES.values()))]
EXPECTED = [uuid(number) for number, (*_, listed) in enumerate(reversed(CHOICES.values())) if listed]
ODD_IDS = ["Z", "a", "é", "É", "a,b", 'a"b', "=1+1", "007", " a", "naïve 🏪", "ﬀ"]


def in_frames(rows: list[tuple[str, str, str]]) -> Frames:
    return frames(lines(POLLS, *(",".join(row) for row in rows)))


def listed(source: str | Path | Frames, schema: str | None = None) -> list[str]:
    return polled_stores(source if isinstance(source, Frames) else open_source(source, schema))


# Files ----------------------------------------------------------------------------------------------------------------


def test_frames_list_the_stores_that_a_report_has() -> None:
    source = in_frames([*ROWS, ROWS[-1], ("", NEWEST, "active"), ("x", "soon", "active")])
    assert listed(source) == EXPECTED == build_report(source).exact["store_id"].to_list()


def test_a_folder_does_so_too(tmp_path: Path) -> None:
    written_feed(tmp_path, polls=lines(POLLS, *(",".join(row) for row in ROWS)), hours=lines(HOURS), zones=lines(ZONES))
    assert listed(tmp_path) == EXPECTED


def test_a_table_in_parts_of_different_types_is_one() -> None:
    rows = table(lines(POLLS, f"10,{NEWEST},active", f"9,{NEWEST},active"))
    typed = rows.cast({"store_id": int}).select("store_id", "timestamp_utc", "status")
    assert listed(Frames([rows.lazy(), typed.lazy()], [], [])) == ["10", "9"]


# PostgreSQL -----------------------------------------------------------------------------------------------------------


def shop(url: str, store_type: str, time_type: str, status_type: str = "text") -> None:
    polls = f"create table store_status (store_id {store_type}, timestamp_utc {time_type}, status {status_type})"
    run(url, polls, HOURS_TABLE, ZONES_TABLE)


def filled(url: str, rows: list[tuple[str, str, str]]) -> None:
    insert(url, "store_status", [dict(zip(POLLS.split(","), row, strict=True)) for row in rows])


TYPES = [
    ("text", "timestamptz"),
    ("uuid", "timestamptz"),
    ("char(36)", "timestamp"),
    ("char(40)", "timestamptz"),
    ("varchar(36)", "timestamp"),
]


@pytest.mark.parametrize(("store_type", "time_type"), TYPES)
def test_columns_of_any_type_list_the_same(database: str, store_type: str, time_type: str) -> None:
    shop(database, store_type, time_type)
    run(database, f"alter database {database.partition('?')[0].rpartition('/')[2]} set timezone = 'UTC'")
    filled(database, ROWS)
    run(database, f"insert into store_status values (null, '{NEWEST}', 'active'), ('{uuid(99)}', null, 'active')")
    run(database, f"insert into store_status values ('{uuid(98)}', '-infinity', 'active')")
    run(database, f"insert into store_status values ('{uuid(97)}', 'infinity', 'active')")
    assert listed(database) == EXPECTED == build_report(open_source(database)).exact["store_id"].to_list()


@pytest.mark.parametrize("store_type", ["text", "uuid", "char(40)"])
@pytest.mark.parametrize("time_type", ["text", "varchar(40)"])
def test_times_that_are_text_list_those_and_perhaps_some_of_the_days_around(
    database: str, store_type: str, time_type: str
) -> None:
    shop(database, store_type, time_type)
    filled(database, ROWS)
    run(database, f"insert into store_status values ('{uuid(99)}', 'soon', 'active')")
    before_the_beginning = next(store for store, at, _ in ROWS if at.startswith("2024-04-28 11"))
    assert set(EXPECTED) <= set(listed(database)) <= {*EXPECTED, before_the_beginning}


def test_a_status_may_be_one_of_a_set_of_words(database: str) -> None:
    run(database, "create type poll_status as enum ('active', 'inactive', 'up', ' ACTIVE\t')")
    shop(database, "text", "timestamptz", "poll_status")
    filled(database, ROWS)
    assert listed(database) == EXPECTED


def test_odd_ids_come_in_the_order_of_their_bytes(database: str) -> None:
    shop(database, "text", "timestamptz")
    filled(database, [(odd, NEWEST, "active") for odd in ODD_IDS])
    assert listed(database) == sorted(ODD_IDS, key=str.encode)


def test_ids_of_empty_text_are_no_stores(database: str) -> None:
    shop(database, "text", "timestamptz")
    filled(database, [("", NEWEST, "active"), ("a\ufffd", NEWEST, "active"), ("a", NEWEST, "active")])
    assert listed(database) == ["a"]


def test_a_schema_is_looked_into(database: str) -> None:
    shop(database, "text", "timestamptz")
    filled(database, [("a", NEWEST, "active")])
    tables = ("store_status", "menu_hours", "timezones")
    run(database, 'create schema "Other"', *(f'alter table {name} set schema "Other"' for name in tables))
    assert listed(database, "Other") == ["a"]
    with pytest.raises(SourceMismatch):
        listed(database)


def test_an_index_on_the_time_is_used(database: str) -> None:
    shop(database, "text", "timestamptz")
    run(
        database,
        "insert into store_status select 'a', at, 'active' "
        "from generate_series(timestamptz '2023-01-01Z', '2024-05-06 12:00Z', '20 min') as at",
        "create index the_index on store_status (timestamp_utc)",
        "analyze store_status",
    )
    # Scans are counted when their session has ended, a little later: those of the index first, then none.
    eventually(lambda: run(database, SCANS)[0][0] > 0)
    run(database, "select pg_stat_reset()")
    assert listed(database) == ["a"]
    eventually(lambda: run(database, SCANS) == [(0, True)])


# None -----------------------------------------------------------------------------------------------------------------


def test_without_any_poll_it_is_the_error_of_a_report() -> None:
    with pytest.raises(AllPollsRejected, match="the only poll is rejected for bad status"):
        listed(in_frames([("a", NEWEST, "up")]))


@pytest.mark.parametrize("time_type", ["timestamptz", "text"])
def test_a_database_without_any_poll_says_so_too(database: str, time_type: str) -> None:
    shop(database, "text", time_type)
    filled(database, [("a", NEWEST, "up"), ("a", "2924-05-06 12:00:00", "active")])
    with pytest.raises(AllPollsRejected, match=r"ahead of the clock \(1\), bad status \(1\)"):
        listed(database)
