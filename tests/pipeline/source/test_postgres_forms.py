"""PostgreSQL as it is met: few rights, odd settings, odd values, passwords, TLS, a standby, an interruption."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import connectorx
import psutil
import pytest
from psycopg.conninfo import conninfo_to_dict

from store_uptime.pipeline import Options, Report, build_report, end_statements, open_source
from store_uptime.pipeline.clean.polls import clean_polls
from store_uptime.pipeline.errors import (
    AddressNotUnderstood,
    NoPolls,
    SourceMismatch,
    SourceRefused,
    SourceUnreachable,
)
from store_uptime.pipeline.instants import instant_us
from store_uptime.pipeline.mapping.mapping import AS_NAMED
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.packing import PollKeys
from store_uptime.pipeline.source.postgres.catalogue import found_table
from store_uptime.pipeline.source.postgres.connection import connect, connectorx_url, parse_conninfo
from store_uptime.pipeline.source.postgres.postgres import Postgres
from tests.support.postgres import (
    PASSWORD,
    Cluster,
    TlsFront,
    as_user,
    empty_cluster,
    eventually,
    fresh_database,
    network_url,
    run,
)

COMMAND = Path(sys.executable).with_name("store-uptime")
NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)
TABLES = (
    "create table store_status (store_id text, timestamp_utc timestamptz, status text)",
    """create table menu_hours
       (store_id text, day_of_week int, start_time_local time, end_time_local time)""",
    "create table timezones (store_id text, timezone_str text)",
    """insert into store_status
       select id, at, case when extract(hour from at) < 6 then 'inactive' else 'active' end
       from (values ('a'), ('b')) as store (id),
            generate_series(timestamptz '2024-04-28 12:00Z', '2024-05-06 12:00Z', '1 h') as at""",
    "insert into menu_hours select 'a', day, '09:00', '24:00' from generate_series(0, 6) as day",
    "insert into timezones values ('a', 'Europe/Dublin')",
)


@pytest.fixture
def tables(database: str) -> str:
    """A database with the three tables and two stores."""
    run(database, *TABLES)
    return database


@pytest.fixture
def roles(server: str) -> Iterator[Callable[..., str]]:
    """Makes roles that are gone after the test; gives the name."""
    made: list[str] = []

    def make(*settings: str) -> str:
        name = f"role {os.getpid()} {len(made)}"
        run(server, f'create role "{name}" login', *(f'alter role "{name}" {setting}' for setting in settings))
        made.append(name)
        return name

    yield make
    for name in made:
        run(server, f'drop role "{name}"')


@pytest.fixture
def reader(tables: str, roles: Callable[..., str]) -> Iterator[Callable[..., str]]:
    """Gives the URL of a user who may select and nothing else, with settings of its own."""
    names: list[str] = []

    def make(*settings: str) -> str:
        names.append(roles(*settings))
        run(tables, f'grant select on all tables in schema public to "{names[-1]}"')
        return as_user(tables, names[-1])

    yield make
    for name in names:
        run(tables, f'drop owned by "{name}"')


def report(address: str, **options: object) -> Report:
    return build_report(open_source(address), Options(**options))  # pyrefly: ignore[bad-argument-type]


def line_of(address: str, **options: object) -> str:
    """What a source that can't be read says."""
    with pytest.raises((AddressNotUnderstood, SourceRefused, SourceMismatch, SourceUnreachable)) as caught:
        report(address, **options)
    text = str(caught.value)
    assert "\n" not in text
    return text


# Rights and settings --------------------------------------------------------------------------------------------------


def test_a_user_who_may_only_select_gets_a_report(tables: str, reader: Callable[..., str]) -> None:
    assert report(reader()).csv("extended") == report(tables).csv("extended")


SETTINGS = {
    "time zone": "set timezone to 'Pacific/Chatham'",
    "a time zone that is an offset": "set timezone to '<-03>3'",
    "German dates": "set datestyle to 'German, DMY'",
    "SQL dates": "set datestyle to 'SQL, MDY'",
    "Postgres dates": "set datestyle to 'Postgres, YMD'",
    "Latin letters": "set client_encoding to 'LATIN1'",
    "odd intervals": "set intervalstyle to 'sql_standard'",
    "no backslashes": "set standard_conforming_strings to off",
    "writes not allowed": "set default_transaction_read_only to on",
    "serializable": "set default_transaction_isolation to 'serializable'",
}


