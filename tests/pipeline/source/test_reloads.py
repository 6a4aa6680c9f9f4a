"""Tables that are reloaded while they are read: what is read is of one state, or there is an error that says so.

And how long a source waits, for what, and through what.
"""

import os
import signal
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Timer
from typing import Any
from urllib.parse import urlencode

import psutil
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from store_uptime.pipeline import (
    SourceBusy,
    SourceRefused,
    SourceUnreachable,
    StoreUptimeError,
    build_report,
    open_source,
    polled_stores,
)
from store_uptime.pipeline.clean.polls import clean_polls
from store_uptime.pipeline.instants import instant_us
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.source.postgres.connection import connect, connectorx_url, source_error
from store_uptime.pipeline.source.postgres.postgres import Postgres
from tests.pipeline.source.test_postgres_forms import NOON
from tests.support.postgres import as_user, fresh_database, pgbouncer, run

NOW_US = instant_us(NOON)
HORIZON = Horizon(NOW_US - 86_400_000_000, NOW_US)
TABLES = ("store_status", "menu_hours", "timezones")
EMPTY = (
    "create table store_status (store_id text, timestamp_utc timestamptz, status text)",
    "create table menu_hours (store_id text, day_of_week int, start_time_local time, end_time_local time)",
    "create table timezones (store_id text, timezone_str text)",
)
OLD = (
    "insert into store_status values ('a', '2024-05-06 11:00Z', 'active'), ('a', '2024-05-06 10:00Z', 'active')",
    "insert into menu_hours values ('a', 0, '09:00', '17:00')",
    "insert into timezones values ('a', 'Europe/Dublin')",
)
NEW = (
    "insert into store_status values ('b', '2024-05-06 11:30Z', 'inactive')",
    "insert into menu_hours values ('b', 0, '08:00', '16:00'), ('b', 1, '08:00', '16:00')",
    "insert into timezones values ('b', 'Asia/Tokyo'), ('c', 'Asia/Tokyo')",
)


def each(text: str) -> list[str]:
    """Statements for every table."""
    return [text.format(table) for table in TABLES]


def new_in(ending: str) -> list[str]:
    return [text.replace(" values", f"{ending} values") for text in NEW]


BASES = each("alter table {0} rename to {0}_base")
VIEWS = [*BASES, *each("create view {0} as table {0}_base")]
PARTITIONS = [
    *BASES,
    *each("create table {0} (like {0}_base) partition by list (store_id)"),
    *each("alter table {0} attach partition {0}_base for values in ('a')"),
    *each("create table {0}_new (like {0})"),
    *new_in("_new")[:1],
    "insert into menu_hours_new values ('b', 0, '08:00', '16:00')",
    "insert into timezones_new values ('b', 'Asia/Tokyo')",
]
RELOADS: dict[str, tuple[list[str], list[str]]] = {
    "truncate and insert": ([], ["truncate menu_hours", *NEW[1:2]]),
    "truncate of all": ([], ["truncate timezones", "truncate menu_hours", "truncate store_status", *NEW]),
    "delete and insert": ([], [*each("delete from {}"), *NEW]),
    "a swap of tables": (
        [],
        [
            *each("create table new_{0} (like {0})"),
            *each("alter table {0} rename to old_{0}"),
            *each("alter table new_{0} rename to {0}"),
            *NEW,
        ],
    ),
    "drop and create": ([], [*each("drop table {}"), *EMPTY, *NEW]),
    "a rewriting ALTER": ([], each("alter table {} alter store_id type varchar(9)")),
    "VACUUM FULL": ([], ["vacuum full menu_hours"]),
    "a swap of schemas": (
        ["create schema next", "set search_path to next", *EMPTY, *NEW],
        ["alter schema feed rename to gone", "alter schema next rename to feed"],
    ),
    "a partition more": (PARTITIONS, each("alter table {0} attach partition {0}_new for values in ('b')")),
    "a partition less": (PARTITIONS, each("alter table {0} detach partition {0}_base")),
    "a child more": (
        ["create table child (like menu_hours)", "insert into child select 'b', 0, '08:00', '16:00'"],
        ["alter table child inherit menu_hours", "delete from timezones"],
    ),
    "a refresh": (
        [*BASES, *each("create materialized view {0} as table {0}_base")],
        [*each("delete from {}_base"), *new_in("_base"), *each("refresh materialized view {}")],
    ),
    "tables under views": (VIEWS, [*each("truncate {}_base"), *new_in("_base")]),
    "a swap of views": (
        [*VIEWS, *each("create table {0}_new (like {0}_base)"), *new_in("_new")],
        each("create or replace view {0} as table {0}_new"),
    ),
}
STAGES = (
    "opened",
    "hours",
    *(pytest.param(stage, marks=pytest.mark.nightly) for stage in ("newest", "zones", "polls")),
)
SAME_ROWS = {"a rewriting ALTER", "VACUUM FULL"}
BEYOND_LOCKS = {"a swap of schemas", "a partition more", "a child more"}


