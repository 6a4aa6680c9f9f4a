"""The same rows give the same bytes, whatever they are kept in: CSV, Parquet, and PostgreSQL in many shapes."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from store_uptime.pipeline import (
    AS_NAMED,
    Options,
    SourceMapping,
    build_report,
    load_files,
    open_source,
    write_sample,
)
from store_uptime.pipeline.options import DEFAULTS
from store_uptime.pipeline.plan.horizon import find_horizon
from store_uptime.pipeline.tables import SPACE
from tests.support.postgres import fresh_database, in_database, insert, run
from tests.support.reference import RawRow, instant, micros, time_of_day
from tests.support.worlds import EVERY_TEXT_AT, World, every_text, hours_row, moment, poll_row

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


def said(address: str | Path, world: World, schema: str | None = None, mapping: SourceMapping = AS_NAMED) -> Said:
    options = Options(now=world.now, lookback=world.lookback, max_gap=world.max_gap)
    report = build_report(open_source(address, schema, mapping=mapping), options)
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


# Other names and words ------------------------------------------------------------------------------------------------

NAMES = {
    "store_status": {"store_id": "shop id", "timestamp_utc": "seen", "status": "state"},
    "menu_hours": {"day_of_week": "weekday", "start_time_local": "from", "end_time_local": "to"},
    "timezones": {"store_id": "shop", "timezone_str": "store_id"},
}
WORDS = {"active": "Geöffnet", "inactive": "zu"}
UNITS_US = {"s": 1_000_000, "ms": 1_000}
Seen = tuple[object, ...]
TABLE_NAMES = {"store_status": "Checks", "menu_hours": "opening hours", "timezones": "places"}


def mapped_to(unit: str | None, words: Mapping[str, object], schema: str = "public") -> SourceMapping:
    """The mapping of such a feed."""
    tables = {table: {"table": f"{schema}.{name}", **NAMES[table]} for table, name in TABLE_NAMES.items()}
    statuses = {status: [word] for status, word in words.items()}
    units = {} if unit is None else {"timestamp_unit": unit}
    return SourceMapping.from_dict(
        tables
        | {
            "store_status": {**tables["store_status"], **statuses, **units},
            "menu_hours": {**tables["menu_hours"], "monday": 1},
        }
    )


def in_milliseconds(row: RawRow) -> RawRow:
    at = stamp(row)
    return row if at is None else {**row, "timestamp_utc": str(moment(at // 1_000 * 1_000)).replace("+00:00", "")}


COARSE = replace(NASTY, polls=[in_milliseconds(row) for row in NASTY.polls])


def number_text(row: RawRow, unit: str | None) -> str | None:
    """A time as a number of seconds with a fraction, or of milliseconds; what is no time stays what it is."""
    at = stamp(row)
    if at is None or unit is None:
        return row["timestamp_utc"]
    return str(at // 1_000) if unit == "ms" else f"{at // 1_000_000}.{at % 1_000_000:06}"


def in_other_words(status: str | None, words: Mapping[str, str]) -> str | None:
    """A word for a word: in upper case and with spaces around it where that was not plain."""
    if status is None or status.strip().lower() not in words:
        return status
    word = words[status.strip().lower()]
    return word if status == status.strip() else f" {word.upper()}\t"


def counted_from_1(day: str | None) -> str | None:
    return str(int(day) + 1) if day is not None and day.isdigit() else day


def mapped_frames(world: World, unit: str | None, words: Mapping[str, str]) -> dict[str, pl.DataFrame]:
    """A world as text in other names and words, weekdays from 1, times as numbers."""
    polls, hours, zones = text_frames(world).values()
    times = pl.Series([number_text(row, unit) for row in world.polls], dtype=pl.String)
    statuses = pl.Series([in_other_words(row["status"], words) for row in world.polls], dtype=pl.String)
    days = pl.Series([counted_from_1(row["day_of_week"]) for row in world.hours], dtype=pl.String)
    frames = {
        "store_status": polls.with_columns(timestamp_utc=times, status=statuses),
        "menu_hours": hours.with_columns(day_of_week=days),
        "timezones": zones,
    }
    return {table: frame.rename(NAMES[table]) for table, frame in frames.items()}


@pytest.fixture(scope="module")
def coarse(tmp_path_factory: pytest.TempPathFactory) -> tuple[Said, Seen]:
    """What CSV files in the usual names and words say."""
    folder = csv_folder(COARSE, tmp_path_factory.mktemp("csv"))
    return said(folder, COARSE), seen(folder)


def seen(address: str | Path, mapping: SourceMapping = AS_NAMED) -> Seen:
    """What the quicker looks at a source see."""
    with open_source(address, mapping=mapping).opened() as source:
        ceilings = [NOW + timedelta(days=days) for days in (-20, 0, 400)]
        newest = [source.newest_poll_us(micros(ceiling)) for ceiling in ceilings]
        polled = [source.has_polled(store) for store in ("007", "00")]
        return newest, source.poll_span_us(), source.stores(find_horizon(source, DEFAULTS)), polled


def test_csv_in_other_names_and_words_says_the_same(coarse: tuple[Said, Seen], tmp_path: Path) -> None:
    for table, frame in mapped_frames(COARSE, "s", WORDS).items():
        frame.write_csv(tmp_path / f"{table}.csv", quote_style="necessary")
    assert said(tmp_path, COARSE, mapping=mapped_to("s", WORDS)) == coarse[0]


def test_parquet_of_numbers_and_booleans_says_the_same(coarse: tuple[Said, Seen], tmp_path: Path) -> None:
    frames = mapped_frames(COARSE, "ms", {"active": "true", "inactive": "false"})
    polls, hours = frames["store_status"], frames["menu_hours"]
    frames["store_status"] = polls.with_columns(
        pl.col("seen").str.to_integer(strict=False),
        pl.col("state")
        .str.strip_chars()
        .str.to_lowercase()
        .replace_strict({"true": True, "false": False}, default=None),
    )
    frames["menu_hours"] = hours.with_columns(pl.col("weekday").str.to_integer(strict=False).cast(pl.Int16))
    mapping = mapped_to("ms", {"active": True, "inactive": False})
    assert said(parquet_folder(frames, tmp_path), COARSE, mapping=mapping) == coarse[0]


MAPPED = {
    "whole": ("bigint", "ms", "text", WORDS),
    "decimal": ("numeric", "s", "boolean", {"active": True, "inactive": False}),
    "float": ("double precision", "ms", "numeric(4,2)", {"active": 1, "inactive": 0}),
    "digits": ("text", "s", "text", WORDS),
    "stamps": ("timestamp", None, "int", {"active": -1, "inactive": 0}),
}  # for each schema: the types of time and status, the unit, the words


@pytest.fixture(scope="module")
def mapped(server: str) -> Iterator[str]:
    """A database with a schema for each."""
    with fresh_database(server) as url:
        for schema, (time_type, unit, status_type, words) in MAPPED.items():
            frames = mapped_frames(COARSE, unit, {status: str(word).lower() for status, word in words.items()})
            if status_type != "text":
                good = [str(word).lower() for word in words.values()]
                frames["store_status"] = frames["store_status"].with_columns(
                    pl.when(pl.col("state").str.strip_chars().str.to_lowercase().is_in(good)).then("state")
                )
            if time_type != "text":
                stamps = pl.Series([stamp(row) is not None for row in COARSE.polls])
                frames["store_status"] = frames["store_status"].with_columns(pl.when(stamps).then("seen"))
            run(url, f"create schema {schema}")
            for table, frame in frames.items():
                types = {"seen": time_type, "state": status_type}
                columns = ", ".join(f'"{name}" {types.get(name, "text")}' for name in frame.columns)
                run(url, f'create table {schema}."{TABLE_NAMES[table]}" ({columns})')
                insert(url, f'{schema}."{TABLE_NAMES[table]}"', frame.to_dicts())
        yield url


@pytest.mark.parametrize("schema", MAPPED)
def test_tables_in_other_names_and_words_say_the_same(mapped: str, coarse: tuple[Said, Seen], schema: str) -> None:
    _, unit, _, words = MAPPED[schema]
    mapping = mapped_to(unit, words, schema)
    assert (said(mapped, COARSE, mapping=mapping), seen(mapped, mapping)) == coarse


@pytest.mark.parametrize("schema", MAPPED)
def test_one_store_of_such_tables_has_its_figures(mapped: str, schema: str) -> None:
    _, unit, _, words = MAPPED[schema]
    source = open_source(mapped, mapping=mapped_to(unit, words, schema))
    options = Options(now=COARSE.now, lookback=COARSE.lookback, max_gap=COARSE.max_gap)
    whole = build_report(source, options).exact
    store = whole["store_id"][0]
    assert build_report(source, replace(options, store=store)).exact.equals(whole.filter(store_id=store))