def test_the_settings_of_a_role_change_nothing(tables: str, reader: Callable[..., str]) -> None:
    run(tables, "insert into store_status values ('ü', '2024-05-06 11:00Z', 'up'), ('ü', 'infinity', 'active')")
    expected = report(tables)
    for name, setting in SETTINGS.items():
        found = report(reader(setting))
        assert found.csv("extended") == expected.csv("extended"), name
        assert found.rejects["polls"].equals(expected.rejects["polls"]), name


@pytest.mark.parametrize("table", ["store_status", "menu_hours", "timezones"])
def test_of_statements_that_fail_at_once_the_first_is_told(tables: str, table: str) -> None:
    """The others only hear that the transaction has ended."""
    failing = "select base.* from base where 1 / (select 0 from pg_sleep(0.05)) = 0"
    run(tables, f"alter table {table} rename to base", f"create view {table} as {failing}")
    told = [line_of(tables, now=NOON, store=store) for store in ("a", None) for _ in range(5)]
    assert [line for line in told if "division by zero. The statement was " not in line] == []


def test_a_role_with_german_dates_is_told_when_the_polls_were(reader: Callable[..., str]) -> None:
    with pytest.raises(NoPolls, match="oldest is 2024-04-28T12:00:00Z, its newest 2024-05-06T12:00:00Z"):
        report(reader("set datestyle to 'German'", "set timezone to 'Asia/Kolkata'"), now=NOON - timedelta(days=400))


MISSING_RIGHTS = {
    "no right to a table": (
        "revoke select on menu_hours from {role}",
        "permission denied for menu_hours.store_id. Ask its owner: grant select on public.menu_hours to this user.",
    ),
    "no right to a column": (
        "revoke select on timezones from {role}; grant select (store_id) on timezones to {role}",
        "permission denied for timezones.timezone_str. Ask its owner: grant select on public.timezones to this user.",
    ),
    "no right to what a view is made of": (
        "create table base (like store_status); drop table store_status; "
        "create view store_status with (security_invoker) as table base; grant select on store_status to {role}",
        "permission denied for table base",
    ),
}


@pytest.mark.parametrize(("change", "sentence"), MISSING_RIGHTS.values(), ids=MISSING_RIGHTS)
def test_a_missing_right_is_told_with_its_grant(
    tables: str, reader: Callable[..., str], change: str, sentence: str
) -> None:
    url = reader()
    run(tables, change.format(role=f'"{conninfo_to_dict(url)["user"]}"'))
    assert sentence in line_of(url)


def test_a_schema_that_may_not_be_entered_is_told_with_its_grant(tables: str, reader: Callable[..., str]) -> None:
    run(tables, "create schema shut")
    with pytest.raises(SourceRefused, match="grant usage on schema shut to this user"):
        build_report(open_source(reader(), "shut"))


# Values ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["timestamptz", "timestamp", "text"])
def test_rows_at_no_time_are_counted_as_rejected(tables: str, kind: str) -> None:
    before = report(tables).quality.tables["polls"]
    run(
        tables,
        f"alter table store_status alter timestamp_utc type {kind}",
        """insert into store_status values ('a', 'infinity', 'active'), ('a', '-infinity', 'active'),
           ('a', null, 'active'), ('', '2024-05-06 11:00:00', 'active'), ('a', '2024-05-06 11:00:00', 'up'),
           (null, 'infinity', null), ('a', '2024-05-06 11:00:00', null)""",
    )
    counts = report(tables).quality.tables["polls"]
    assert counts.rejected == {
        "bad status": 2,
        "bad timestamp": 2,
        "missing store id": 2,
        "missing timestamp": 1,
    }
    assert (counts.accepted, counts.read) == (before.accepted, before.read + 7)