@pytest.fixture(scope="module")
def reloaded(server: str) -> Iterator[str]:
    """A database whose tables are in the schema `feed`."""
    with fresh_database(server) as url:
        yield f"{url}&options=-csearch_path%3Dfeed"


def make(url: str, more: list[str]) -> None:
    """The tables in their old state."""
    schemas = ["drop schema if exists feed, next, gone cascade", "create schema feed"]
    run(url, "; ".join(["set client_min_messages to error", *schemas, *EMPTY, *OLD, *more]))


def read(url: str, at: Callable[[str], None], store: str | None = None) -> tuple[Any, ...]:
    """What a run reads; `at` is called between its steps."""
    with Postgres(url, "feed").opened() as source:
        at("opened")
        newest = source.newest_poll_us(NOW_US)
        at("newest")
        hours = rows(source.hours(store))
        at("hours")
        zones = rows(source.zones(store))
        at("zones")
        polls = source.polls(HORIZON, store)
        at("polls")
        return newest, hours, zones, clean_polls(polls, source.codes, HORIZON).counts.accepted


def rows(frames: Any) -> list[tuple[Any, ...]]:
    return sorted(row for frame in frames for row in frame.collect().rows())


def nothing(stage: str) -> None:
    pass


def reload(url: str, statements: list[str]) -> None:
    """All in one transaction."""
    run(url, "; ".join(statements))


def done_or_waiting(url: str, reloading: Future[None]) -> None:
    waiting = "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    with psycopg.connect(url, autocommit=True) as connection:
        while not reloading.done() and not connection.execute(waiting).fetchall():
            time.sleep(0.002)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", RELOADS)
def test_what_is_read_is_of_one_state_whenever_a_reload_begins(
    reloaded: str, monkeypatch: pytest.MonkeyPatch, name: str, stage: str
) -> None:
    monkeypatch.setattr("store_uptime.pipeline.source.postgres.patience.PULL_LOCK", "20ms")
    setup, statements = RELOADS[name]
    make(reloaded, setup)
    with ThreadPoolExecutor(1) as thread:

        def begin(now: str) -> None:
            if now == stage:
                done_or_waiting(reloaded, thread.submit(reload, reloaded, statements))

        try:
            found = read(reloaded, begin)
        except SourceBusy as busy:
            is_told = name in BEYOND_LOCKS and busy.reason == "its tables were replaced while they were read"
        else:
            is_told = is_old(found)
    assert is_told
    assert name in SAME_ROWS or not is_old(read(reloaded, nothing))


def is_old(found: tuple[Any, ...]) -> bool:
    """Whether all that was read is of the old state."""
    return found == (NOW_US - 3_600_000_000, [("a", "0", "09:00:00", "17:00:00")], [("a", "Europe/Dublin")], 2)


@pytest.mark.parametrize("name", ["truncate of all", "a swap of tables", "drop and create", "a refresh"])
def test_a_reload_that_is_under_way_is_waited_for(reloaded: str, name: str) -> None:
    setup, statements = RELOADS[name]
    make(reloaded, setup)
    with ThreadPoolExecutor(1) as thread, psycopg.connect(reloaded) as loading:
        loading.execute("; ".join(statements).encode())
        reading = thread.submit(read, reloaded, nothing)
        time.sleep(0.15)
        loading.commit()
        assert reading.result() == read(reloaded, nothing)
    assert not is_old(reading.result())


def test_a_locked_table_is_named_once_there_is_no_more_patience(reloaded: str) -> None:
    make(reloaded, VIEWS)
    with psycopg.connect(reloaded) as locking:
        locking.execute("lock table menu_hours_base")
        began = time.monotonic()
        for url, patience in ((reloaded, timedelta(seconds=0.4)), (f"{reloaded}%20-clock_timeout%3D200ms", None)):
            with pytest.raises(SourceBusy, match="menu_hours_base is locked by another session"):
                build_report(open_source(url, "feed", patience=patience))
        assert polled_stores(open_source(reloaded, "feed")) == ["a"]  # a look needs the polls alone
        assert time.monotonic() - began < 3


def test_a_reload_is_not_the_victim_of_a_deadlock(reloaded: str) -> None:
    """It locks in another order than a report; whoever waits with locks in hand would be in its way."""
    make(reloaded, [])
    with ThreadPoolExecutor(1) as thread, psycopg.connect(reloaded) as loading:
        loading.execute("set deadlock_timeout = '150ms'; truncate timezones")
        reading = thread.submit(read, reloaded, nothing)
        time.sleep(0.15)
        loading.execute("; ".join(["truncate menu_hours; truncate store_status", *NEW]).encode())
        loading.commit()
        assert not is_old(reading.result())


