"""Dates of hours and zones, reasons of polls and the table of stores in PostgreSQL, where they are there."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import psycopg
import pytest

from store_uptime.pipeline import Options, Report, SourceMapping, build_report, data_version, open_source
from store_uptime.pipeline.clean.poll_reasons import poll_reasons
from store_uptime.pipeline.clean.split import clean_hours, clean_zones
from store_uptime.pipeline.clean.stores import clean_stores
from store_uptime.pipeline.errors import SourceBusy, SourceMismatch, SourceRefused
from store_uptime.pipeline.instants import instant_us
from store_uptime.pipeline.mapping.mapping import AS_NAMED
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.source.postgres.postgres import Postgres
from tests.pipeline.source.test_postgres_forms import NOON, TABLES
from tests.support.feeds import HOURS, POLLS, ZONES, lines, written_feed
from tests.support.postgres import as_user, fresh_database, insert, run

AT_NOON = Options(now=NOON)
HORIZON = Horizon(instant_us(NOON) - 86_400_000_000, instant_us(NOON))
DATES = ("valid_from", "valid_to")
FEED = {
    "polls": lines(
        f"{POLLS},reason",
        "1,2024-05-06 11:00:00,inactive, no power ",
        "1,2024-05-06 10:00:00,INACTIVE,",
        "1,2024-05-06 09:00:00,active,a visit",
        "2,2024-05-06 10:00:00,inactive,flood",
        "2,2024-05-06 10:00:00, inactive,fire",
        "2,2024-05-01 10:00:00,inactive,long ago",
        "2,soon,inactive,unread",
    ),
    "hours": lines(
        f"{HOURS},valid_from,valid_to",
        "1,0,09:00,17:00,2024-03-01,2024-05-07",
        "1,0,10:00,18:00,2024-05-07,",
        "2,0,09:00,17:00,,",
        "2,1,09:00,17:00,2024-05-07,2024-05-07",
    ),
    "zones": lines(
        f"{ZONES},valid_from,valid_to", "1,Europe/Dublin,,2024-05-01", "1,Asia/Tokyo,2024-05-01,", "2,UTC,,"
    ),
    "stores": lines("store_id,name,City,open seats", "1, One ,Berlin,12", "2,Two,,", "3,,Bonn,7"),
}


@dataclass(frozen=True)
class Found:
    """What a source says of all that is optional, as text in order."""

    hours: list[str]
    zones: list[str]
    stores: list[str]
    reasons: list[str]
    rejected: list[dict[str, int]]


def found_in(address: str | Path, schema: str | None = None, mapping: SourceMapping = AS_NAMED) -> Found:
    with open_source(address, schema, mapping=mapping).opened() as source:
        raw = source.read(HORIZON, None)
        tables = (
            clean_hours(raw.hours(), source.codes, mapping),
            clean_zones(raw.zones(), source.codes),
            clean_stores(raw.stores(), source.codes),
        )
        coded = poll_reasons(raw.reasons(), source.codes, HORIZON, mapping)
        reasons = coded.join(source.codes.table, on="code").select("store_id", "poll_us", "reason")
        hours, zones, stores = (written(table.accepted) for table in tables)
        return Found(
            hours,
            zones,
            stores,
            written(reasons),
            [table.counts.rejected for table in tables],
        )


def written(rows: pl.DataFrame) -> list[str]:
    return sorted(str(row) for row in rows.with_columns(pl.col(pl.Categorical).cast(pl.String)).to_dicts())


def report_of(address: str) -> Report:
    return build_report(open_source(address), AT_NOON)


@pytest.fixture
def tables(database: str) -> str:
    """A database with the three tables and two stores."""
    run(database, *TABLES)
    return database


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    return written_feed(tmp_path / "feed", **FEED)


# Types ----------------------------------------------------------------------------------------------------------------

RAW = """
create schema raw;
create table raw.polls (store_id text, timestamp_utc text, status text, reason text);
create table raw.hours (store_id text, day_of_week int, start_time_local time, end_time_local time,
                        valid_from text, valid_to text);
