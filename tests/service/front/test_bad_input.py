"""Whatever is wrong, the command says so in one line with what to do, at once, and with the right exit status."""

import gzip
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.feeds import COMMAND, HOURS, POLLS, ZONES, called, lines, store_uptime, surroundings, written_feed
from tests.support.postgres import PASSWORD, Cluster, as_user, free_port, network_url, run

FAILED, WRONG_ARGUMENTS = 1, 2
AT_ONCE_S = 25  # the driver that pulls waits 30 s for a server that is not there
FEED = {
    "polls": lines(POLLS, "a,2024-10-14 12:00:00 UTC,active", "b,2024-10-14 11:00:00 UTC,inactive"),
    "hours": lines(HOURS, "a,0,09:00,17:00"),
    "zones": lines(ZONES, "a,America/New_York"),
}
TABLES = (
    "create table store_status (store_id text, timestamp_utc timestamptz, status text)",
    "create table menu_hours (store_id text, day_of_week int, start_time_local time, end_time_local time)",
    "create table timezones (store_id text, timezone_str text)",
    "insert into store_status values ('a', '2024-10-14 12:00Z', 'active')",
)


@dataclass(frozen=True)
class Case:
    """Arguments, with places to be filled in; what the line must hold; the exit status."""

    arguments: str
    says: str
    status: int = FAILED


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Folders with something wrong in each, and one where nothing is."""
    home = tmp_path_factory.mktemp("places")
    feeds: dict[str, object] = {
        "feed": written_feed(home / "feed", **FEED),
        "nothing": written_feed(home / "nothing"),
        "wrong_header": written_feed(home / "wrong", **FEED | {"polls": lines("store,time,status", "a,b,c")}),
        "only_polls": written_feed(home / "only", polls=FEED["polls"]),
        "no_polls": written_feed(home / "no_polls", **FEED | {"polls": lines(POLLS)}),
        "empty_file": written_feed(home / "empty_file", **FEED | {"polls": ""}),
        "not_gzip": written_feed(home / "not_gzip", **FEED),
        "cut_gzip": written_feed(home / "cut_gzip", hours=FEED["hours"], zones=FEED["zones"]),
        "not_parquet": written_feed(home / "not_parquet", **FEED),
        "sampled": written_feed(home / "sampled", timezones=FEED["zones"]),
        "home": home,
        "port": free_port(),
    }
    (home / "not_gzip/more.csv.gz").write_bytes(b"\x1f\x8b" + FEED["polls"].encode())
    (home / "cut_gzip/polls.csv.gz").write_bytes(gzip.compress(FEED["polls"].encode() * 10_000)[:-2_000])
    (home / "not_parquet/more.parquet").write_text("PAR1" + FEED["polls"])
    return feeds


def failed(arguments: list[str], status: int, **environment: str) -> str:
    """The one line that a failing command says."""
    began = time.monotonic()
    done = called(*arguments, cwd=Path("/"), **environment)
    assert time.monotonic() - began < AT_ONCE_S
    text = done.stderr.decode()
    assert (done.returncode, done.stdout) == (status, b""), text
    assert "Traceback" not in text
    assert not text.startswith("store-uptime: unexpected")
    assert PASSWORD not in text
    assert "wörd" not in text
    (line,) = text.splitlines()
    assert line.startswith("store-uptime: ")
    return line


FOLDERS = {
    "no such folder": Case("report --source {home}/nowhere", "there is no such folder or file"),
    "an empty folder": Case("report --source {nothing}", "it holds no file that is one of the tables; known are"),
    "a wrong header": Case(
        "report --source {wrong_header}", "passed over: polls.csv (its header is store,time,status); "
    ),
    "only polls": Case("report --source {only_polls}", "no file has the columns of menu_hours; one needs the header"),
    "no polls": Case("report --source {no_polls}", "has no accepted poll. Its polls have a header and no rows"),
    "an empty file": Case("report --source {empty_file}", "; passed over: polls.csv (it is empty)"),
    "no gzip": Case("report --source {not_gzip}/more.csv.gz", "more.csv.gz: it is damaged: Error -3"),
    "half a gzip": Case(
        "report --source {cut_gzip}",
        "polls.csv.gz: it cannot be read to its end (unexpected end of file); it is cut off.",
    ),
    "no Parquet": Case(
        "report --source {not_parquet}/more.parquet", "more.parquet: it is cut off: copy it again; known"
    ),
    "before all polls": Case("report --source {feed} --now 2023-01-01", "its oldest is 2024-10-14T11:00:00Z, its"),
    "now before the calendar": Case("report --source {feed} --now 0001-01-01", "another now"),
    "an unknown store": Case("report --source {feed} --store A", "has the store id 'A'. Ids are compared as written"),
    "an out that is nowhere": Case("report --source {feed} --out {home}/no/x.csv", "cannot write"),
    "an out that is a folder": Case("report --source {feed} --out {nothing}", "cannot write"),
    "rejects that are a file": Case("report --source {feed} --rejects {feed}/polls.csv", "cannot write"),
    "another kind of address": Case(
        "report --source mysql://me:pässwörd@host/db", "only postgresql://, s3://, gs://, az:// and file:// addresses"
    ),
    "nothing to load": Case(
        "load {nothing} --database postgresql://localhost:{port}/x", "it holds no file that is one"
    ),
    "nowhere to load": Case("load {feed} --database postgresql://localhost:{port}/x", "Connection refused"),
    "a sample that is there": Case("sample {sampled} --stores 1", "it holds such files already"),
}
WRONG = {
    "a wrong option": Case("report --sauce x", "Unknown option: --sauce", WRONG_ARGUMENTS),
    "an empty address": Case("load {feed} --database=", "the address is empty. Name one, or leave", WRONG_ARGUMENTS),
    "an empty registry": Case("keys list --registry=", "the address is empty. Name one, or leave", WRONG_ARGUMENTS),
    "a wrong format": Case("report --format pdf", "Choose from", WRONG_ARGUMENTS),
    "a wrong time": Case(
        "report --now soon", "'soon' is not an instant: write 2026-03-09, 2026-03-09T12:00", WRONG_ARGUMENTS
    ),
    "a wrong duration": Case("report --max-gap soon", "--max-gap", WRONG_ARGUMENTS),
    "a negative duration": Case("report --lookback=-1h", "is not a duration: write 90m, 2h or 1d12h.", WRONG_ARGUMENTS),
    "an option without a value": Case("report --source", "--source needs a value", WRONG_ARGUMENTS),
    "a wrong command": Case("raport", 'Unknown command "raport"', WRONG_ARGUMENTS),
    "a store too many": Case("timeline a b c", "'c' is too much", WRONG_ARGUMENTS),
    "no store": Case("timeline", "timeline needs STORE", WRONG_ARGUMENTS),
    "no stores": Case("sample {home}/new --stores 0", "--stores", WRONG_ARGUMENTS),
}
SERVERS = {
    "a server that is down": Case("report --source postgresql://localhost:{port}/x", "Connection refused. Is it there"),
    "no server by that name": Case("report --source postgresql://nosuch.invalid/x", "failed to resolve host"),
    "no socket": Case("report --source host={home}/none", "No such file or directory"),
    "an unknown service": Case("report --source service=none", "none"),
    "a slip in the address": Case("report --source postgresql://me:p@ss/wörd@localhost/db", "is written %XX"),
    "an unknown key": Case("report --source pasword=wörd", "is not understood (invalid connection option …)"),
    "an unknown parameter": Case("report --source postgresql://localhost/x?ssl=on", "is not understood"),
}
CASES = FOLDERS | WRONG | SERVERS
ASKED = "Is it there and running?"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_wrong_is_told_in_a_line(places: dict[str, object], case: Case) -> None:
    line = failed([word.format(**places) for word in case.arguments.split()], case.status)
    assert case.says in line
    assert not re.search(r"\.\.(?: |$)", line)
    assert ASKED not in line or "postgresql://" in line


CHANGES = {
    "no table": ("drop table timezones", "there is no table timezones; a report needs timezones (store_id, time"),
    "no column": ("alter table timezones drop timezone_str", "has no column timezone_str, but store_id"),
    "no row": ("truncate store_status", "has no accepted poll. Load some with"),
    "no right": ("revoke select on menu_hours from {role}", "grant select on public.menu_hours to this user"),
    "timetz": ("alter table menu_hours alter start_time_local type timetz", "of type time with time zone; it must be"),
    "float ids": ("alter table timezones alter store_id type float8 using 1", "in which long ids lose digits"),
    "interval": ("alter table menu_hours alter end_time_local type interval", "is of type interval; it must be time"),
    "numeric": ("alter table store_status alter timestamp_utc type numeric using 1", "is of type numeric; it must be"),
    "an error while it is read": (
        "alter table timezones rename to base; create view timezones as select store_id, (1 / 0)::text as timezone_str "
        "from base; insert into base values ('a', 'x'); grant select on timezones to {role}",
        "division by zero",
    ),
    "too long a statement": (
        "alter table timezones rename to base; create view timezones as select base.* from base, pg_sleep(30); "
        "grant select on timezones to {role}; alter role {role} set statement_timeout to 200",
        "statement timeout",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "says"), CHANGES.values(), ids=CHANGES)
def test_what_is_wrong_with_a_database_is_told_in_a_line(database: str, change: str, says: str) -> None:
    role = '"reader of one"'
    run(database, *TABLES, f"create role {role} login", f"grant select on all tables in schema public to {role}")
    try:
        run(database, change.format(role=role))
        assert says in failed(["report"], FAILED, DATABASE_URL=as_user(database, "reader of one"))
    finally:
        run(database, f"drop owned by {role}", f"drop role {role}")


def test_a_schema_that_is_not_there_is_told(database: str) -> None:
    run(database, *TABLES)
    said = failed(["report", "--schema", "shop"], FAILED, DATABASE_URL=database)
    assert "there is no table store_status" in said
    assert "is it in another schema?" in said


REFUSALS = {
    "wrong password": (("me", f"{PASSWORD}!"), 'password authentication failed for user "me"'),
    "no password": (("me", ""), "no password supplied"),
    "wrong user": (("you", PASSWORD), 'password authentication failed for user "you"'),
    "wrong database": (("me", PASSWORD, "nowhere"), 'database "nowhere" does not exist'),
}


@pytest.mark.parametrize(("login", "says"), REFUSALS.values(), ids=REFUSALS)
def test_a_login_that_is_refused_is_told_in_a_line(guarded: Cluster, login: tuple[str, ...], says: str) -> None:
    line = failed(["report"], FAILED, DATABASE_URL=network_url(guarded.port, *login))
    assert says in line
    assert "Check user, password, database name and sslmode" in line


def test_load_tells_of_a_wrong_password_too(guarded: Cluster, places: dict[str, object]) -> None:
    url = network_url(guarded.port, "me", f"{PASSWORD}!")
    assert "Check user, password" in failed(["load", str(places["feed"])], FAILED, DATABASE_URL=url)


def test_debug_shows_the_trace_and_still_no_password(guarded: Cluster) -> None:
    url = network_url(guarded.port, "me", f"{PASSWORD}!")
    done = store_uptime("report", "--debug", cwd=Path("/"), DATABASE_URL=url)
    text = done.stderr.decode()
    assert done.returncode == FAILED
    assert "Traceback (most recent call last)" in text
    assert "SourceRefused" in text
    assert "wörd" not in text


def test_load_says_that_it_may_not_write(database: str, places: dict[str, object]) -> None:
    run(database, 'create role "reader of two" login')
    try:
        line = failed(["load", str(places["feed"])], FAILED, DATABASE_URL=as_user(database, "reader of two"))
    finally:
        run(database, 'drop role "reader of two"')
    assert "permission denied for schema public. Nothing was changed" in line


def test_a_closed_pipe_is_no_error(places: dict[str, object]) -> None:
    shell = f'"$0" report --source {places["feed"]} | true'
    command = ["bash", "-o", "pipefail", "-c", shell, str(COMMAND)]
    done = subprocess.run(command, env=surroundings(), capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
