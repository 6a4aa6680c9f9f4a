"""The command as it is used: options, variables, pipes, terminals and exit statuses."""

import json
import os
import pty
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from importlib import metadata
from operator import getitem
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from cyclopts import Group
from psycopg.sql import SQL, Identifier
from rich.cells import cell_len

from store_uptime.pipeline import StoreUptimeError, write_sample
from store_uptime.service import parameters
from store_uptime.service.cli.encryption import CannotMakeKey, CannotRead
from store_uptime.service.cli.main import app, exit_status
from store_uptime.service.cli.serve import CannotEncrypt, CannotListen
from store_uptime.service.cli.tables import show_fitted
from store_uptime.service.encryption import NoKey
from store_uptime.service.errors import RegistryRefused
from store_uptime.service.outgoing.destinations import NoDestination
from store_uptime.service.outgoing.webhooks import NoNetwork
from store_uptime.service.parameters import address
from tests.support.feeds import COMMAND, HOURS, POLLS, ZONES, lines, store_uptime, surroundings, written_feed
from tests.support.postgres import eventually, open_folder, run
from tests.support.running import CLASSIC_HEADER, started_with

ROOT = Path(__file__).parents[3]
GROUPS = ("schedule", "keys", "encryption")  # of commands
COMMANDS = [
    *(name for name in app.resolved_commands() if not name.startswith("-") and name not in GROUPS),
    *(f"{group} {name}" for group in GROUPS for name in app[group].resolved_commands() if not name.startswith("-")),
]
HEADER = b"store_id,uptime_last_hour(minutes),"
COLOUR = re.compile(rb"\x1b\[[0-9;]*(3[0-8]|9[0-7])[;m]")
SILENT_STORES = ["a,2024-10-14 12:00:00,active", "b,2024-10-12 12:00:00,active", "c,2024-10-12 12:00:00,active"]


@dataclass(frozen=True)
class Said:
    """What a command came to."""

    status: int
    out: bytes
    err: str


Command = Callable[..., Said]