create table raw.zones (store_id text, timezone_str text, valid_from text, valid_to text);
create table raw.stores (store_id text, name text, "City" text, "open seats" text);
"""
SHAPE = """
create schema {schema};
create table {schema}.store_status as
    select store_id::{id}, {stamp} as timestamp_utc, status, reason from raw.polls {readable};
create table {schema}.menu_hours as
    select store_id::{id}, day_of_week, start_time_local, end_time_local, {dates} from raw.hours;
create table {schema}.timezones as select store_id::{id}, timezone_str, {dates} from raw.zones;
create table {schema}.stores as
    select store_id::{id}, name, "City"::varchar(20), "open seats"::{number} from raw.stores;
"""
INSTANT = "(timestamp_utc || '+00')::timestamptz"
READABLE = "where timestamp_utc <> 'soon'"
SHAPES: dict[str, tuple[str, str, str, str]] = {
    "text": ("text", "timestamp_utc", "text", ""),
    "date": ("date", INSTANT, "numeric(9, 2)", READABLE),
    "timestamp": ("timestamp", "timestamp_utc::timestamp", "float8", READABLE),
    "timestamptz": ("timestamptz", INSTANT, "smallint", READABLE),
    "seconds": ("char(12)", f"extract(epoch from {INSTANT})::int8", "text", READABLE),
}
IDS = {"date": "int", "timestamp": "char(5)", "seconds": "varchar(3)"}


@pytest.fixture(scope="module")
def shaped(server: str) -> Iterator[str]:
    """The feed in one schema for each way to keep dates, instants, ids and numbers."""
    with fresh_database(server) as url:
        run(url, RAW)
        for name, text in FEED.items():
            insert(url, f"raw.{name}", pl.read_csv(text.encode(), infer_schema=False).to_dicts())
        for name, (dates, stamp, number, readable) in SHAPES.items():
            casts = ", ".join(
                f"({column} || '{' UTC' * (dates == 'timestamptz')}')::{dates} as {column}" for column in DATES
            )
            schema, store_id = f"as_{name}", IDS.get(name, "text")
            run(
                url,
                SHAPE.format(schema=schema, id=store_id, stamp=stamp, dates=casts, number=number, readable=readable),
            )
        yield url


@pytest.mark.parametrize("shape", SHAPES)
def test_tables_of_any_types_say_what_files_say(shaped: str, feed: Path, shape: str) -> None:
    unit = SourceMapping(timestamp_unit="s") if shape == "seconds" else AS_NAMED
    # German dates: a text of a date would be another one.
    address = f"{shaped}&options=-cdatestyle%3DGerman,DMY%20-ctimezone%3DAsia/Tokyo"
    found = found_in(address, f"as_{shape}", unit)
    assert found == found_in(feed)
    assert found.rejected == [{"bad date": 1}, {}, {}]
    assert len(found.reasons) == 2


ODD_DATES = {
    "without ends": ("-infinity", "infinity", None),
    "never": ("infinity", None, "bad date"),
    "over before all time": (None, "-infinity", "bad date"),
    "before Christ": ("0044-03-15 BC", None, "bad date"),
    "five digits": (None, "12024-03-01", "bad date"),
}


@pytest.mark.parametrize("kind", ["date", "timestamptz"])
def test_dates_that_no_file_can_hold(tables: str, kind: str) -> None:
    run(tables, "set timezone = 'UTC'", f"alter table timezones add valid_from {kind}, add valid_to {kind}")
    rows = [(name, "UTC", first, end) for name, (first, end, _) in ODD_DATES.items()]
    insert(tables, "timezones", [dict(zip(("store_id", "timezone_str", *DATES), row, strict=True)) for row in rows])
    with open_source(tables).opened() as source:
        zones = clean_zones(source.zones(None), source.codes)
    reasons = dict(zones.rejected.select("store_id", "reason").iter_rows())
    assert reasons == {name: reason for name, (_, _, reason) in ODD_DATES.items() if reason}
    assert zones.accepted.filter(pl.col("from_day").is_not_null() | pl.col("until_day").is_not_null()).is_empty()


HOSTILE = [
    "select",
    "Brand",
    "brand",
    "naïve 🏪",
    'a "quoted" one',
    "50 % of {store_id}",
    "file",
    "attribute x",
    "x" * 63,
    "ü" * 31,
]


@pytest.mark.parametrize("pulled", ["over a connection of its own", "over the one that is open"])
def test_attributes_of_any_name_are_read(tables: str, pulled: str) -> None:
    names = HOSTILE
    columns = ", ".join(f"{quoted(name)} text" for name in names)
    values = ", ".join(f"'{number}'" for number in range(len(names)))
    run(tables, f"create table stores (store_id uuid, {columns})", f"insert into stores values ('{UUID}', {values})")
    if pulled == "over the one that is open":
        run(tables, "analyze stores")
    with open_source(tables).opened() as source:
        (row,) = clean_stores(source.stores_table(), source.codes).accepted.drop("name").to_dicts()
    assert row == {"store_id": UUID} | {name: str(number) for number, name in enumerate(names)}


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_of_several_rows_of_a_store_the_first_by_its_values_counts(tables: str, order: str) -> None:
    rows = "values ('a', 'Z', 'x'), ('a', 'a', null), ('a', 'B', 'y')"
    run(tables, f"create table stores as select * from ({rows}) as row (store_id, name, city) order by name {order}")
    with open_source(tables).opened() as source:
        stores = clean_stores(source.stores_table(), source.codes)
    assert stores.accepted.drop("store_id").rows() == [("B", "y")]
    assert stores.counts.rejected == {"several rows": 2}


UUID = "0188a6c1-0000-7000-8000-000000000001"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


# Where there is no such table -----------------------------------------------------------------------------------------

OF_ANOTHER_KIND = {
    "a table": "create table stores (id int, name text)",
    "a view": "create view stores as select 1 as shelf",
    "ids that lose digits": "create table stores (store_id float8)",
}


@pytest.mark.parametrize("made", OF_ANOTHER_KIND.values(), ids=OF_ANOTHER_KIND)
def test_a_table_of_that_name_that_holds_something_else_is_a_remark(tables: str, made: str) -> None:
    plain = report_of(tables)
    run(tables, made)
    report = report_of(tables)
    assert report.csv("extended") == plain.csv("extended")
    (remark,) = set(report.quality.warnings) - set(plain.quality.warnings)
    assert "so it is not read" in remark
    with open_source(tables).opened() as source:
        assert source.stores_table() == []


@pytest.mark.parametrize("made", ["create index stores on store_status (status)", "create sequence stores", "select 1"])
def test_what_is_no_table_is_not_worth_a_word(tables: str, made: str) -> None:
    run(tables, made)
    assert report_of(tables).quality.warnings == []


def test_a_table_of_something_else_may_be_locked_and_replaced(tables: str) -> None:
    run(tables, OF_ANOTHER_KIND["a table"])
    with psycopg.connect(tables) as other:
        other.execute("lock table stores")
        with open_source(tables).opened() as source:
            source.hours(None)
            other.execute("drop table stores; create table stores (id int)")
            other.commit()
            assert source.version is not None


def test_a_table_that_a_mapping_names_must_be_there_and_hold_stores(tables: str) -> None:
    mapping = SourceMapping(tables={"stores": "Shop.Outlets"}, columns={"stores": {"store_id": "Nr", "name": "Title"}})
    source = open_source(tables, mapping=mapping)
    for made, sentence in (
        ('create schema "Shop"', "there is no table Shop.Outlets"),
        ('create table "Shop"."Outlets" (id int)', "has no column Nr; .* stores.store_id = "),
    ):
        run(tables, made)
        with pytest.raises(SourceMismatch, match=sentence):
            build_report(source, AT_NOON)
    run(tables, 'alter table "Shop"."Outlets" rename id to "Nr"', 'alter table "Shop"."Outlets" add "Title" text')
    run(tables, """insert into "Shop"."Outlets" values (1, 'One')""")
    with source.opened() as opened:
        assert opened.stores_table()[0].collect().rows(named=True) == [{"store_id": "1", "name": "One"}]


# Rights ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def reader(tables: str) -> Iterator[str]:
    """The URL of a user who may read the columns that a report needs, where there are others."""
    run(
        tables,
        "alter table store_status add reason text",
        "create table stores (store_id text, city text, owner text)",
        "insert into stores values ('a', 'Berlin', 'somebody')",
        "create role optional_reader login",
        "grant select (store_id, timestamp_utc, status) on store_status to optional_reader",
        "grant select on menu_hours, timezones to optional_reader",
    )
    yield as_user(tables, "optional_reader")
    run(tables, "drop owned by optional_reader", "drop role optional_reader")


def test_a_user_who_may_not_read_the_stores_gets_a_report_and_a_remark(tables: str, reader: str) -> None:
    report = report_of(reader)
    assert report.csv("extended") == report_of(tables).csv("extended")
    assert report.quality.warnings == [
        "Permission denied for stores, so without names and attributes of stores. "
        'Ask its owner: grant select on "stores" to this user.'
    ]
    run(tables, "grant select (store_id, city) on stores to optional_reader")
    with open_source(reader).opened() as source:
        (rows,) = source.stores_table()
        assert rows.collect().rows() == [("a", "Berlin")]
        assert [str(remark) for remark in source.warnings] == [
            "Permission denied for stores, so without owner. Ask its owner: grant select on public.stores to this user."
        ]


def test_reasons_need_a_right_once_somebody_asks_for_them(reader: str) -> None:
    with open_source(reader).opened() as source:
        assert source.hours(None)
        with pytest.raises(SourceRefused, match=r"permission denied for store_status\.reason"):
            source.reasons(HORIZON, None)


def test_dates_need_a_right(tables: str, reader: str) -> None:
    run(tables, "revoke select on timezones from optional_reader", "alter table timezones add valid_from date")
    run(tables, "grant select (store_id, timezone_str) on timezones to optional_reader")
    with pytest.raises(SourceRefused, match=r"denied for timezones\.valid_from\. .* grant select on public\.timezones"):
        report_of(reader)


def test_dates_of_another_type_are_refused(tables: str) -> None:
    run(tables, "alter table menu_hours add valid_to int")
    with pytest.raises(SourceMismatch, match=r"menu_hours\.valid_to is of type integer; it must be date or"):
        report_of(tables)


# One state ------------------------------------------------------------------------------------------------------------

STORES = "create table stores (store_id text, city text)"


def test_what_is_read_of_stores_is_of_one_state(tables: str) -> None:
    run(tables, STORES, "insert into stores values ('a', 'Berlin')")
    with open_source(tables).opened() as source, psycopg.connect(tables) as other:
        other.execute("insert into stores values ('b', 'Bonn')")
        other.commit()
        other.execute("set lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute("truncate stores")
        assert source.stores_table()[0].collect().rows() == [("a", "Berlin")]


def test_a_partition_of_stores_that_comes_meanwhile_is_an_error(tables: str) -> None:
    run(tables, f"{STORES} partition by list (store_id)", STORES.replace("stores", "more"))

    def read() -> None:
        with open_source(tables).opened() as source:
            source.stores_table()
            run(tables, "alter table stores attach partition more for values in ('a')")

    with pytest.raises(SourceBusy, match="replaced while"):
        read()


def test_a_look_for_the_version_gives_that_of_a_run(tables: str) -> None:
    run(tables, STORES)
    with Postgres(tables).opened() as source:
        run_version = source.version
    assert run_version is not None
    assert data_version(open_source(tables)) == run_version