def test_one_bad_text_does_not_fail_the_report(tables: str) -> None:
    run(
        tables,
        "alter table store_status alter timestamp_utc type text "
        "using to_char(timestamp_utc at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || ' UTC'",
    )
    expected = report(tables)
    run(tables, "insert into store_status values ('a', 'yesterday', 'active'), ('a', '2024-13-40 99:00', 'active')")
    found = report(tables)
    assert found.csv("extended") == expected.csv("extended")
    assert found.quality.tables["polls"].rejected == {"bad timestamp": 2}


@pytest.mark.parametrize("kind", ["timestamptz", "timestamp", "text"])
def test_a_poll_ahead_of_the_clock_is_rejected_and_moves_nothing(tables: str, kind: str) -> None:
    run(tables, f"alter table store_status alter timestamp_utc type {kind}")
    expected = report(tables)
    run(tables, "insert into store_status values ('a', '2924-05-06 12:00:00', 'active')")
    found = report(tables)
    assert found.csv() == expected.csv()
    assert found.quality.tables["polls"].rejected == {"ahead of the clock": 1}


@pytest.mark.parametrize("kind", ["timestamptz", "timestamp"])
def test_years_that_no_calendar_has_do_not_fail_the_report(tables: str, kind: str) -> None:
    run(
        tables,
        f"alter table store_status alter timestamp_utc type {kind}",
        "insert into store_status values ('a', '20000-01-01', 'active'), ('a', '2000-01-01 BC', 'active')",
    )
    assert report(tables).provenance["now"] == "2024-05-06T12:00:00Z"
    with pytest.raises(NoPolls, match="oldest is 2024-04-28T12:00:00Z, its newest 2024-05-06T12:00:00Z"):
        report(tables, now=NOON - timedelta(days=400))


REFUSED_TYPES = {
    "timetz": ("alter table menu_hours alter start_time_local type timetz", "of type time with time zone"),
    "interval": ("alter table menu_hours alter end_time_local type interval", "of type interval"),
    "numeric": ("alter table store_status alter timestamp_utc type numeric using 1", "of type numeric"),
    "date": ("alter table store_status alter timestamp_utc type date", "of type date"),
}


@pytest.mark.parametrize(("change", "sentence"), REFUSED_TYPES.values(), ids=REFUSED_TYPES)
def test_a_column_of_another_type_is_named(tables: str, change: str, sentence: str) -> None:
    run(tables, change)
    assert sentence in line_of(tables)


