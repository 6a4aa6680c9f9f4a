"""What a feed calls things: files of mappings, what is wrong with them, and those that are proposed."""

import os
import re
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest

from store_uptime.pipeline import (
    BadMapping,
    SourceMapping,
    SourceMismatch,
    archive,
    build_report,
    load_files,
    open_source,
    proposed_mapping,
    read_mapping,
    restore,
)
from store_uptime.pipeline.mapping import mapping_file
from store_uptime.pipeline.mapping.mapping import mapping_line
from store_uptime.pipeline.tables import NEEDED_COLUMNS, Table
from tests.support.feeds import HOURS, POLLS, ZONES, called, lines, written_feed
from tests.support.postgres import fresh_database, run

# Files ----------------------------------------------------------------------------------------------------------------

EVERYTHING = """
[store_status]
table = "shop.Checks"
store_id = "shop"
timestamp_utc = "seen"
status = "state"
active = ["Online", 1, true, " up "]
inactive = ["offline", 0, false]
timestamp_unit = "ms"

[menu_hours]
day_of_week = "weekday"
monday = 1

[timezones]
timezone_str = "tz"
"""
BAD = {
    "[shops]": "shops is none of the tables. Allowed: [store_status], [menu_hours], [timezones], [stores].",
    "[stores]\nbrand = 'chain'": "[stores] brand is not known. Allowed: table, store_id, name.",
    "[menu_hours]\nvalid_from = 'day_of_week'": '[menu_hours] day_of_week is "day_of_week", and so is valid_from',
    "monday = 1": "monday is none of the tables",
    "timezones = 1": "timezones is a value, not a table. Allowed: a line [timezones], and below it table, store_id,",
    "[menu_hours]\nmondey = 1": "[menu_hours] mondey is not known. Allowed: table, store_id, day_of_week,",
    "[timezones]\nmonday = 1": "[timezones] monday is not known. Allowed: table, store_id, timezone_str, valid_from,",
    "[menu_hours]\nmonday = 2": "[menu_hours] monday cannot be 2. Allowed: 0 or 1.",
    "[menu_hours]\nmonday = true": "[menu_hours] monday cannot be true. Allowed: 0 or 1.",
    "[menu_hours]\nmonday = '1'": '[menu_hours] monday cannot be "1"',
    "[store_status]\ntimestamp_unit = 'ns'": """timestamp_unit cannot be "ns". Allowed: "s", "ms" or "us".""",
    "[store_status]\nactive = 'online'": '[store_status] active cannot be "online". Allowed: a list of words,',
    "[store_status]\nactive = []": "[store_status] active cannot be []",
    "[store_status]\nactive = [1.5]": "[store_status] active cannot be [1.5]",
    "[store_status]\nactive = [' ']": '[store_status] active cannot be [" "]',
    "[store_status]\nactive = ['Inactive']": '[store_status] active has "inactive", and so has inactive',
    "[store_status]\nactive = [1]\ninactive = ['1']": '[store_status] active has "1", and so has inactive',
    "[store_status]\nstatus = 'timestamp_utc'": '[store_status] timestamp_utc is "timestamp_utc", and so is status',
    "[store_status]\nstatus = 'x'\nstore_id = 'x'": '[store_status] store_id is "x", and so is status',
    "[store_status]\nstatus = ' '": '[store_status] status cannot be " ". Allowed: a name in quotes,',
    "[timezones]\nstore_id = 3": "[timezones] store_id cannot be 3",
    "[timezones]\ntable = 'a.b.c'": '[timezones] table cannot be "a.b.c"',
    "[timezones]\ntable = 'shop.'": '[timezones] table cannot be "shop."',
    "[menu_hours]\nmonday = 2024-01-01": "monday cannot be 2024-01-01.",
    "[menu_hours]\nmonday = 2024-01-01T10:00:00Z": "monday cannot be 2024-01-01T10:00:00+00:00.",
    "[store_status]\nactive = [inf, true, {a = 1}]": 'active cannot be [inf, true, {"a" = 1}].',
    f"a={'[' * 2000}": "is nested too deeply.",
    f"# {'.' * 101}\na{'.a' * 101} = 1": "has more than 100 dots in line 2.",
    "active": "is not TOML (Expected '=' after a key",
}


