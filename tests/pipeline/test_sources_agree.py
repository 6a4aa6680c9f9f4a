"""The same rows give the same bytes, whatever they are kept in: CSV, Parquet, and PostgreSQL in many shapes."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipeline import Options, build_report, load_files, open_source, write_sample
from pipeline.tables import SPACE
from tests.postgres import fresh_database, in_database, insert, run
from tests.reference import RawRow, instant, time_of_day
from tests.worlds import EVERY_TEXT_AT, World, every_text, hours_row, moment, poll_row

COLUMNS = {
    "store_status": ("store_id", "timestamp_utc", "status"),
    "menu_hours": ("store_id", "day_of_week", "start_time_local", "end_time_local"),
    "timezones": ("store_id", "timezone_str"),
}
NOW = datetime(2024, 3, 11, 14, 30, tzinfo=UTC)  # the day after clocks went forward in New York
AT = NOW - timedelta(hours=4)
EVERY_DAY = range(7)


# The worlds -----------------------------------------------------------------------------------------------------------


def hours_of(store_id: str, *shifts: tuple[str | None, str | None], days: Sequence[int] = EVERY_DAY) -> list[RawRow]:
    return [hours_row(store_id, str(day), start, end) for day in days for start, end in shifts]


def zones_row(store_id: str, name: str) -> RawRow:
    return {"store_id": store_id, "timezone_str": name}


NASTY_HOURS = [
    *hours_of("split shifts", ("08:00", "11:30"), ("11:31:00", "14:00"), ("13:00", "22:00:00.5")),
    *hours_of("through the change of clocks", ("01:30", "02:30")),
    *hours_of("until 24:00", ("07:00", "24:00")),
    *hours_of("until 23:59", ("00:00", "23:59")),
    *hours_of("until 23:59:59", ("09:00", "23:59:59"), ("00:00", "02:00")),
    *hours_of("overnight", ("22:00", "02:00")),
    *hours_of("partly rejected", ("09:00", "17:00"), ("9 AM", "17:00")),
    *hours_of("all rejected", ("09:00", "25:00"), (None, "10:00")),
    *hours_of("fractions", ("09:00:00.0000009", "17:00:00.123456789")),
    *hours_of("closed on most days", ("09:00", "17:00"), days=[1, 7]),
    *hours_of("never polled", ("09:00", "17:00")),
]
ODD_IDS = [
    "007",
    "7",
    '"quoted"',
    "naïve 🏪",
    " a b ",
    "a,b",
    "=1+1",
    "-1",
    "a\nb",
    "8139926242460185114",
    "NULL",
    "A",
    "a",
]
STORES = [*dict.fromkeys(str(row["store_id"]) for row in NASTY_HOURS[:-7]), *ODD_IDS, "unknown zone", "two zones"]


def polls_of(store_id: str, number: int) -> list[RawRow]:
    """A poll about every five hours over nine days, each third one inactive, in many spellings; two contradict."""
    rows = [poll_row(store_id, f"{NOW:%Y-%m-%dT%H:%M:%S}.000000Z" if number == 0 else None, "active")]
    for step in range(45):
        at = NOW - timedelta(hours=5 * step, minutes=7 * number + 1, microseconds=step)
        spelling = ("%Y-%m-%d %H:%M:%S.%f UTC", "%Y-%m-%dT%H:%M:%S.%f999Z", "%Y-%m-%d %H:%M:%S.%f")[step % 3]
        rows.append(poll_row(store_id, at.strftime(spelling), "inactive" if step % 3 == number % 3 else " Active "))
    at = f"{NOW - timedelta(hours=3):%Y-%m-%d %H:%M:%S}+00"
    return [
        *rows,
        poll_row(store_id, at, "active"),
        poll_row(store_id, at, "inactive"),
        poll_row(store_id, at, "active"),
    ]


NASTY = World(
    polls=[row for number, store_id in enumerate(STORES) for row in polls_of(store_id, number)]
    + [poll_row(None, f"{AT:%Y-%m-%d %H:%M:%S}", "active"), poll_row("7", f"{AT:%Y-%m-%d %H:%M:%S}", "up")]
    + [poll_row("a", text, "inactive") for text in ("soon", "2024-02-30 00:00:00", "2025-01-01 00:00:00", "infinity")],
    hours=NASTY_HOURS,
    zones=[zones_row(store_id, "America/New_York") for store_id in STORES[:-4]]
    + [zones_row("unknown zone", "Mars/Olympus")]
    + [zones_row("two zones", name) for name in ("Europe/Dublin", "Asia/Kolkata", "nowhere")],
    now=NOW,
    lookback=timedelta(hours=24),
    max_gap=timedelta(hours=9),
)


def without_nul(rows: Sequence[RawRow]) -> list[RawRow]:
    return [{name: value and value.replace("\0", "\ufffd") for name, value in row.items()} for row in rows]


def awkward() -> World:
    """Each text that is awkward to read; a database has no NUL."""
    world = every_text(EVERY_TEXT_AT)
    polls, hours, zones = (without_nul(rows) for rows in (world.polls, world.hours, world.zones))
    return replace(world, polls=polls, hours=hours, zones=zones)


def sampled(folder: Path) -> World:
    """A few stores that look real, all with UUIDs, and the bad rows that a sample has."""
    write_sample(folder, 100, 9)
    polls, hours, zones = (read_rows(folder / f"{table}.csv") for table in COLUMNS)
    keep = {row["store_id"] for row in zones[:30]} | {""}
    return World(
        polls=[row for row in polls if row["store_id"] in keep],
        hours=[row for row in hours if row["store_id"] in keep],
        zones=zones[:30],
        now=None,
        lookback=timedelta(hours=24),
        max_gap=None,
    )


def read_rows(file: Path) -> list[RawRow]:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, World]:
    return {"sample": sampled(tmp_path_factory.mktemp("sample")), "nasty": NASTY, "awkward": awkward()}


WORLDS = ("sample", "nasty", "awkward")


# What a source says ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """All that must not depend on where rows are kept."""

    plain: bytes
    extended: bytes
    lists: dict[str, list[str]]
    now: str


def said(address: str | Path, world: World, schema: str | None = None) -> Said:
    options = Options(now=world.now, lookback=world.lookback, max_gap=world.max_gap)
    report = build_report(open_source(address, schema), options)
    return Said(report.csv(), report.csv("extended"), report.quality.stores, report.provenance["now"])


@pytest.fixture(scope="module")
def expected(worlds: dict[str, World], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Said]:
    """What CSV files say."""
    return {name: said(csv_folder(world, tmp_path_factory.mktemp("csv")), world) for name, world in worlds.items()}


# Files ----------------------------------------------------------------------------------------------------------------


def text_frames(world: World) -> dict[str, pl.DataFrame]:
    rows = zip(COLUMNS.items(), (world.polls, world.hours, world.zones), strict=True)
    return {
        table: pl.DataFrame([dict(row) for row in rows], schema=dict.fromkeys(columns, pl.String))
        for (table, columns), rows in rows
    }


def csv_folder(world: World, folder: Path) -> Path:
    for table, frame in text_frames(world).items():
        frame.write_csv(folder / f"{table}.csv", quote_style="necessary")
    return folder


def parquet_folder(frames: Mapping[str, pl.DataFrame], folder: Path) -> Path:
    for table, frame in frames.items():
        frame.write_parquet(folder / f"{table}.parquet")
    return folder


def typed_frames(world: World) -> dict[str, pl.DataFrame]:
    """The same in columns of their own types, where a value that fits none is null."""
    frames = text_frames(world)
    stamps = [stamp(row) for row in world.polls]
    hours = {name: pl.Series([clock(row, name) for row in world.hours], dtype=pl.Int64) for name in CLOCKS}
    return {
        "store_status": frames["store_status"].with_columns(
            timestamp_utc=pl.Series(stamps, dtype=pl.Int64).cast(pl.Datetime("us", "UTC"))
        ),
        "menu_hours": frames["menu_hours"].with_columns(
            pl.col("day_of_week").str.strip_chars(SPACE).str.extract("^([0-9])$").cast(pl.Int16),
            **{name: (column * 1_000).cast(pl.Time) for name, column in hours.items()},
        ),
        "timezones": frames["timezones"].with_columns(pl.col("timezone_str").cast(pl.Categorical)),
    }


CLOCKS = ("start_time_local", "end_time_local")
MIDNIGHT = 24 * 3_600 * 1_000_000


def stamp(row: RawRow) -> int | None:
    return instant(row["timestamp_utc"] or "")


def clock(row: RawRow, name: str) -> int | None:
    """Microseconds since midnight. Parquet has no 24:00; as an end, 00:00 is the same midnight."""
    at = time_of_day(row[name])
    return at if at != MIDNIGHT else 0 if name == "end_time_local" else None


@pytest.mark.parametrize("name", WORLDS)
def test_parquet_of_text_says_what_csv_says(
    worlds: dict[str, World], expected: dict[str, Said], tmp_path: Path, name: str
) -> None:
    assert said(parquet_folder(text_frames(worlds[name]), tmp_path), worlds[name]) == expected[name]


@pytest.mark.parametrize("name", WORLDS)
def test_parquet_of_times_and_numbers_says_what_csv_says(
    worlds: dict[str, World], expected: dict[str, Said], tmp_path: Path, name: str
) -> None:
    assert said(parquet_folder(typed_frames(worlds[name]), tmp_path), worlds[name]) == expected[name]


# PostgreSQL -----------------------------------------------------------------------------------------------------------

RAW = """
create schema raw;
create table raw.polls (store_id text, stamp text, at timestamptz, status text);
create table raw.hours (
    store_id text, day text, first text, last text, day_number int, first_time time, last_time time
);
create table raw.zones (store_id text, name text);
"""


def timestamptz(at: int | None) -> str | None:
    return None if at is None else f"{moment(at):%Y-%m-%d %H:%M:%S.%f}+00".zfill(29)


def time_text(at: int | None) -> str | None:
    if at is None:
        return None
    seconds, fraction = divmod(at, 1_000_000)
    return f"{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:06}"


def store_raw(url: str, world: World) -> None:
    """The rows as text and, where they fit, as values, from which every shape of tables is made."""
    run(url, RAW)
    insert(url, "raw.polls", [raw_poll(row) for row in world.polls])
    insert(url, "raw.hours", [raw_hours(row) for row in world.hours])
    insert(url, "raw.zones", [{"store_id": row["store_id"], "name": row["timezone_str"]} for row in world.zones])


def raw_poll(row: RawRow) -> dict[str, object]:
    stamps = {"stamp": row["timestamp_utc"], "at": timestamptz(stamp(row))}
    return {"store_id": row["store_id"], **stamps, "status": row["status"]}


def raw_hours(row: RawRow) -> dict[str, object]:
    day, first, last = row["day_of_week"], row["start_time_local"], row["end_time_local"]
    number = int(day) if day is not None and day.strip(SPACE) in [*"0123456789"] else None
    times = {"first_time": time_text(time_of_day(first)), "last_time": time_text(time_of_day(last))}
    return {"store_id": row["store_id"], "day": day, "first": first, "last": last, "day_number": number, **times}


@pytest.fixture(scope="module")
def raw(server: str, worlds: dict[str, World]) -> Iterator[dict[str, str]]:
    """A database with the rows of each world, to be copied."""
    with fresh_database(server) as sample, fresh_database(server) as nasty, fresh_database(server) as text:
        urls = dict(zip(WORLDS, (sample, nasty, text), strict=True))
        for name, url in urls.items():
            store_raw(url, worlds[name])
        yield urls


POLLS = "create table store_status as select store_id, at as timestamp_utc, status from raw.polls"
HOURS = """create table menu_hours as select store_id, day_number as day_of_week, first_time as start_time_local,
    last_time as end_time_local from raw.hours"""
ZONES = "create table timezones as select store_id, name as timezone_str from raw.zones"


@dataclass(frozen=True)
class Shape:
    """A way to keep the three tables, out of `raw`."""

    polls: str = POLLS
    hours: str = HOURS
    zones: str = ZONES
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    worlds: tuple[str, ...] = ("nasty", "awkward")
    schema: str | None = None


def ids_as(kind: str, *worlds: str) -> Shape:
    cast = f"select nullif(store_id, '')::{kind} as store_id,"
    polls, hours, zones = (text.replace("select store_id,", cast) for text in (POLLS, HOURS, ZONES))
    return Shape(polls, hours, zones, worlds=worlds)


def as_view(table: str, kind: str = "view") -> str:
    return table.replace("create table", f"create {kind}")


ENUM = "create type poll_status as enum ('active', 'inactive', 'offline')"
IN_CITIES = 'create schema "The ""Cities"""; set search_path = \'The "Cities"\''
SEARCH_PATH = """create schema "my cities"; set search_path = 'my cities'; do $$ begin
    execute format('alter database %I set search_path = nowhere, "my cities", public', current_database());
end $$"""
SHAPES = {
    "types as we would have chosen": Shape(),
    "an index on the time": Shape(after=("create index on store_status (timestamp_utc)",)),
    "uuid": ids_as("uuid", "sample"),
    "padded char(40)": ids_as("char(40)", "sample"),
    "varchar(90)": ids_as("varchar(90)", "nasty"),
    "text times of import scripts": Shape(
        "create table store_status as select store_id, stamp as timestamp_utc, status from raw.polls"
    ),
    "timestamp without zone": Shape(
        "create table store_status as select store_id, at at time zone 'UTC' as timestamp_utc, status from raw.polls"
    ),
    "dayOfWeek": Shape(after=('alter table menu_hours rename day_of_week to "dayOfWeek"',)),
    "day": Shape(after=("alter table menu_hours rename day_of_week to day",), worlds=("nasty",)),
    "day beside day_of_week": Shape(after=("alter table menu_hours add day date default now()",), worlds=("nasty",)),
    "a day before day_of_week": Shape(hours=HOURS.replace("select store_id", "select 'x' as day, store_id")),
    "enum": Shape(POLLS.replace("status from", "status::poll_status from"), before=(ENUM,), worlds=("sample",)),
    "padded status": Shape(POLLS.replace("status from", "status::char(30) from"), worlds=("nasty",)),
    "text times of day": Shape(
        hours="""create table menu_hours as select store_id, day as day_of_week, first as start_time_local,
            last::varchar(99) as end_time_local from raw.hours"""
    ),
    "numbers as days": Shape(after=("alter table menu_hours alter day_of_week type numeric",)),
    "domains": Shape(
        before=("create domain instant as timestamptz", "create domain clock as time"),
        after=(
            "alter table store_status alter timestamp_utc type instant",
            "alter table menu_hours alter start_time_local type clock",
        ),
    ),
    "other columns": Shape(
        after=(
            "alter table store_status add column id serial primary key, add column note interval default '1 h'",
            "alter table menu_hours add column valid int4range, add column opened timetz default '01:00+01'",
            "alter table timezones add column place point, drop column timezone_str, add column timezone_str text",
            "update timezones set timezone_str = name from raw.zones where raw.zones.store_id = timezones.store_id",
        ),
        worlds=("sample",),
    ),
    "views": Shape(as_view(POLLS), as_view(HOURS), as_view(ZONES)),
    "materialized": Shape(as_view(POLLS, "materialized view"), worlds=("nasty",)),
    "partitions": Shape(
        """create table store_status (store_id text, timestamp_utc timestamptz, status text)
           partition by hash (store_id)""",
        after=(
            "create table part0 partition of store_status for values with (modulus 2, remainder 0)",
            "create table part1 partition of store_status for values with (modulus 2, remainder 1)",
            "insert into store_status select store_id, at, status from raw.polls",
        ),
        worlds=("nasty",),
    ),
    "a schema that is named": Shape(before=(IN_CITIES,), worlds=("nasty",), schema='The "Cities"'),
    "a schema on the search path": Shape(before=(SEARCH_PATH,), worlds=("nasty",)),
}  # fmt: skip
CASES = [
    pytest.param(shape, world, marks=pytest.mark.nightly if number else pytest.mark.long)
    for shape in SHAPES
    for number, world in enumerate(SHAPES[shape].worlds)
]


