"""Options and the variables that stand for them, durations, and what is wrong with an argument."""

import os
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from store_uptime.pipeline import StoreUptimeError, write_sample
from store_uptime.service.cli.encryption import CannotMakeKey, CannotRead
from store_uptime.service.cli.main import app
from store_uptime.service.cli.serve import CannotEncrypt, CannotListen
from store_uptime.service.encryption import NoKey
from store_uptime.service.errors import RegistryRefused
from store_uptime.service.networks import NoNetwork
from store_uptime.service.outgoing.destinations import NoDestination
from store_uptime.service.parameters import address
from tests.support.commands import COMMANDS, Command, options
from tests.support.feeds import called


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


CLUSTER: dict[str, tuple[str, object]] = {
    "--cluster": ("tls://dask:8786", "tls://dask:8786"),
    "--exchange": ("shared", Path("shared")),
    "--part-polls": ("1000000", 1_000_000),
    "--cluster-ca": ("ca.pem", Path("ca.pem")),
    "--cluster-cert": ("us.pem", Path("us.pem")),
    "--cluster-key": ("us.key", Path("us.key")),
}
PERIOD: dict[str, tuple[str, object]] = {
    "--period": ("2024-W10", "2024-W10"),
    "--from": ("2024-03-10", "2024-03-10"),
    "--to": ("2024-03-10T12:00:00Z", "2024-03-10T12:00:00Z"),
    "--on": ("Europe/Berlin", "Europe/Berlin"),
}
ONLY = ("city=New York\nbrand=b", ("city=New York", "brand=b"))
VALUES: dict[str, dict[str, tuple[str, Any]]] = {
    "report": {
        "--source": ("./feed", "./feed"),
        "--schema": ("shop", "shop"),
        "--map": MAP,
        "--now": ("2024-10-14T12:00:00Z", NOON),
        "--store": ("007", "007"),
        "--only": ONLY,
        "--columns": ("extended", "extended"),
        "--format": ("xlsx", "xlsx"),
        "--max-gap": ("2h", 2 * HOUR),
        "--lookback": ("0h", 0 * HOUR),
        "--out": ("week.csv", Path("week.csv")),
        "--rejects": ("bad", Path("bad")),
        "--csv-safe": ("true", True),
        "--strict": ("1", True),
        **PERIOD,
        "--by": ("day", "day"),
        "--group-by": ("brand,city name", ("brand,city", "name")),
        "--profile": ("true", True),
        **CLUSTER,
    },
    "outages": {
        "--source": ("./feed", "./feed"),
        "--schema": ("shop", "shop"),
        "--map": MAP,
        "--store": ("007", "007"),
        "--only": ONLY,
        "--now": ("2024-10-14T12:00:00Z", NOON),
        "--max-gap": ("2h", 2 * HOUR),
        **PERIOD,
        "--split-at-closing": ("true", True),
        "--longest": ("1", True),
        "--format": ("table", "table"),
        "--out": ("outages.csv", Path("outages.csv")),
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
        **CLUSTER,
        "--large-polls": ("0", 0),
    },
    "fetch": {
        "--identity": IDENTITIES,
        "--columns": ("extended", "extended"),
        "--format": ("parquet", "parquet"),
        "--view": ("groups", "groups"),
        "--out": ("week.parquet", Path("week.parquet")),
        **KEPT,
    },
    "worker": {
        "--processes": ("4", 4),
        "--threads": ("2", 2),
        "--memory": ("4GiB", "4GiB"),
        "--name": ("first", "first"),
        "--cluster-ca": ("ca.crt", Path("ca.crt")),
        "--cluster-cert": ("cluster.crt", Path("cluster.crt")),
        "--cluster-key": ("cluster.key", Path("cluster.key")),
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
        "--only": ONLY,
        "--columns": ("extended", "extended"),
        "--max-gap": ("2h", 2 * HOUR),
        "--lookback": ("0h", 0 * HOUR),
        "--retention": ("2d", 48 * HOUR),
        "--deliver-to": ("here there", ("here", "there")),
        "--format": ("xlsx", "xlsx"),
        "--webhook": ("https://a.example/hook", "https://a.example/hook"),
        **PERIOD,
        "--by": ("day", "day"),
        "--group-by": ("brand,city name", ("brand,city", "name")),
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
    "worker": ["tcp://127.0.0.1:8786"],
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


FIELDS = {"start": "from", "end": "to", "zone": "on"}
"""The fields of periods that are called otherwise than their options."""


def understood(name: str, *arguments: str) -> dict[str, Any]:
    """What a command makes of its arguments, by the name of the option."""
    _, bound, _ = app.parse_args([*name.split(), *PLACES.get(name, []), *arguments])
    taken = dict(bound.arguments)
    for group in (taken.pop("settings", None), taken.pop("location", None), taken.pop("on", None)):
        taken |= {} if group is None else asdict(group)
    taken |= taken.pop("on", {})  # of the settings
    if (periods := taken.pop("periods", None)) is not None:
        taken |= {FIELDS.get(name, name): value for name, value in asdict(periods).items()}
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
    "no period": (["report", "--period", "soon"], "for --period: 'soon' is none: write today, yesterday"),
    "no start": (["outages", "--from", "soon"], "for --from: 'soon' is neither a date nor an instant: write"),
    "a time without an offset": (["report", "--from", "2024-03-10", "--to", "2024-03-11T12:00"], "for --to: '2024-03"),
    "no zone": (["report", "--period", "7d", "--on", "Berlin"], "'Berlin' is no zone: write one such as Europe/Berlin"),
    "two periods": (
        ["outages", "--period", "7d", "--from", "2024-03-10"],
        "leave either out. See store-uptime outages",
    ),
    "an end without a start": (["report", "--to", "2024-03-10"], "--to is the end of a period that --from begins"),
    "parts of no period": (["report", "--by", "day"], "--by is of a report by periods: give --period or --from too."),
    "groups of no period": (["report", "--group-by", "city"], "--group-by is of a report by periods"),
    "a profile of no period": (["report", "--profile"], "--profile is of a report by periods"),
    "a zone of no period": (["report", "--on", "Europe/Berlin"], "--on is of a report by periods"),
    "other parts": (["report", "--period", "7d", "--by", "year"], '"hour", "day", "week", "month"'),
    "columns of a period": (["report", "--period", "7d", "--columns", "extended"], "--columns is of the report of the"),
    "a lookback of a period": (["report", "--period", "7d", "--lookback", "0h"], "--max-gap says how far back polls"),
    "no attribute": (["report", "--only", "Berlin"], "--only Berlin: 'Berlin' is no attribute with its value: write"),
    "a group without a name": (["report", "--group-by", "city,,brand"], "write brand, or brand,city"),
    "several files of json": (["report", "--out", "x/", "--format", "json"], "choose --format csv or parquet"),
    "two formats": (["report", "--out", "x.XLSX", "--format", "csv"], "x.XLSX is the name of a file in xlsx, and"),
    "two formats of outages": (["outages", "--out", "x.json", "--format", "xlsx"], "leave either out"),
    "two formats of a report": (["fetch", "1", "--out", "x.parquet", "--format", "xlsx"], "leave either out"),
    "a timeline as a workbook": (["timeline", "a", "--out", "x.xlsx"], "a timeline is no xlsx"),
    "a folder of outages": (["outages", "--out", "x/"], "x/ is a folder: name a file, with no / at its end. See"),
    "a period backwards": (["report", "--from", "2026-02-10", "--to", "2026-02-01"], "is not after the start"),
    "an empty period": (["outages", "--period", "2026-02-10/2026-02-10"], "is not after the start"),
    "a week that does not exist": (["report", "--period", "2023-W53"], "there is no 2023-W53 in the calendar"),
    "a day that does not exist": (["report", "--from", "2026-02-30"], "there is no 2026-02-30 in the calendar"),
    "an hour that does not exist": (["report", "--from", "2026-02-20T25:00Z"], "there is no such day, time or offset"),
    "a profile in several files": (["report", "--period", "7d", "--profile", "--out", "x/"], "the profile are one"),
    "a table in a file": (["outages", "--format", "table", "--out", "x"], "--format table is for a terminal"),
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


def test_an_empty_variable_counts_as_one_that_is_not_set(tmp_path: Path) -> None:
    write_sample(tmp_path, stores=3, days=2)
    empty: dict[str, Any] = dict.fromkeys(map(variable, VALUES["report"]), "")
    done = called("report", tmp_path, **empty)
    assert (done.returncode, done.stdout) == (0, called("report", tmp_path).stdout)