@pytest.mark.parametrize("text", BAD)
def test_a_file_that_says_what_cannot_be_is_refused_by_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "map.toml"
    file.write_text(text)
    with pytest.raises(BadMapping) as caught:
        read_mapping(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert BAD[text] in str(caught.value)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"active": ("up",), "inactive": ("up",)}, 'has "up", and so has inactive'),
        ({"active": "up"}, 'active cannot be "up"'),
        ({"active": ()}, "active cannot be []"),
        ({"monday": 9}, "monday cannot be 9"),
        ({"timestamp_unit": "fortnight"}, 'timestamp_unit cannot be "fortnight"'),
        ({"tables": {"bogus": "x"}}, "bogus is none of the tables"),
        ({"columns": {"timezones": {"zone": "x"}}}, "[timezones] zone is not known"),
    ],
)
def test_what_no_file_may_say_python_may_not_either(facts: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadMapping) as caught:
        SourceMapping(**facts)
    assert str(caught.value).startswith("the mapping: ")
    assert sentence in str(caught.value)


def test_a_file_that_is_not_there_or_no_text_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_bytes(b"# a\n# \xff\n")
    (tmp_path / "large.toml").write_bytes(b"#" * 1_048_577)
    cases = {
        "none.toml": "No such file",
        "map.toml": r"is not UTF-8 \(line 2\)",
        "large.toml": "larger than 1 MiB",
        ".": "Is a directory",
        "a\0b": "null byte",
    }
    for name, reason in cases.items():
        with pytest.raises(BadMapping, match=reason):
            read_mapping(tmp_path / name)


def test_a_pipe_is_read_and_not_waited_for_where_nobody_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as aside:
        aside.submit(pipe.write_text, "[menu_hours]\nmonday = 1\n")
        assert read_mapping(pipe) == SourceMapping(monday=1)
    monkeypatch.setattr(mapping_file, "WAIT_SECONDS", 0.01)
    with pytest.raises(BadMapping, match="nobody has written"):
        read_mapping(pipe)