@pytest.fixture
def command(capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command in this process, in the environment of nobody in particular."""
    for name in os.environ:
        if name.startswith(("STORE_UPTIME_", "DATABASE_URL")):
            monkeypatch.delenv(name)

    def called(*arguments: str | Path) -> Said:
        monkeypatch.setattr("sys.argv", ["store-uptime", *map(str, arguments)])
        status = exit_status()
        out, err = capsysbinary.readouterr()
        return Said(status, out, err.decode())

    return called


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("feed")
    write_sample(folder, stores=100, days=9)
    return folder


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Three stores, of which two have fallen silent: a warning."""
    hours = lines(HOURS, "a,0,09:00,17:00", "a,9,09:00,17:00")
    return written_feed(tmp_path / "small", polls=lines(POLLS, *SILENT_STORES), hours=hours, zones=lines(ZONES))


# Help and options -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_help_with_an_example(name: str, command: Command) -> None:
    said = command(*name.split(), "--help")
    assert (said.status, said.err) == (0, "")
    assert re.search(rf"^ *store-uptime {name}( |$)", said.out.decode(), re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_found_in_the_docs(name: str) -> None:
    assert f"store-uptime {name}" in (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    done = store_uptime("--version", cwd=tmp_path)
    assert (done.returncode, done.stdout.decode().strip()) == (0, metadata.version("store-uptime"))


def options(name: str) -> list[str]:
    """The options of a command, as they are written."""
    arguments = reduce(getitem, name.split(), app).assemble_argument_collection()
    named = (argument for argument in arguments if argument.index is None or argument.names[0] == "--source")
    names = (argument.names[0] for argument in named if argument.show)
    return [name for name in names if name.startswith("--")]


PANELS = [group.name for group in vars(parameters).values() if isinstance(group, Group)]


@pytest.mark.parametrize("name", ["", *GROUPS, *COMMANDS])
def test_help_fits_80_columns_with_its_examples_as_they_are_written(
    name: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    told = command(*name.split(), "--help").out.decode().splitlines()
    assert [line for line in told if cell_len(line) > 80] == []
    assert set(examples(name)) <= {line.strip() for line in told}
    assert len([line for line in told if "STORE_UPTIME_" in line]) == 1
    panels = [line.split()[1] for line in told if line.startswith("╭")]
    assert [panel for panel in PANELS if panel in panels] == [panel for panel in panels if panel != "Commands"]
    assert [line.split()[1] for line in told if re.match("│[ *]+--", line)][-1] == "--debug"


def examples(name: str) -> list[str]:
    """The examples in the help of a command, as they are written."""
    help_text = reduce(getitem, name.split(), app).help
    return [line.strip() for line in help_text.splitlines() if line.strip().startswith("store-uptime ")]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_in_the_help_of_a_command_are_understood(name: str) -> None:
    found = examples(name)
    assert found
    for line in found:
        app.parse_args(shlex.split(line)[1:], exit_on_error=False)


def variable(option: str) -> str:
    return "STORE_UPTIME_" + option.removeprefix("--").replace("-", "_").upper()


HOUR = timedelta(hours=1)
NOON = datetime(2024, 10, 14, 12, tzinfo=UTC)
KEPT = {
    "--database": ("postgresql://me@here/shop", "postgresql://me@here/shop"),
    "--registry": ("embedded:", "embedded:"),
}
IDENTITIES = (f"old.txt{os.pathsep}new.txt", (Path("old.txt"), Path("new.txt")))
MAP = ("map.toml", Path("map.toml"))
VALUES: dict[str, dict[str, tuple[str, Any]]] = {
    "report": {
        "--source": ("./feed", "./feed"),
        "--schema": ("shop", "shop"),
        "--map": MAP,
        "--now": ("2024-10-14T12:00:00Z", NOON),
        "--store": ("007", "007"),
        "--columns": ("extended", "extended"),
        "--format": ("xlsx", "xlsx"),
        "--max-gap": ("2h", 2 * HOUR),
        "--lookback": ("0h", 0 * HOUR),
        "--out": ("week.csv", Path("week.csv")),
        "--rejects": ("bad", Path("bad")),
        "--csv-safe": ("true", True),
        "--strict": ("1", True),
    },
    "timeline": {
        "--source": ("postgresql://me@here/shop", "postgresql://me@here/shop"),
        "--schema": ("shop", "shop"),
        "--map": MAP,
        "--now": ("2024-10-14T14:00:00+02:00", NOON),
        "--max-gap": ("90m", 1.5 * HOUR),
        "--lookback": ("1d12h", 36 * HOUR),
        "--format": ("json", "json"),
        "--pieces": ("true", True),
        "--out": ("-", Path("-")),
    },
    "load": {
        "--database": ("embedded:", "embedded:"),
        "--map": MAP,
        "--full": ("yes", True),
        "--rejects": ("bad", Path("bad")),
        "--strict": ("yes", True),
    },
    "map": {"--source": ("feed", "feed"), "--schema": ("shop", "shop"), "--out": ("map.toml", Path("map.toml"))},
    "sample": {
        "--stores": ("3", 3),
        "--days": ("4", 4),
        "--seed": ("-5", -5),
        "--end": ("2024-10-14T12:00:00Z", NOON),
        "--format": ("parquet", "parquet"),
        "--force": ("true", True),
    },
    "serve": {
        "--database": ("postgresql://me@here/shop", "postgresql://me@here/shop"),
        "--registry": ("embedded:", "embedded:"),
        "--schema": ("shop", "shop"),
        "--map": MAP,
        "--host": ("::1", "::1"),
        "--port": ("0", 0),
        "--allowed-host": ("a.example b.example", ("a.example", "b.example")),
        "--proxies": ("10.0.0.1,10.0.0.2", "10.0.0.1,10.0.0.2"),
        "--tls-certificate": ("a.crt", Path("a.crt")),
        "--tls-key": ("a.key", Path("a.key")),
        "--workers": ("3", 3),
        "--queue": ("4", 4),
        "--time-limit": ("90m", 1.5 * HOUR),
        "--grace": ("0h", 0 * HOUR),
        "--keep-for": ("1d12h", 36 * HOUR),
        "--keep-reports": ("0", 0),
        "--rate-limit": ("5", 5),
        "--body-limit": ("6", 6),
        "--body-seconds": ("7", 7),
        "--keep-audit": ("2d", 48 * HOUR),
        "--destination": ("here=./out there=s3://shop/out", ("here=./out", "there=s3://shop/out")),
        "--webhook-network": ("10.0.0.0/8 fd00::/8", ("10.0.0.0/8", "fd00::/8")),
        "--encrypt-to": ("age1old age1new", ("age1old", "age1new")),
        "--identity": IDENTITIES,
        "--log-format": ("text", "text"),
    },
    "fetch": {
        "--identity": IDENTITIES,
        "--columns": ("extended", "extended"),
        "--format": ("parquet", "parquet"),
        "--out": ("week.parquet", Path("week.parquet")),
        **KEPT,
    },
    "audit": {
        "--who": ("price monitor", "price monitor"),
        "--subject": ("morning", "morning"),
        "--since": ("1d12h", 36 * HOUR),
        "--limit": ("3", 3),
        "--format": ("json", "json"),
        **KEPT,
    },
    "demo": {"--once": ("yes", True)},
    "schedule add": {
        "--cron": ("15 6 * * 1-5", "15 6 * * 1-5"),
        "--zone": ("Europe/Berlin", "Europe/Berlin"),
        "--store": ("007", "007"),
        "--columns": ("extended", "extended"),
        "--max-gap": ("2h", 2 * HOUR),
        "--lookback": ("0h", 0 * HOUR),
        "--retention": ("2d", 48 * HOUR),
        "--deliver-to": ("here there", ("here", "there")),
        "--format": ("xlsx", "xlsx"),
        "--webhook": ("https://a.example/hook", "https://a.example/hook"),
        **KEPT,
    },
    "schedule list": KEPT,
    "schedule remove": KEPT,
    "schedule run": KEPT,
    "keys add": {
        "--role": ("read", "read"),
        "--expires": ("2999-12-31", datetime(2999, 12, 31, tzinfo=UTC)),
        **KEPT,
    },
    "keys list": KEPT,
    "keys revoke": KEPT,
    "encryption key": {},
    "encryption decrypt": {"--identity": IDENTITIES, "--out": ("week.csv", Path("week.csv"))},
    "encryption rekey": {"--encrypt-to": ("age1old age1new", ("age1old", "age1new")), "--identity": IDENTITIES, **KEPT},
}
PLACES = {
    "timeline": ["a"],
    "load": ["feed"],
    "sample": ["feed"],
    "fetch": ["0" * 32],
    "schedule add": ["morning"],
    "schedule remove": ["morning"],
    "schedule run": ["morning"],
    "keys add": ["ada"],
    "keys revoke": ["ada"],
    "encryption key": ["key.txt"],
    "encryption decrypt": ["week.csv.age"],
}


def understood(name: str, *arguments: str) -> dict[str, Any]:
    """What a command makes of its arguments, by the name of the option."""
    _, bound, _ = app.parse_args([*name.split(), *PLACES.get(name, []), *arguments])
    taken = dict(bound.arguments)
    for group in (taken.pop("settings", None), taken.pop("location", None)):
        taken |= {} if group is None else asdict(group)
    return taken | {"allowed_host": taken.get("allowed_hosts")}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_may_also_be_a_variable(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(VALUES[name]) == options(name)
    for option, (text, _) in VALUES[name].items():
        monkeypatch.setenv(variable(option), text)
    given = understood(name)
    assert {option: given[option.removeprefix("--").replace("-", "_")] for option in VALUES[name]} == {
        option: value for option, (_, value) in VALUES[name].items()
    }


def test_an_option_wins_over_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_UPTIME_STORE", "a")
    assert understood("report", "--store", "b")["store"] == "b"


DURATIONS = {
    "90m": 1.5 * HOUR,
    "2h": 2 * HOUR,
    "1d12h": 36 * HOUR,
    "0h": 0 * HOUR,
    "45s": HOUR / 80,
}


@pytest.mark.parametrize(("text", "value"), DURATIONS.items(), ids=DURATIONS)
def test_durations_are_written_with_their_units(text: str, value: timedelta) -> None:
    assert understood("report", "--lookback", text)["lookback"] == value


WRONG = {
    "an unknown option": (["report", "--bogus"], "--bogus"),
    "an unknown command": (["bogus"], "bogus"),
    "a word too many": (["report", "feed", "extra"], "'extra' is too much"),
    "two sources": (["report", "feed", "--source", "other"], "has a value already. See store-uptime report --help."),
    "two databases": (["report", "feed", "postgresql://me:hunter2@db/shop"], "'postgresql://…' is too much"),
    "two sources of a timeline": (["timeline", "a", "feed", "--source", "other"], "'feed' is too much"),
    "no duration": (["report", "--max-gap", "soon"], "soon"),
    "a max-gap of nothing": (["report", "--max-gap", "0h"], "more than 0"),
    "a negative lookback": (["report", "--lookback=-1h"], "is not a duration: write 90m, 2h or 1d12h"),
    "no instant": (["report", "--now", "yesterday"], "yesterday"),
    "another format": (["report", "--format", "pdf"], '"csv", "parquet", "json", "xlsx"'),
    "a missing store": (["timeline"], "timeline needs STORE. See store-uptime timeline --help."),
    "a missing option": (["schedule", "add", "x"], "schedule add needs --cron. See"),
    "a slip in an option": (["report", "--sorce", "x"], "Did you mean --source? See store-uptime report --help."),
    "no stores": (["sample", "feed", "--stores", "0"], ">= 1"),
}


@pytest.mark.parametrize(("arguments", "says"), WRONG.values(), ids=WRONG)
def test_a_wrong_argument_is_told_in_one_line_with_status_2(arguments: list[str], says: str, command: Command) -> None:
    said = command(*arguments)
    assert (said.status, said.out) == (2, b"")
    assert says in said.err
    assert said.err.startswith("store-uptime: ")
    assert said.err.count("\n") == 1
    assert ".." not in said.err


SENTENCES: dict[type[StoreUptimeError], tuple[str, ...]] = {
    RegistryRefused: ("here", "it says no.", "Do this."),
    NoKey: ("this", "it is none."),
    NoDestination: ("this", "it is none."),
    NoNetwork: ("this",),
    CannotMakeKey: ("key.txt", "it is there."),
    CannotRead: ("key.txt", "it is not there."),
    CannotListen: ("here", "80", "it is taken."),
    CannotEncrypt: ("a", "b", "they do not fit."),
}


@pytest.mark.parametrize(("cause", "facts"), SENTENCES.items(), ids=[cause.__name__ for cause in SENTENCES])
def test_an_error_of_the_service_has_its_full_stop_once(cause: type[StoreUptimeError], facts: tuple[str, ...]) -> None:
    assert ".." not in str(cause(*facts))


# Where the tables are -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "source", "database_url", "expected"),
    [
        (None, None, "postgresql://db", "postgresql://db"),
        (None, "./feed", "postgresql://db", "./feed"),
        ("./other", "./feed", "postgresql://db", "./other"),
        (None, None, None, "embedded:"),
        (None, "", "", "embedded:"),
    ],
)
def test_the_source_is_the_option_else_its_variable_else_database_url_else_embedded(
    option: str | None,
    source: str | None,
    database_url: str | None,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (("STORE_UPTIME_SOURCE", source), ("DATABASE_URL", database_url)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    given = understood("report", *(["--source", option] if option else []))
    assert address(given.get("source")) == expected


def test_database_url_is_read_and_named_in_the_summary_without_its_password(
    small: Path, database: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.replace("postgres@", "postgres:secret@"))
    assert command("load", small, "--rejects", small / "rejects").status == 0
    said = command("report")
    assert said.out.startswith(HEADER)
    assert "source  " in said.err
    assert "postgresql://postgres@" in said.err
    assert "secret" not in said.err


# Report and timeline --------------------------------------------------------------------------------------------------


@pytest.mark.anywhere
def test_a_report_goes_to_stdout_and_its_summary_to_stderr(small: Path, command: Command) -> None:
    said = command("report", "--source", small)
    assert said.status == 0
    assert said.out.startswith(HEADER)
    assert said.out.count(b"\r\n") == 4
    names = [line.split()[0] for line in said.err.splitlines()]
    assert names[:6] == ["source", "now", "stores", "polls", "hours", "zones"]
    assert "1 accepted, 1 rejected: 1 bad weekday" in said.err
    assert re.search(r"^warning +Only 1 of 3 stores has a poll", said.err, re.MULTILINE)


def test_out_dash_is_stdout_and_out_a_file_leaves_stdout_empty(small: Path, command: Command, tmp_path: Path) -> None:
    to_stdout = command("report", small, "--out", "-")
    to_file = command("report", "--source", small, "--out", tmp_path / "week.csv")
    assert (to_file.status, to_file.out) == (0, b"")
    assert to_file.err.splitlines()[:-1] == to_stdout.err.splitlines()[:-1]
    assert to_stdout.err.splitlines()[-1].split()[1:4] == ["to", "stdout,", "in"]
    assert to_file.err.splitlines()[-1].split()[1:4] == ["to", f"{tmp_path / 'week.csv'},", "in"]
    assert (tmp_path / "week.csv").read_bytes() == to_stdout.out


@pytest.mark.parametrize(
    ("file_format", "magic"),
    [("csv", HEADER), ("json", b'{"provenance": '), ("parquet", b"PAR1"), ("xlsx", b"PK\x03\x04")],
)
def test_each_format_is_written(file_format: str, magic: bytes, small: Path, command: Command) -> None:
    assert command("report", "--source", small, "--format", file_format).out.startswith(magic)


def test_options_reach_the_report(small: Path, command: Command) -> None:
    asked = ["--now", "2024-10-13T00:00:00Z", "--max-gap", "90m", "--lookback", "1d12h", "--store", "b"]
    told = json.loads(command("report", "--source", small, "--format", "json", *asked).out)["provenance"]
    assert (told["now"], told["store"]) == ("2024-10-13T00:00:00Z", "b")
    assert (told["max_gap_seconds"], told["lookback_seconds"]) == (5_400.0, 129_600.0)


def test_variables_reach_the_report(small: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SOURCE": str(small), "COLUMNS": "extended", "STORE": "a", "FORMAT": "json"}.items():
        monkeypatch.setenv(f"STORE_UPTIME_{name}", value)
    (store,) = json.loads(command("report").out)["stores"]
    assert (store["store_id"], store["always_open"]) == ("a", False)


def test_strict_exits_with_3_where_there_are_warnings(small: Path, feed: Path, command: Command) -> None:
    now = ["--now", "2026-03-10T16:00:00Z"]  # one that is given is never old
    warned, fine = (command("report", "--source", *of, "--strict") for of in ([small], [feed, *now]))
    assert (warned.status, "\nwarning " in warned.err) == (3, True)
    assert (fine.status, "\nwarning " in fine.err) == (0, False)
    assert warned.out.startswith(HEADER)


@pytest.mark.anywhere
def test_rejects_go_into_a_folder(small: Path, command: Command, tmp_path: Path) -> None:
    command("report", "--source", small, "--rejects", tmp_path / "bad")
    assert (tmp_path / "bad" / "hours.csv").read_text().splitlines()[1:] == ["hours.csv,3,bad weekday,a,9,09:00,17:00,"]


def test_the_summary_ends_with_what_came_out(command: Command, tmp_path: Path) -> None:
    polls = lines(
        POLLS, "a,2024-10-14 12:00:00,active", "b,2024-10-14 06:00:00,active", "b,2024-10-14 09:00:00,inactive"
    )
    hours = lines(HOURS, "a,0,00:00,12:00", "b,0,06:00,12:00")
    source = written_feed(tmp_path / "f", polls=polls, hours=hours, zones=lines(ZONES, "a,UTC", "b,UTC"))
    given = command("report", source, "--now", "2024-10-14T12:00").err.splitlines()[-2]
    assert given.split(maxsplit=1)[1] == "1 of 2 stores down now"
    long_after = command("report", source, "--now", "2024-10-15T20:00").err.splitlines()
    assert "(given, newest poll 32 hours before)" in long_after[1]
    assert long_after[-2].endswith("of 2 stores down when last seen")
    assert not any(line.startswith("warning") and "old" in line for line in long_after)
    uptime, down, written = command("report", source, "--out", tmp_path / "w.csv").err.splitlines()[-3:]
    assert uptime.split(maxsplit=1)[1] == "50.00 % in the last day, 50.00 % in the last week, of all stores together"
    assert down.split(maxsplit=1)[1] == "1 of 2 stores down when last seen"
    assert re.fullmatch(rf"written +to {tmp_path / 'w.csv'}, in [0-9.]+ s", written)


def test_a_fleet_of_which_nothing_is_known_has_no_uptime(command: Command, tmp_path: Path) -> None:
    polls = lines(POLLS, "a,2024-10-14 12:00:00,active")
    source = written_feed(tmp_path / "f", polls=polls, hours=lines(HOURS, "a,9,06:00,09:00"), zones=lines(ZONES))
    told = command("report", source).err
    assert re.search(r"^uptime +– in the last day, – in the last week", told, re.MULTILINE)


def test_csv_safe_guards_ids(command: Command, tmp_path: Path) -> None:
    polls = lines(POLLS, "=1+1,2024-10-14 12:00:00,active")
    feed = written_feed(tmp_path / "feed", polls=polls, hours=lines(HOURS), zones=lines(ZONES))
    assert b"\r\n'=1+1,60.00," in command("report", "--source", feed, "--csv-safe").out


FAILURES = {
    "no such folder": (["report", "--source", "nowhere"], "cannot read nowhere: there is no such folder or file"),
    "an unknown store": (["report", "--store", "z"], "no poll in {small} has the store id 'z'"),
    "a timeline of an unknown store": (["timeline", "z"], "has the store id 'z'"),
    "no polls at that time": (["report", "--now", "2020-01-01"], "its oldest is 2024-10-12T12:00:00Z"),
    "a place that is not there": (["report", "--out", "no/week.csv"], "cannot write no/week.csv"),
    "a time before the calendar": (["report", "--now", "0001-01-01"], "not all in the years 1 to 9999"),
}


@pytest.mark.parametrize(("arguments", "says"), FAILURES.values(), ids=FAILURES)
def test_a_failure_is_one_line_on_stderr_and_status_1(
    arguments: list[str], says: str, small: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(small.parent)
    monkeypatch.setenv("STORE_UPTIME_SOURCE", str(small))
    said = command(*arguments)
    assert (said.status, said.out) == (1, b"")
    assert says.format(small=small) in said.err
    assert said.err.startswith("store-uptime: ")
    assert said.err.count("\n") == 1


def test_debug_shows_the_trace(tmp_path: Path) -> None:
    done = store_uptime("report", "--source", "nowhere", "--debug", cwd=tmp_path)
    assert done.returncode == 1
    assert b"Traceback" in done.stderr
    assert b"SourceMissing" in done.stderr


def test_a_timeline_is_a_table_csv_or_json(small: Path, command: Command, tmp_path: Path) -> None:
    text, whole = (
        command("timeline", "a", "--source", small, "--format", name).out.decode() for name in ("csv", "json")
    )
    table = command("timeline", "a", small, "--pieces").out.decode()
    heading = r"Store a, local time of America/Chicago, [\d,]+ days ago"
    assert re.fullmatch(heading, table.splitlines()[0].strip())
    assert len(text.splitlines()) - 1 == len(json.loads(whole)["pieces"]) == len(table.splitlines()) - 2
    command("timeline", "a", "--source", small, "--out", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == text.encode()


LONG = "America/Argentina/ComodRivadavia"
ODD_IDS = {"a long one": "x" * 300, "a wide one": "寿司" * 50, "one for a terminal": "a\x1b[31m\u2028b"}


@pytest.mark.parametrize("store", ODD_IDS.values(), ids=ODD_IDS)
@pytest.mark.parametrize("options", [[], ["--max-gap", "20m"]], ids=["plain", "max-gap"])
def test_a_timeline_fits_80_columns_whatever_the_id(
    store: str, options: list[str], command: Command, tmp_path: Path
) -> None:
    polls = lines(POLLS, *(f"{store},2024-10-{day} 1{hour}:03:04,inactive" for day in (12, 13) for hour in range(9)))
    source = written_feed(tmp_path / "f", polls=polls, hours=lines(HOURS), zones=lines(ZONES, f"{store},{LONG}"))
    said = command("timeline", store, source, *options)
    shown = said.out.decode().split("\n")
    assert [line for line in shown if cell_len(line) > 80 or line != line.rstrip()] == []
    assert said.out.count(b"\x1b") == 0
    assert LONG in said.out.decode()


def test_a_timeline_has_a_heading_and_the_sums_of_each_day(command: Command, tmp_path: Path) -> None:
    polls = ["12 13:30:00,active", "12 14:00:00,inactive", "14 11:00:00,active"]
    source = written_feed(
        tmp_path / "f",
        polls=lines(POLLS, *(f"a,2024-10-{poll}" for poll in polls)),
        hours=lines(HOURS, "a,5,09:00,12:00", "a,5,14:00,01:00", "a,0,06:00,11:00"),
        zones=lines(ZONES, "a,America/New_York"),
    )
    assert command("timeline", "a", source, "--now", "2024-10-14T12:00").out.decode().splitlines() == WEEK.splitlines()


WEEK = """\
Store a
The week before Mon 14 Oct 2024, 12:00 UTC, local time of America/New_York

Mon 7 Oct 2024: up 3 h, down 0 min, unknown 0 min
  08:00:00 – 11:00:00  up               3 h  as polled Sat 12 Oct 09:30:00

Tue 8 Oct 2024: up 0 min, down 0 min, unknown 0 min
  closed

Wed 9 Oct 2024: up 0 min, down 0 min, unknown 0 min
  closed

Thu 10 Oct 2024: up 0 min, down 0 min, unknown 0 min
  closed

Fri 11 Oct 2024: up 0 min, down 0 min, unknown 0 min
  closed

Sat 12 Oct 2024: up 1 h, down 12 h, unknown 0 min
  09:00:00 – 10:00:00  up               1 h  1 poll, 09:30:00
  10:00:00 – 12:00:00  down             2 h  1 poll, 10:00:00
  12:00:00 – 14:00:00  closed           2 h
  14:00:00 – 24:00:00  down            10 h  as polled Sat 12 Oct 10:00:00

Sun 13 Oct 2024: up 0 min, down 1 h, unknown 0 min
  00:00:00 – 01:00:00  down             1 h  as polled Sat 12 Oct 10:00:00

Mon 14 Oct 2024: up 2 h, down 0 min, unknown 0 min
  06:00:00 – 08:00:00  up               2 h  1 poll, 07:00:00

Outages
  Sat 12 Oct 10:00:00 – 12:00:00             down             2 h
  Sat 12 Oct 14:00:00 – Sun 13 Oct 01:00:00  down            11 h

In the report          up   down  unknown
last hour, minutes  60.00   0.00     0.00
last day, hours      2.00   0.00     0.00
last week, hours     6.00  13.00     0.00
"""


def test_a_time_that_the_clock_shows_twice_has_its_offset(command: Command, tmp_path: Path) -> None:
    polls = lines(POLLS, "a,2024-11-03 05:30:00,active", "a,2024-11-03 06:30:00,inactive")
    source = written_feed(tmp_path / "f", polls=polls, hours=lines(HOURS), zones=lines(ZONES, "a,America/New_York"))
    shown = command("timeline", "a", source).out.decode()
    assert "  The clocks go back by 1 h.\n  00:00:00 – 01:30:00 −05:00  up        2 h 30 min" in shown
    assert max(map(cell_len, shown.split("\n"))) <= 80


EMPTY_WEEKS = {
    "hours that are not known": ("a,9,09:00,17:00", "–", "Its business hours are not known"),
    "hours that a clock change skips": ("a,6,02:30,03:15", "0.00", "It has no business time in this week."),
}


@pytest.mark.parametrize(("hours", "figure", "says"), EMPTY_WEEKS.values(), ids=EMPTY_WEEKS)
def test_a_timeline_without_business_time_says_why(
    hours: str, figure: str, says: str, command: Command, tmp_path: Path
) -> None:
    polls, zones = lines(POLLS, "a,2024-03-11 12:00:00,active"), lines(ZONES, "a,America/New_York")
    source = written_feed(tmp_path / "f", polls=polls, hours=lines(HOURS, hours), zones=zones)
    shown = command("timeline", "a", source, "--lookback", "0h").out.decode().splitlines()
    assert shown[-2].split()[-3:-1] == [figure, figure]
    assert shown[-1].startswith(says)


def test_a_timeline_without_polls_says_so(small: Path, command: Command) -> None:
    shown = command("timeline", "b", small, "--now", "2024-10-25")
    assert "No poll of this store lies in the time that is looked at." in shown.out.decode()
    assert b"closed" not in shown.out
    assert "warning  Store 'b' has polls, but none in the horizon" in shown.err


def test_a_full_disk_behind_stdout_is_told(small: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [COMMAND, "report", small], env=surroundings(), stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith(b"store-uptime: cannot write to stdout: No space left on device.")


@pytest.mark.parametrize("streams", ["2>&-", "2>/dev/full", "<&- >&- 2>&-"])
def test_what_stderr_does_not_take_is_no_failure(streams: str, small: Path) -> None:
    line = f"{shlex.quote(str(COMMAND))} report {shlex.quote(str(small))} --out figures.csv {streams}"
    assert subprocess.run(["sh", "-c", line], env=surroundings(), cwd=small.parent, check=False).returncode == 0
    assert (small.parent / "figures.csv").read_bytes().startswith(HEADER)


@pytest.mark.parametrize("location", ["/dev/full", "&-"])
@pytest.mark.parametrize("words", ["--version", "encryption key key.txt"])
def test_whatever_stdout_does_not_take_is_told_in_a_line(words: str, place: str, tmp_path: Path) -> None:
    line = f"{shlex.quote(str(COMMAND))} {words} >{place}"
    done = subprocess.run(
        ["sh", "-c", line], env=surroundings(), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert re.search(
        r"^store-uptime: cannot write to stdout: [^.]*\. Choose another place\.$", done.stderr, re.MULTILINE
    )
    assert "Traceback" not in done.stderr


def test_whoever_ends_the_reader_of_native_output_ends_nothing_else() -> None:
    code = (
        "import os, signal; from store_uptime.service.cli.native_output import native_output_hidden\n"
        "with native_output_hidden():\n"
        "    child = int(open(f'/proc/{os.getpid()}/task/{os.getpid()}/children').read())\n"
        "    os.kill(child, signal.SIGKILL)\n"
        "    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


# Sample and demo ------------------------------------------------------------------------------------------------------


def test_a_sample_never_overwrites_unless_it_is_forced(command: Command, tmp_path: Path) -> None:
    arguments = ["sample", tmp_path / "feed", "--stores", "2", "--days", "1"]
    assert command(*arguments).status == 0
    before = (tmp_path / "feed" / "timezones.csv").read_bytes()
    again = command(*arguments, "--seed", "2")
    assert (again.status, "--force" in again.err) == (1, True)
    assert (tmp_path / "feed" / "timezones.csv").read_bytes() == before
    assert command(*arguments, "--seed", "2", "--force").status == 0
    assert (tmp_path / "feed" / "timezones.csv").read_bytes() != before


@contextmanager
def demo(*options: str) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
    """The demo, as a terminal would start it, and a folder of its own with what it says in `err`; it leaves nothing."""
    with open_folder() as folder:
        (folder / "tmp").mkdir()
        environment = surroundings(STORE_UPTIME_DATA_DIR=str(folder / "data"), TMPDIR=str(folder / "tmp"))
        with (folder / "err").open("wb") as err:
            process = subprocess.Popen(
                [COMMAND, "demo", *options],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=err,
                start_new_session=True,
            )
        try:
            yield process, folder
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            process.wait(60)
        eventually(lambda: not started_with(folder / "tmp"), 30)
        assert [path.name for path in folder.rglob("*") if path.is_file()] == ["err"]
        assert list((folder / "tmp").iterdir()) == []


@pytest.mark.long
@pytest.mark.anywhere
def test_the_demo_shows_it_all_over_http_and_leaves_nothing() -> None:
    with demo("--once") as (process, folder):
        out, _ = process.communicate(timeout=120)
        said = (folder / "err").read_text(encoding="utf-8")
        assert process.returncode == 0, said
    assert out.decode().splitlines()[1] == CLASSIC_HEADER
    assert b"more rows" in out
    assert b"local time of " in out
    assert "176,197 rows accepted" in said
    for step in ("POST /trigger_report", "   Running   ", "   Complete  ", "now       2", "polls     "):
        assert step in said
    assert re.search(r"^The page: http://127.0.0.1:\d+ ", said, re.MULTILINE)
    assert "Ctrl-C" not in said


@pytest.mark.long
def test_the_demo_serves_also_where_its_port_is_taken_and_takes_its_service_along_when_it_is_ended() -> None:
    with taken(8000), demo() as (process, folder):
        said = folder / "err"
        eventually(lambda: "Ctrl-C ends it." in said.read_text(encoding="utf-8") or process.poll() is not None, 120)
        (page,) = re.findall(r"^The page: (\S+) ", said.read_text(encoding="utf-8"), re.MULTILINE)
        assert not page.endswith(":8000")
        assert "<title>store-uptime</title>" in httpx.get(page).text
        assert httpx.get(f"{page}/reports").json()["reports"][0]["status"] == "Complete"
        os.kill(process.pid, signal.SIGTERM)  # which does what Ctrl-C does, but is for the demo alone
        assert process.wait(60) == 0
        eventually(lambda: not started_with(folder / "tmp"), 30)


@contextmanager
def taken(port: int) -> Iterator[None]:
    """Nobody can listen on the port; perhaps somebody does already."""
    with socket.socket() as holder:
        with suppress(OSError):
            holder.bind(("127.0.0.1", port))
            holder.listen()
        yield


# Pipes, terminals, Ctrl-C ---------------------------------------------------------------------------------------------

BIG = [["report"], ["report", "--format", "xlsx"], ["timeline"], ["timeline", "--format", "csv"]]


@pytest.mark.parametrize("arguments", BIG, ids=" ".join)
def test_a_reader_who_has_read_enough_is_no_failure(arguments: list[str], feed: Path, tmp_path: Path) -> None:
    store = (feed / "store_status.csv").read_text().splitlines()[1].partition(",")[0]
    environment = surroundings(STORE_UPTIME_SOURCE=str(feed), STORE_UPTIME_STORE=store)
    with subprocess.Popen(
        [COMMAND, *arguments], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 0, said
    assert b"rror" not in said
    assert b"Broken" not in said


def test_without_a_terminal_no_byte_is_for_one(feed: Path, tmp_path: Path) -> None:
    done = store_uptime("report", "--source", feed, cwd=tmp_path, TERM="xterm-256color")
    assert b"\x1b" not in done.stdout + done.stderr
    assert b"\r" not in done.stderr
    assert b"reading" not in done.stderr


def in_terminal(*arguments: str | Path, cwd: Path, **environment: str) -> tuple[int, bytes, bytes]:
    """Status, stdout (a pipe) and what a terminal shows that is stderr."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [COMMAND, *arguments],
        cwd=cwd,
        env=surroundings(TERM="xterm-256color", COLUMNS="160", **environment),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = shown_by(ours)
        out, _ = process.communicate()
    os.close(ours)
    return process.returncode, out, shown


def test_a_terminal_shows_progress_and_stdout_stays_clean(small: Path, tmp_path: Path) -> None:
    status, out, shown = in_terminal("report", "--source", small, cwd=tmp_path)
    assert (status, out) == (0, store_uptime("report", "--source", small, cwd=tmp_path).stdout)
    assert b"opening the source" in shown
    assert b"3 stores" in shown
    assert COLOUR.search(shown)


@pytest.mark.parametrize("file_format", ["xlsx", "parquet"])
def test_a_terminal_is_not_shown_what_is_not_text(file_format: str, small: Path, tmp_path: Path) -> None:
    status, shown, err = on_terminal("report", small, "--format", file_format, cwd=tmp_path)
    assert (status, shown) == (1, b"")
    assert err == f"store-uptime: {file_format} is not for a terminal. Name a file: --out report.{file_format}.\n"


def test_on_a_terminal_a_timeline_has_colours_and_80_columns(small: Path, tmp_path: Path) -> None:
    status, shown, _ = on_terminal("timeline", "a", small, "--pieces", cwd=tmp_path)
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode())
    assert status == 0
    assert COLOUR.search(shown)
    assert max(map(cell_len, plain.split("\r\n"))) <= 80


def test_a_list_is_as_wide_as_its_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    show_fitted(("name", "last report"), [("x" * 100, "complete"), ("寿司", "[bold]error")])
    shown = capsys.readouterr().out.splitlines()
    assert max(map(cell_len, shown)) <= 80
    assert shown[0].split() == ["name", "last", "report"]
    assert shown[-1].split() == ["寿司", "[bold]error"]


def shown_by(terminal: int) -> bytes:
    """What a terminal shows until nobody writes to it any more."""
    shown = b""
    with suppress(OSError):  # what it says then
        while part := os.read(terminal, 1 << 16):
            shown += part
    return shown


def on_terminal(*arguments: str | Path, cwd: Path) -> tuple[int, bytes, str]:
    """Status, what a terminal of 80 columns shows of stdout, and stderr (a pipe)."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [COMMAND, *arguments],
        cwd=cwd,
        env=surroundings(TERM="xterm-256color", COLUMNS="80"),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(theirs)
        shown = shown_by(ours)
        _, err = process.communicate()
    os.close(ours)
    return process.returncode, shown, err.decode()


def test_no_color_means_none(small: Path, tmp_path: Path) -> None:
    _, _, shown = in_terminal("report", "--source", small, cwd=tmp_path, NO_COLOR="1")
    assert b"Only 1 of 3" in shown
    assert not COLOUR.search(shown)


@pytest.mark.anywhere
def test_a_load_shows_its_file_and_rows_in_a_terminal(small: Path, database: str, tmp_path: Path) -> None:
    status, out, shown = in_terminal("load", small, "--database", database, cwd=tmp_path)
    assert (status, out) == (0, b"")
    assert b"rows" in shown
    assert b"polls.csv -> store_status: 3 rows accepted, 3 added" in shown


@pytest.mark.parametrize("table", ["store_status", "menu_hours", "timezones"])
def test_ctrl_c_ends_a_report_at_once_whatever_it_waits_for(
    table: str, small: Path, database: str, command: Command, tmp_path: Path
) -> None:
    command("load", small, "--database", database, "--rejects", tmp_path / "rejects")
    waiting = "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    with psycopg.connect(database) as holder:
        holder.execute(SQL("lock table {}").format(Identifier(table)))
        process = subprocess.Popen(
            [COMMAND, "report", "--source", database], cwd=tmp_path, env=surroundings(), stderr=subprocess.PIPE
        )
        try:
            eventually(lambda: bool(run(database, waiting)))
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=10)
        finally:
            process.kill()
        assert (process.returncode, said) == (130, b"store-uptime: interrupted\n")


def test_ctrl_c_waits_for_the_end_of_an_import(tmp_path: Path) -> None:
    """As a native module would be, which ends the process where it meets an exception."""
    (tmp_path / "native.py").write_text(
        "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(0.1); print('whole', flush=True)"
    )
    program = (
        "import time; import store_uptime.service.cli.main as c\n"
        "c.main = lambda: (__import__('native'), time.sleep(9)); main()"
    )
    process = subprocess.run(
        [sys.executable, "-c", f"from store_uptime.service.__main__ import main\n{program}"],
        env={**surroundings(), "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    assert (process.returncode, process.stdout, process.stderr) == (130, b"whole\n", b"store-uptime: interrupted\n")