def shaped(url: str, shape: Shape) -> None:
    """Make the tables, all in one session."""
    run(url, ";\n".join([*shape.before, shape.polls, shape.hours, shape.zones, *shape.after]))


@pytest.fixture
def copied(server: str, raw: dict[str, str]) -> Iterator[Callable[[str], str]]:
    """Gives a new database with the rows of a world."""
    with fresh_database(server) as url:
        name = url.partition("?")[0].rpartition("/")[2]

        def copy(world: str) -> str:
            template = raw[world].partition("?")[0].rpartition("/")[2]
            run(server, f'drop database "{name}"', f'create database "{name}" template "{template}"')
            return in_database(server, name)

        yield copy


@pytest.mark.parametrize(("shape", "name"), CASES)
def test_tables_of_any_shape_say_what_csv_says(
    copied: Callable[[str], str], worlds: dict[str, World], expected: dict[str, Said], shape: str, name: str
) -> None:
    url = copied(name)
    shaped(url, SHAPES[shape])
    assert said(url, worlds[name], SHAPES[shape].schema) == expected[name]


@pytest.mark.parametrize("name", WORLDS)
def test_tables_of_our_own_say_what_csv_says(
    database: str, worlds: dict[str, World], expected: dict[str, Said], tmp_path: Path, name: str
) -> None:
    folder = csv_folder(worlds[name], tmp_path)
    assert all(done.accepted for done in load_files(folder, database, tmp_path / "rejects").files)
    assert said(database, worlds[name]) == expected[name]