def test_a_mapping_says_the_same_when_it_is_written_and_read_again(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(EVERYTHING)
    mapping = read_mapping(tmp_path / "map.toml")
    assert SourceMapping.from_dict(mapping.to_dict()) == mapping
    assert mapping.active == ("online", "1", "true", "up")
    assert mapping.table_name("store_status") == "shop.Checks"
    assert SourceMapping.from_dict({}) == SourceMapping()
    assert SourceMapping().to_dict() == {}


@pytest.mark.parametrize("value", ["ms", 1, ["online", 'a "b"\\ \x7f ü']])
def test_a_line_that_would_mend_an_error_is_a_file_by_itself(value: str | int | list[str]) -> None:
    assert tomllib.loads(mapping_line("store_status", "active", value)) == {"store_status": {"active": value}}


# Proposals ------------------------------------------------------------------------------------------------------------

TIMES = ("2024-05-06 10:00:00 UTC", "2024-05-06 11:00:00 UTC", "2024-05-06 11:30:00 UTC")
STATUSES = ("active", "inactive", "active")
IDS = ("s1", "s1", "s2")
WEEK = tuple(lines(HOURS, *(f"s1,{day},09:00,17:00" for day in days)) for days in (range(7), range(1, 8)))
PLACES = lines(ZONES, "s1,UTC", "s2,Europe/London")


def polls(times: tuple[str, ...] = TIMES, statuses: tuple[str, ...] = STATUSES, header: str = POLLS) -> str:
    return lines(header, *map(",".join, zip(IDS, times, statuses, strict=True)))


OTHERS = {
    "other words": polls(statuses=("online", "Offline", "online")),
    "one and zero": polls(statuses=("1", "0", "1")),
    "seconds": polls(("1714989600", "1714993200", "1714995000")),
    "milliseconds": polls(("1714989600000", "1714993200000", "1714995000000")),
    "microseconds": polls(("1714989600000000", "1714993200000000", "1714995000000000")),
    "names in another case": polls(header="Store_ID,TimestampUtc,Status"),
    "names with spaces": polls(header="STORE ID,timestamp-utc,status"),
    "names that are told by the values": polls(header="store_key,seen_gmt,shop_status"),
    "other names": polls(header="shopId,seen_at,state"),
}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The report of the same in the usual names and words."""
    feed = written_feed(tmp_path_factory.mktemp("plain"), polls=polls(), hours=WEEK[0], zones=PLACES)
    return build_report(open_source(feed)).csv("extended")


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_with_the_proposed_mapping_a_feed_has_its_figures(tmp_path: Path, expected: bytes, text: str) -> None:
    feed = written_feed(tmp_path / "feed", polls=text, hours=WEEK[1], zones=PLACES)
    proposed = called("map", feed, "--out", "map.toml", cwd=tmp_path)
    assert proposed.returncode == 0, proposed.stderr
    done = called("report", "--source", feed, "--map", "map.toml", "--columns", "extended", cwd=tmp_path)
    assert done.stdout == expected, (tmp_path / "map.toml").read_text()


def test_booleans_of_parquet_are_proposed(tmp_path: Path, expected: bytes) -> None:
    feed = written_feed(tmp_path, hours=WEEK[0], zones=PLACES)
    frame = pl.DataFrame({"store_id": IDS, "timestamp_utc": TIMES, "status": [True, False, True]})
    frame.write_parquet(feed / "polls.parquet")
    text = proposed_mapping(str(feed))
    assert "active = [true]  # true: 2 rows\ninactive = [false]  # false: 1 row\n" in text
    mapping = SourceMapping.from_dict(tomllib.loads(text))
    assert build_report(open_source(feed, mapping=mapping)).csv("extended") == expected


def test_a_feed_as_it_should_be_needs_none(tmp_path: Path) -> None:
    stores = lines("store_id,name,brand,city,platform", "a,A,Noodles,Bonn,web")  # no zones, though they have the id
    text = proposed_mapping(str(written_feed(tmp_path, polls=polls(), hours=WEEK[0], zones=PLACES, stores=stores)))
    assert text.startswith("# No mapping is needed")
    assert re.search(r"^\[timezones\]  # file zones.csv, \d rows$", text, re.MULTILINE)
    assert "[stores]  # file stores.csv, 1 row" in text
    assert SourceMapping.from_dict(tomllib.loads(text)) == SourceMapping()


def test_optional_columns_and_stores_are_proposed_where_they_are(tmp_path: Path) -> None:
    feed = written_feed(
        tmp_path,
        polls=lines(f"{POLLS},Cause", "a,2024-10-14 11:00:00 UTC,active,"),
        hours=lines(f"{HOURS},valid_from,valid_until", "a,0,09:00,17:00,,2025-01-01"),
        zones=PLACES,
        shops=lines("shop_id,title,city", "a,A,Bonn"),
        products=lines("id,name", "1,soup"),
    )
    text = proposed_mapping(str(feed))
    mapping = SourceMapping.from_dict(tomllib.loads(text))
    assert mapping.columns == {
        "store_status": {"reason": "Cause"},
        "menu_hours": {"valid_to": "valid_until"},
        "stores": {"store_id": "shop_id", "name": "title"},
    }
    assert '[stores]  # file shops.csv, 1 row\nstore_id = "shop_id"' in text
    assert build_report(open_source(feed, mapping=mapping)).quality.tables["stores"].accepted == 1


PRESENT: dict[Table, list[tuple[list[str], dict[str, str] | None]]] = {
    "store_status": [
        (["store_id", "timestamp_utc", "status", "why", "why"], {}),
        (["store_id", "timestamp_utc", "status", "why"], {"reason": "why"}),
        (["store_id", "timestamp_utc", "status", "reason"], {}),
        (["store_id", "timestamp_utc", "why"], None),
    ],
    "timezones": [
        (["store_id", "timezone_str", "valid_to"], {"valid_to": "valid_to"}),
        (["store_id", "timezone_str", "valid_to", "valid_to"], {}),
    ],
    "stores": [
        (["name", "store_id"], {"name": "name"}),
        (["store_id", "a", "b", "b", "", " "], {"attribute a": "a"}),
        (["store_id", "line", "attribute a"], {"attribute line": "line", "attribute attribute a": "attribute a"}),
        (["store_id", "store_id", "a"], None),
    ],
}


@pytest.mark.parametrize("table", PRESENT)
def test_optional_columns_are_found_where_they_are_there_once(table: Table) -> None:
    mapping = SourceMapping(columns={"store_status": {"reason": "why"}})
    for present, optional in PRESENT[table]:
        needed = {column: column for column in NEEDED_COLUMNS[table]}
        assert mapping.found_columns(table, present) == (None if optional is None else needed | optional)


def test_a_mapping_that_may_have_been_edited_stays(tmp_path: Path) -> None:
    feed = written_feed(tmp_path / "feed", polls=polls(), hours=WEEK[0], zones=PLACES)
    (tmp_path / "map.toml").write_text("# mine\n")
    done = called("map", feed, "--out", "map.toml", cwd=tmp_path)
    assert (done.returncode, (tmp_path / "map.toml").read_text()) == (1, "# mine\n")
    assert b"it may be a mapping that was edited" in done.stderr


DOUBTS = {
    "a word that may mean either": (
        {"polls": polls(statuses=("online", "offline", "maintenance"))},
        "# in neither, so rejected: maintenance: 1 row  # doubtful: put each where it belongs",
    ),
    "words that nobody knows": (
        {"polls": polls(statuses=("foo", "bar", "foo"))},
        '# active = ["active"]  # doubtful: no known word means it',
    ),
    "numbers that are no time": (
        {"polls": polls(("20240506", "20240507", "20240508"))},
        '# timestamp_unit = "s"  # doubtful: numbers are no times between 1990 and 2100 in any unit',
    ),
    "times of another form": (
        {"polls": polls(("5/6/2024 10:00", "5/6/2024 11:00", "5/6/2024 11:30"))},
        "# timestamp_utc: such as 5/6/2024 10:00, 5/6/2024 11:00, 5/6/2024 11:30  # doubtful: no form that is read",
    ),
    "weekdays without 0 and 7": (
        {"hours": lines(HOURS, *(f"s1,{day},09:00,17:00" for day in range(1, 7)))},
        "# monday = 1  # doubtful: they may be counted from 0, without Monday, or from 1, without Sunday",
    ),
    "weekdays as words": (
        {"hours": lines(HOURS, "s1,Monday,09:00,17:00")},
        "# monday = 1  # doubtful: weekdays must be numbers; such as Monday",
    ),
    "two columns for one": (
        {"zones": lines("shop_id,branch_id,tz", "s1,1,UTC")},
        '# store_id = "shop_id"  # doubtful: it may also be branch_id',
    ),
    "a name that is only somewhat alike": (
        {"zones": lines("id,tz", "s1,UTC")},
        '# store_id = "id"  # doubtful: the names are only somewhat alike',
    ),
    "a name that is somewhat alike, with values that say little": (
        {"polls": polls(statuses=("true", "false", "true"), header="store_id,timestamp_utc,online_order")},
        '# status = "online_order"  # doubtful: the names are only somewhat alike',
    ),
    "two spellings of one name": (
        {"polls": lines("store_id,timestamp_utc,Status,STATUS", *(f"s1,{at},active,active" for at in TIMES))},
        '# status = "Status"  # doubtful: it may also be STATUS',
    ),
    "no such column": (
        {"zones": lines("store_id,iana_tz,note", "s1,Dublin time,x")},
        '# timezone_str = "iana_tz"  # doubtful: its values do not look like it; such as Dublin time',
    ),
}


@pytest.mark.parametrize(("files", "line"), DOUBTS.values(), ids=DOUBTS)
def test_what_is_doubtful_is_commented_out_with_the_reason(tmp_path: Path, files: dict[str, str], line: str) -> None:
    usual = {"polls": polls(), "hours": WEEK[0], "zones": PLACES}
    text = proposed_mapping(str(written_feed(tmp_path, **usual | files)))
    assert line in text
    tomllib.loads(text)


UNREADABLE = {
    "a column twice": (
        pl.DataFrame({"store_id": IDS, "timestamp_utc": TIMES, "status": STATUSES, "twice_": STATUSES}),
        "(its header has a needed column more than once: status)",
    ),
    "lists": (
        pl.DataFrame({"store_id": IDS, "timestamp_utc": TIMES, "status": [[word] for word in STATUSES]}),
        "column status: the column is of type List(String)",
    ),
    "durations": (
        pl.DataFrame({"store_id": IDS, "timestamp_utc": [timedelta(1)] * 3, "status": STATUSES}),
        "column timestamp_utc: the column is of type Duration",
    ),
}


@pytest.mark.parametrize(("content", "says"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_cannot_be_read_is_named_in_one_sentence(tmp_path: Path, content: pl.DataFrame, says: str) -> None:
    feed = written_feed(tmp_path, hours=WEEK[0], zones=PLACES)
    rows = content.to_arrow()
    pq.write_table(
        rows.rename_columns([name.replace("twice_", "status") for name in rows.column_names]), feed / "polls"
    )
    done = called("map", feed, cwd=tmp_path)
    (said,) = done.stderr.decode().splitlines()
    assert done.stdout == b""
    assert "polls" in said
    assert says in said


# PostgreSQL -----------------------------------------------------------------------------------------------------------

SHOP = (
    "create schema shop",
    'create table shop."Checks" (id serial, "shopId" text, seen_at bigint, is_online boolean, note interval)',
    """insert into shop."Checks" ("shopId", seen_at, is_online)
       values ('s1', 1714989600000, true), ('s1', 1714993200000, false), ('s2', 1714995000000, true)""",
    "create table shop.opening_hours (shop_id text, weekday int, opens time, closes time)",
    "insert into shop.opening_hours select 's1', day, '09:00', '17:00' from generate_series(1, 7) as day",
    "create table shop.shops (shop_id text, name text, time_zone text)",
    "insert into shop.shops values ('s1', 'One', 'UTC'), ('s2', 'Two', 'Europe/London')",
)


@pytest.fixture(scope="module")
def shop(server: str) -> Iterator[str]:
    """A database that calls everything otherwise."""
    with fresh_database(server) as url:
        run(url, *SHOP)
        yield url


@pytest.mark.parametrize("schema", [None, "shop"])
def test_tables_of_another_name_are_found(shop: str, expected: bytes, schema: str | None) -> None:
    mapping = SourceMapping.from_dict(tomllib.loads(proposed_mapping(shop, schema)))
    assert mapping.table_name("store_status") == ("Checks" if schema else "shop.Checks")
    report = build_report(open_source(shop, schema, mapping=mapping))
    assert report.csv("extended") == expected
    assert report.provenance["mapping"] == mapping.to_dict()


def test_an_error_of_names_says_the_line_that_would_mend_it(shop: str, tmp_path: Path) -> None:
    feed = written_feed(tmp_path, polls=polls(header="shopId,seen_at,state"), hours=WEEK[0], zones=PLACES)
    lines_of_columns = (
        'store_status.store_id = "shopId", store_status.timestamp_utc = "seen_at", store_status.status = '
    )
    checks = {"table": "shop.Checks"}
    columns = {"store_id": "shopId", "timestamp_utc": "seen_at", "status": "is_online"}
    cases: list[tuple[str, dict[str, str], str]] = [
        (str(feed), {}, f'{lines_of_columns}"state"'),
        (shop, {}, 'store_status.table = "shop.Checks"'),
        (shop, checks, f'{lines_of_columns}"is_online"'),
        (shop, checks | columns, 'store_status.timestamp_unit = "ms"'),
    ]
    for address, polls_mapping, line in cases:
        mapping = SourceMapping.from_dict({"store_status": polls_mapping})
        with pytest.raises(SourceMismatch) as caught:
            build_report(open_source(address, mapping=mapping))
        assert line in str(caught.value)


NUMBERS = {
    "seconds": ("bigint", "1714989600", ["s"]),
    "seconds with a fraction": ("double precision", "1714989600.25", ["s"]),
    "milliseconds": ("numeric", "1714989600000", ["ms"]),
    "microseconds": ("bigint", "1714989600000000", ["us"]),
    "days": ("integer", "19849", ["s", "ms", "us"]),
    "none": ("bigint", "null", ["s", "ms", "us"]),
}


@pytest.mark.parametrize(("kind", "value", "units"), NUMBERS.values(), ids=NUMBERS)
def test_the_unit_of_numbers_in_a_database_is_told_by_their_values(
    database: str, kind: str, value: str, units: list[str]
) -> None:
    run(
        database,
        f"create table store_status as select 'a' as store_id, {value}::{kind} as timestamp_utc, 'x' as status",
    )
    with pytest.raises(SourceMismatch) as caught:
        build_report(open_source(database))
    said = " or ".join(f'store_status.timestamp_unit = "{unit}"' for unit in units)
    assert str(caught.value).endswith(f"must say what it counts: {said}.")


# Where it goes --------------------------------------------------------------------------------------------------------


WRITERS = {
    "report": ("report", "feed", "--out", "m"),
    "timeline": ("timeline", "s1", "feed", "--format", "csv", "--out", "m"),
    "rejects of a report": ("report", "feed", "--rejects", "."),
}


@pytest.mark.parametrize("command", WRITERS.values(), ids=WRITERS)
def test_the_file_of_a_mapping_is_not_written_over(tmp_path: Path, command: tuple[str, ...]) -> None:
    written_feed(tmp_path / "feed", polls=polls(), hours=WEEK[0], zones=PLACES)
    name = "polls.csv" if "--rejects" in command else "m"
    (tmp_path / name).touch()
    done = called(*command, "--map", name, cwd=tmp_path)
    assert (done.returncode, (tmp_path / name).read_bytes()) == (1, b"")
    assert f"cannot write {name}: it is {name}, which is read." in done.stderr.decode()


def test_the_summary_says_what_is_mapped(tmp_path: Path) -> None:
    feed = written_feed(tmp_path, polls=OTHERS["other words"], hours=WEEK[1], zones=PLACES)
    (tmp_path / "m.toml").write_text(
        'store_status = {active = ["online"], inactive = ["offline"]}\nmenu_hours.monday = 1\n'
    )
    said = called("report", feed, "--map", tmp_path / "m.toml").stderr.decode()
    assert re.search(r"^mapping +store_status \(active, inactive\), menu_hours \(monday\)$", said, re.MULTILINE)


def test_a_kept_report_keeps_its_mapping(tmp_path: Path) -> None:
    feed = written_feed(tmp_path, polls=OTHERS["other words"], hours=WEEK[1], zones=PLACES)
    mapping = SourceMapping.from_dict(tomllib.loads(proposed_mapping(str(feed))))
    report = build_report(open_source(feed, mapping=mapping))
    again = restore(archive(report).figures)
    assert again.plan.mapping == mapping
    assert again.provenance["mapping"] == {
        "store_status": {"active": ["online"], "inactive": ["offline"]},
        "menu_hours": {"monday": 1},
    }
    assert (
        "mapping"
        not in build_report(
            open_source(written_feed(tmp_path / "plain", polls=polls(), hours=WEEK[0], zones=PLACES))
        ).provenance
    )


def test_a_feed_is_loaded_by_its_mapping(database: str, tmp_path: Path, expected: bytes) -> None:
    feed = written_feed(tmp_path / "feed", polls=OTHERS["other names"], hours=WEEK[1], zones=PLACES)
    mapping = SourceMapping.from_dict(tomllib.loads(proposed_mapping(str(feed))))
    assert [done.rejected for done in load_files(feed, database, tmp_path / "rejects", mapping=mapping).files] == [
        {},
        {},
        {},
    ]
    assert build_report(open_source(database)).csv("extended") == expected