@pytest.mark.parametrize("room", [1, 2])
def test_stores_may_be_more_than_a_line_has_room_for(tables: str, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    good = "('c', '2024-05-06 11:30Z', 'active'), ('d', '2024-05-06 11:30Z', ' Active ')"
    run(tables, f"insert into store_status values {good}, ('d', null, 'active'), ('', now(), 'up')")
    expected = report(tables)
    monkeypatch.setattr(PollKeys, "room", room)
    found = report(tables)
    assert (found.csv("extended"), found.quality) == (expected.csv("extended"), expected.quality)
    assert found.exact["store_id"].to_list() == ["a", "b", "c", "d"]


# One snapshot ---------------------------------------------------------------------------------------------------------


def polls_after(url: str, change: str, owner: str | None = None) -> int:
    """How many polls a report pulls, if something is committed by the owner after it has found its newest."""
    source = Postgres(url)
    with source.opened():
        now = source.newest_poll_us(instant_us(NOON + timedelta(days=1))) or 0
        run(owner or url, change)
        horizon = Horizon(now - 86_400_000_000, now)
        polls = source.polls(horizon, None)
        return clean_polls(polls, source.codes, horizon).counts.accepted


def test_what_is_committed_meanwhile_is_not_seen(tables: str) -> None:
    expected = polls_after(tables, "select 1")
    insertion = "insert into store_status values ('c', '2024-05-06 11:30Z', 'active')"
    assert polls_after(tables, insertion) == expected
    assert polls_after(tables, "select 1") == expected + 1


def test_what_is_deleted_meanwhile_is_still_seen(tables: str) -> None:
    assert polls_after(tables, "select 1") == polls_after(tables, "delete from store_status")


def test_a_server_that_shares_no_snapshot_is_read_in_one_over_one_connection(tables: str) -> None:
    expected = polls_after(tables, "select 1")
    with denied_snapshots(tables), connected_role(tables) as url:
        assert report(url).csv("extended") == report(tables).csv("extended")
        insertion = "insert into store_status values ('c', '2024-05-06 11:30Z', 'active')"
        assert polls_after(url, insertion, tables) == expected


@contextmanager
def denied_snapshots(url: str) -> Generator[None]:
    run(url, "revoke execute on function pg_export_snapshot() from public")
    yield


@contextmanager
def connected_role(url: str) -> Generator[str]:
    run(url, "create role few login", "grant select on all tables in schema public to few")
    yield as_user(url, "few")
    run(url, "drop owned by few", "drop role few")


# A large table --------------------------------------------------------------------------------------------------------

LARGE = "update pg_class set reltuples = 5e6 where relname = 'store_status'"


COUNTS = {
    "few rows": (7, True, True),
    "many rows": (10_001, True, False),
    "nobody has counted": (-1, True, False),
    "nobody has counted, as before PostgreSQL 14": (0, True, False),
    "a view": (7, False, False),
}


@pytest.mark.parametrize(("rows", "is_table", "is_short"), COUNTS.values(), ids=COUNTS)
def test_a_table_is_short_where_the_catalogue_has_counted_few_rows(rows: int, is_table: bool, is_short: bool) -> None:
    """Such a table is pulled over the connection that is there."""
    columns = [(name, "text", True, False, rows, is_table, "public.timezones") for name in ("store_id", "timezone_str")]
    assert found_table("here", "timezones", AS_NAMED, columns, lambda *_: []).is_short is is_short


def remarks(url: str, schema: str | None = None) -> list[str]:
    return [text for text in build_report(open_source(url, schema)).quality.warnings if "no index on the time" in text]


def test_a_large_table_without_an_index_is_told_with_a_statement_that_works(tables: str) -> None:
    run(tables, 'create schema "Odd ""One"""', 'alter table store_status set schema "Odd ""One"""')
    run(tables, *(f'alter table {name} set schema "Odd ""One"""' for name in ("menu_hours", "timezones")))
    run(tables, LARGE)
    (remark,) = remarks(tables, 'Odd "One"')
    assert "about 5,000,000 rows" in remark
    run(tables, remark[remark.index("create index concurrently") :])
    run(tables, LARGE)
    assert not remarks(tables, 'Odd "One"')


@pytest.mark.parametrize("change", ["create index on store_status (timestamp_utc, store_id)", "select 1"])
def test_an_index_or_a_small_table_is_not_worth_a_remark(tables: str, change: str) -> None:
    run(tables, change, *([LARGE] if "index" in change else []))
    assert not remarks(tables)


# Addresses and passwords ----------------------------------------------------------------------------------------------


Form = tuple[str, dict[str, str]]
"""An address, and what stands in the environment."""


def forms(port: int) -> dict[str, Form]:
    """The same database, said in all the ways that libpq knows."""
    nothing: dict[str, str] = {}
    login = {"PGUSER": "me", "PGDATABASE": "postgres", "PGPASSWORD": PASSWORD}
    pairs = f"host=localhost port={port} user=me dbname=postgres password='{PASSWORD}'"
    hosts = f"127.0.0.1:1,127.0.0.1:{port}"
    return {
        "URL": (network_url(port, "me", PASSWORD), nothing),
        "keys and values": (pairs, nothing),
        "environment": ("postgresql://", login | {"PGHOST": "127.0.0.1", "PGPORT": str(port)}),
        "password from the environment": (network_url(port, "me"), {"PGPASSWORD": PASSWORD}),
        "address of a host": (network_url(port, "me", PASSWORD, hostaddr="127.0.0.1"), nothing),
        "several hosts": (f"postgresql://me:{quote(PASSWORD, safe='')}@{hosts}/postgres", nothing),
    }


@pytest.fixture
def shop(guarded: Cluster) -> Cluster:
    """The server that asks for passwords, with the three tables, which `me` may read."""
    if not run(guarded.socket_url, "select to_regclass('store_status')")[0][0]:
        run(guarded.socket_url, *TABLES, "grant select on all tables in schema public to me")
    return guarded


@pytest.mark.parametrize("form", forms(0))
def test_any_form_of_address_reaches_both_drivers(shop: Cluster, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    address, environment = forms(shop.port)[form]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = report(address)
    assert found.provenance["source"].endswith(f":{shop.port}/postgres")
    assert not tells_password(str(found.about) + found.json().decode())


def test_a_service_file_and_a_password_file_reach_both_drivers(
    shop: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "services").write_text(f"[shop]\nhost=127.0.0.1\nport={shop.port}\nuser=me\ndbname=postgres\n")
    (tmp_path / "passwords").write_text(f"*:{shop.port}:*:me:{PASSWORD.replace(':', chr(92) + ':')}\n")
    (tmp_path / "passwords").chmod(0o600)
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "passwords"))
    assert report("service=shop").provenance["source"] == f"postgresql://me@127.0.0.1:{shop.port}/postgres"