def test_the_rights_to_the_columns_are_enough(reloaded: str) -> None:
    make(reloaded, [])
    name = "columns_alone"
    run(
        reloaded,
        f"create role {name} login",
        f"grant usage on schema feed to {name}",
        f"grant select (store_id, timestamp_utc, status) on store_status to {name}",
        f"grant select (store_id, day_of_week, start_time_local, end_time_local) on menu_hours to {name}",
        f"grant select (store_id, timezone_str) on timezones to {name}",
    )
    assert is_old(read(as_user(reloaded, name), nothing))
    run(reloaded, f"drop owned by {name}", f"drop role {name}")


# Waits and connections ------------------------------------------------------------------------------------------------


@contextmanager
def suspended(process: int) -> Generator[None]:
    """A process that does nothing within the block."""
    psutil.Process(process).suspend()
    try:
        yield
    finally:
        psutil.Process(process).resume()


def test_a_server_that_is_stopped_is_not_waited_for(reloaded: str) -> None:
    make(reloaded, [])
    source = Postgres(reloaded, "feed", patience=timedelta(seconds=0.5))
    began = time.monotonic()
    with (
        pytest.raises(SourceUnreachable, match="has not answered within"),
        source.opened(),
        suspended(source.connection.info.backend_pid),
    ):
        source.has_polled("a")
    assert time.monotonic() - began < 3


def test_ctrl_c_does_not_wait_for_a_server_that_is_stopped(reloaded: str) -> None:
    with connect(reloaded, "interrupted") as connection, suspended(connection.info.backend_pid):
        pressed = Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
        pressed.start()
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            connection.execute("select")
        assert time.monotonic() - began < 2
    assert connection.closed


def test_a_statement_ends_on_the_server_too(reloaded: str) -> None:
    make(reloaded, [*BASES[:1], "create view store_status as select base.* from store_status_base base, pg_sleep(9)"])
    source = open_source(reloaded, "feed", patience=timedelta(seconds=0.5))
    with pytest.raises(SourceBusy, match="statement timeout"):
        polled_stores(source)


def test_settings_of_the_address_are_kept(reloaded: str) -> None:
    own = {"connect_timeout": "9", "keepalives_idle": "7"}
    url = f"{reloaded}%20-cstatement_timeout%3D7s%20-cwork_mem%3D1MB&{urlencode(own)}"
    make(reloaded, [])
    with Postgres(url, "feed").opened() as source:
        assert source.connection.execute("show statement_timeout").fetchall() == [("7s",)]
        asked = conninfo_to_dict(
            connectorx_url(source.connection, "", {"lock_timeout": "1s"}).replace("retries", "count")
        )
    assert own.items() <= asked.items()
    assert asked["options"] == "-c lock_timeout=1s -csearch_path=feed -cstatement_timeout=7s -cwork_mem=1MB"


def test_small_pulls_leave_no_threads_behind(reloaded: str) -> None:
    def threads_after(pulls: int) -> int:
        for _ in range(pulls):
            with Postgres(reloaded, "feed").opened() as source:
                source.polls(HORIZON, "a")
                source.hours("a")
        return psutil.Process().num_threads()

    make(reloaded, [])
    assert threads_after(5) >= threads_after(15)


@pytest.mark.parametrize("connections", [1, 20])
def test_a_pooler_in_transaction_mode_will_do(reloaded: str, connections: int) -> None:
    make(reloaded, [])
    with pgbouncer(reloaded, connections=connections) as url:
        for _ in range(3):
            assert is_old(read(url, nothing))
            assert polled_stores(open_source(url, "feed")) == ["a"]


def test_a_pooler_that_takes_no_transactions_is_refused(reloaded: str) -> None:
    with pgbouncer(reloaded, "statement") as url, pytest.raises(SourceRefused, match="must have pool_mode"):
        read(url, nothing)


KINDS: list[tuple[Exception, type[StoreUptimeError]]] = [
    (psycopg.errors.SerializationFailure("canceling statement due to conflict with recovery"), SourceBusy),
    (psycopg.errors.DeadlockDetected("deadlock detected"), SourceBusy),
    (psycopg.errors.QueryCanceled("annullation de la requête à cause du délai"), SourceBusy),
    (psycopg.errors.AdminShutdown("terminating connection due to administrator command"), SourceUnreachable),
    (psycopg.errors.CannotConnectNow("the database system is starting up"), SourceUnreachable),
    (psycopg.errors.ConnectionFailure("connection lost"), SourceUnreachable),
    (psycopg.OperationalError("server closed the connection unexpectedly"), SourceUnreachable),
    (psycopg.errors.InsufficientPrivilege("droit refusé pour la table timezones"), SourceRefused),
    (psycopg.errors.DiskFull("temporary file size exceeds"), SourceRefused),
]


@pytest.mark.parametrize(("error", "kind"), KINDS, ids=lambda each: getattr(each, "__name__", type(each).__name__))
def test_an_error_is_told_by_its_class_and_not_by_its_words(error: Exception, kind: type[StoreUptimeError]) -> None:
    assert type(source_error("here", error, "Ask.")) is kind
