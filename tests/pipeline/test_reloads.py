"""Tables that are reloaded while they are read: what is read is of one state, or there is an error that says so."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from pipeline import SourceBusy
from pipeline.options import Horizon, instant_us
from pipeline.source.postgres import Postgres
from tests.pipeline.test_postgres_forms import NOON
from tests.postgres import fresh_database, run

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
    with Postgres(url, "feed") as source:
        at("opened")
        newest = source.newest_poll_us(NOW_US)
        at("newest")
        hours = rows(source.hours(store))
        at("hours")
        zones = rows(source.zones(store))
        at("zones")
        polls = source.polls(HORIZON, store)
        at("polls")
        return newest, hours, zones, polls.usual.height


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
    monkeypatch.setattr("pipeline.source.patience.PULL_LOCK", "20ms")
    setup, statements = RELOADS[name]
    make(reloaded, setup)
    with ThreadPoolExecutor(1) as thread:

        def begin(now: str) -> None:
            if now == stage:
                done_or_waiting(reloaded, thread.submit(reload, reloaded, statements))

        try:
            found = read(reloaded, begin)
        except SourceBusy as busy:
            assert name in BEYOND_LOCKS
            assert "its tables were replaced while they were read" in str(busy)
        else:
            assert is_old(found)
    assert name in SAME_ROWS or not is_old(read(reloaded, nothing))


def is_old(found: tuple[Any, ...]) -> bool:
    """Whether all that was read is of the old state."""
    return found == (NOW_US - 3_600_000_000, [("a", "0", "09:00:00", "17:00:00")], [("a", "Europe/Dublin")], 2)