def test_names_of_any_letters_reach_both_drivers(shop: Cluster) -> None:
    with fresh_database(shop.socket_url, " ü/?#%&@") as url:
        run(url, *TABLES, "create role \"a@b:c/d ü\" login superuser password ' +&='")
        name = run(url, "select current_database()")[0][0]
        found = report(network_url(shop.port, "a@b:c/d ü", " +&=", name))
        run(url, 'drop role "a@b:c/d ü"')
    assert found.exact.height == 2


def tells_password(text: str) -> bool:
    return any(part in text for part in (PASSWORD, quote(PASSWORD, safe=""), "wörd", "w%C3%B6rd"))


def test_a_wrong_password_is_told_at_once_and_not_repeated(shop: Cluster) -> None:
    began = time.monotonic()
    text = line_of(network_url(shop.port, "me", f"{PASSWORD}x"))
    assert time.monotonic() - began < 5
    assert 'password authentication failed for user "me"' in text
    assert not tells_password(text)


SLIPS = [
    "postgresql://me:p@wörd@localhost/db",
    "postgresql://me:p/wörd@localhost/db",
    "postgresql://me:1/wörd@localhost/db",
    "postgresql://me:wörd%zz@localhost/db",
    "postgresql://me:wörd wörd@localhost/db",
    "postgresql://me:p/a?wörd=1@localhost/db",
    "postgresql://me:p/a?wörd@localhost/db",
    "host=localhost password=my wörd",
    "host=localhost password='wörd",
]


@pytest.mark.parametrize("address", SLIPS)
def test_a_slip_in_an_address_does_not_tell_the_password(address: str) -> None:
    text = line_of(address)
    assert not tells_password(text)
    assert "is written %XX" in text


def test_a_password_of_keys_and_values_may_look_like_a_url() -> None:
    assert parse_conninfo("host=x password=a://b@c@d")["password"] == "a://b@c@d"


# TLS ------------------------------------------------------------------------------------------------------------------

KEPT = {
    "disable": False,
    "allow": False,
    "prefer": True,
    "require": True,
    "verify-ca": True,
}


def pulled_over_tls(front: TlsFront, url: str) -> bool | None:
    """Whether ConnectorX has encrypted its own connection."""
    with connect(url, "test") as connection:
        address = connectorx_url(connection, "here")
        front.last_encrypted = None
        connectorx.read_sql(address, "select 1 as one", return_type="polars")
        return front.last_encrypted


@pytest.mark.parametrize(("mode", "encrypted"), KEPT.items())
def test_a_pull_is_as_protected_as_the_connection(
    front: TlsFront, certificates: Path, mode: str, encrypted: bool
) -> None:
    root = {"sslrootcert": str(certificates / "ca.crt")} if mode == "verify-ca" else {}
    assert pulled_over_tls(front, network_url(front.port, "me", PASSWORD, sslmode=mode, **root)) is encrypted


def test_the_authority_in_the_home_folder_is_that_of_a_pull_too(
    front: TlsFront, certificates: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".postgresql").mkdir()
    (tmp_path / ".postgresql/root.crt").write_bytes((certificates / "ca.crt").read_bytes())
    monkeypatch.setenv("HOME", str(tmp_path))
    with connect(network_url(front.port, "me", PASSWORD, sslmode="verify-ca"), "test") as connection:
        root = quote(str(tmp_path / ".postgresql/root.crt"), safe="")
        assert f"sslrootcert={root}" in connectorx_url(connection, "")


def test_a_whole_report_goes_over_tls(shop: Cluster, front: TlsFront, certificates: Path) -> None:
    secure = {"sslmode": "verify-ca", "sslrootcert": str(certificates / "ca.crt")}
    found = report(network_url(front.port, "me", PASSWORD, **secure))
    assert front.last_encrypted
    assert found.csv() == report(shop.socket_url).csv()


REFUSED = {
    "a server without TLS": ({"sslmode": "require"}, "server does not support SSL", False),
    "a stranger's authority": ({"sslmode": "verify-ca", "sslrootcert": "other.crt"}, "certificate verify failed", True),
    "an authority that is not there": ({"sslmode": "verify-ca", "sslrootcert": "no.crt"}, "does not exist", True),
    "the host name": ({"sslmode": "verify-full", "sslrootcert": "ca.crt"}, "Use sslmode=verify-ca", True),
    "the authorities of the system": ({"sslrootcert": "system"}, "certificate verify failed", True),
}


@pytest.mark.parametrize(("options", "sentence", "tls"), REFUSED.values(), ids=REFUSED)
def test_less_protection_than_was_asked_is_refused(
    guarded: Cluster, front: TlsFront, certificates: Path, options: dict[str, str], sentence: str, tls: bool
) -> None:
    files = {key: str(certificates / value) for key, value in options.items() if value.endswith(".crt")}
    port = front.port if tls else guarded.port
    text = line_of(network_url(port, "me", PASSWORD, **{**options, **files}))
    assert sentence in text
    assert not tells_password(text)


# A standby ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def standby(guarded: Cluster) -> Iterator[Cluster]:
    """A hot standby of the server that asks for passwords."""
    with ExitStack() as stack:
        copy = stack.enter_context(empty_cluster())
        place = ["-d", guarded.socket_url, "-D", str(copy.data)]
        copy.program("pg_basebackup", *place, "-R", "--checkpoint=fast", "--no-sync", "--wal-method=stream")
        stack.enter_context(copy.running())
        yield copy


LAST_OF_THE_SHOP = "select has_table_privilege('me', to_regclass('timezones'), 'select')"


@pytest.mark.anywhere
def test_a_standby_is_enough_for_a_report(shop: Cluster, standby: Cluster) -> None:
    eventually(lambda: run(standby.socket_url, LAST_OF_THE_SHOP) == [(True,)])
    assert run(standby.socket_url, "select pg_is_in_recovery()") == [(True,)]
    found = report(network_url(standby.port, "me", PASSWORD))
    assert found.csv() == report(shop.socket_url).csv()
    assert not [text for text in found.quality.warnings if "cannot share" in text]


def test_the_version_of_a_standby_cannot_be_told(shop: Cluster, standby: Cluster) -> None:
    with Postgres(shop.socket_url).opened() as primary, Postgres(standby.socket_url).opened() as copy:
        assert primary.version is not None
        assert copy.version is None


# Ctrl-C ---------------------------------------------------------------------------------------------------------------

SLOW = {
    "polls": ("store_status", "timestamp_utc"),
    "hours": ("menu_hours", "start_time_local"),
    "zones": ("timezones", "timezone_str"),
}


def make_slow(url: str, table: str) -> None:
    run(url, f"alter table {table} rename to base", f"create view {table} as select base.* from base, pg_sleep(60)")


def busy(url: str) -> list[int]:
    statements = "select pid from pg_stat_activity where query ~ 'from \"?public' and state = 'active'"
    return [row[0] for row in run(url, f"{statements} and datname = current_database() and pid <> pg_backend_pid()")]


def started(url: str, *options: str) -> "subprocess.Popen[str]":
    environment = os.environ | {"DATABASE_URL": url}
    return subprocess.Popen(
        [str(COMMAND), "report", "--now", NOON.isoformat(), *options],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("table", ["store_status", "menu_hours", "timezones"])
def test_ctrl_c_ends_the_command_and_what_it_began_on_the_server(tables: str, tmp_path: Path, table: str) -> None:
    make_slow(tables, table)
    out = tmp_path / "report.csv"
    with started(tables, "--out", str(out)) as process:
        eventually(lambda: busy(tables))
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        said = process.communicate()[1]
        took = time.monotonic() - began
    assert (process.returncode, said) == (130, said)
    assert took < 1.5
    assert said.splitlines() == ["store-uptime: interrupted"]
    eventually(lambda: not busy(tables), 1)
    assert not list(tmp_path.iterdir())


def test_no_process_tells_the_password(shop: Cluster) -> None:
    with fresh_database(shop.socket_url) as url:
        run(url, *TABLES, "grant select on all tables in schema public to me")
        make_slow(url, "timezones")
        run(url, "grant select on timezones to me")
        name = run(url, "select current_database()")[0][0]
        with started(network_url(shop.port, "me", PASSWORD, name)) as process:
            eventually(lambda: busy(url))
            lines = [" ".join(line) for line in command_lines()]
            process.kill()
        run(url, "drop owned by me")
    assert any("store-uptime report" in line for line in lines)
    assert not [line for line in lines if tells_password(line)]


def command_lines() -> Iterator[Sequence[str]]:
    for process in psutil.process_iter():
        try:
            yield process.cmdline()
        except psutil.Error:
            continue


def test_a_report_that_fails_leaves_no_statement_behind(tables: str) -> None:
    make_slow(tables, "store_status")
    run(tables, "alter table menu_hours drop column end_time_local")
    assert "menu_hours has no column end_time_local" in line_of(tables, now=NOON)
    eventually(lambda: not busy(tables), 1)


# Names of runs --------------------------------------------------------------------------------------------------------


def names_on(url: str) -> set[str]:
    """The application names of a database's sessions, but for those that have none."""
    return {row[0] for row in run(url, "select application_name from pg_stat_activity where application_name <> ''")}


@contextmanager
def waiting_report(url: str, application: str) -> Generator[Future[Report]]:
    """A report in a thread, whose polls would take a minute."""
    make_slow(url, "store_status")
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(build_report, open_source(url, application=application), Options(now=NOON))
        try:
            eventually(lambda: busy(url))
            yield running
        finally:
            end_statements(url, application)


NAMES = ["report 7", "n" * 63, "it's; drop", 'a "b" c=d', "host=x"]


@pytest.mark.parametrize("name", NAMES)
def test_every_connection_of_a_run_has_its_name_and_is_ended_by_it(tables: str, name: str) -> None:
    with waiting_report(tables, name) as running:
        assert names_on(tables) == {name}
        end_statements(tables, name)
        with pytest.raises(SourceUnreachable):
            running.result(5)
    eventually(lambda: names_on(tables) == set() and not busy(tables), 2)


def test_a_run_of_another_name_goes_on(tables: str) -> None:
    with waiting_report(tables, "report 7") as running:
        end_statements(tables, "report 70")
        eventually(lambda: names_on(tables) == {"report 7"}, 2)  # the connection that ends others ends a little later
        assert not running.done()


def test_a_run_without_a_name_has_one_that_nobody_else_has(tables: str) -> None:
    with open_source(tables).opened(), open_source(tables).opened():
        names = names_on(tables)
    assert len(names) == 2
    assert all(name.startswith("store-uptime ") for name in names)


def test_where_nothing_can_be_ended_nothing_is_said(tables: str) -> None:
    end_statements(tables, "nobody")
    end_statements("postgresql://localhost:1/nowhere", "nobody")
    end_statements("postgresql://me:p@wörd@localhost/db", "nobody")
