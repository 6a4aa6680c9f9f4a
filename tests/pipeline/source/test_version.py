"""The version of a database's data: equal only where a run sees the same rows, and none where that cannot be told."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

import psycopg
import pytest

from store_uptime.pipeline import SourceMapping, build_report, open_source
from store_uptime.pipeline.source.postgres.postgres import Postgres
from store_uptime.pipeline.statements import statement
from store_uptime.pipeline.tables import COLUMNS
from tests.support.feeds import POLLS, frames, lines
from tests.support.postgres import as_user, eventually, in_database, run

TABLES = (
    "create table store_status (store_id text, timestamp_utc timestamptz, status text)",
    "create table menu_hours (store_id text, day_of_week int, start_time_local time, end_time_local time)",
    "create table timezones (store_id text, timezone_str text)",
    "insert into store_status values ('a', '2024-05-06 12:00Z', 'active'), ('b', '2024-05-06 11:00Z', 'active')",
    "insert into timezones values ('a', 'Europe/Dublin')",
)


@pytest.fixture
def tables(database: str) -> str:
    """A database with the three tables."""
    run(database, *TABLES)
    return database


def version(url: str, schema: str | None = None) -> str | None:
    with Postgres(url, schema).opened() as source:
        return source.version


def told(url: str, schema: str | None = None) -> str:
    found = version(url, schema)
    assert found is not None
    return found


def stays_equal(first: Callable[[], str | None], second: Callable[[], str | None]) -> None:
    """Two versions, taken one after the other, are equal; autovacuum, which counts as a change, may come between."""
    eventually(lambda: first() == second() is not None)


# Equal ----------------------------------------------------------------------------------------------------------------


def test_a_version_stays_while_nothing_is_written(tables: str) -> None:
    stays_equal(lambda: version(tables), lambda: version(tables))


def test_reading_is_no_change(tables: str) -> None:
    def after_a_report() -> str | None:
        build_report(open_source(tables))
        run(tables, "select count(*) from store_status")
        return version(tables)

    stays_equal(lambda: version(tables), after_a_report)


def test_a_user_who_may_only_select_sees_the_same_version(tables: str) -> None:
    with reader(tables) as url:
        stays_equal(lambda: version(tables), lambda: version(url))


def test_it_is_that_of_the_snapshot(tables: str) -> None:
    """A source that is open keeps its version, as it keeps its view."""
    source = open_source(tables)
    with source.opened():
        before = source.version
        run(tables, "delete from store_status where store_id = 'a'")
        assert source.has_polled("a")
        assert source.version == before
    assert told(tables) != before


def test_a_report_leaves_the_version_on_its_source(tables: str) -> None:
    source = open_source(tables)
    assert source.version is None
    build_report(source)
    assert source.version is not None


# Changed --------------------------------------------------------------------------------------------------------------

CHANGES = {
    "insert": "insert into store_status values ('c', now(), 'active')",
    "delete": "delete from store_status where store_id = 'a'",
    "delete of another table": "delete from timezones",
    "update": "update store_status set status = 'inactive'",
    "truncate": "truncate menu_hours",
    "a table in place of another": "drop table menu_hours; create table menu_hours (like timezones)",
    "a new column type": "alter table store_status alter timestamp_utc type timestamp",
    "a table of stores": "create table stores (store_id text)",
    "a row and its deletion": "insert into timezones values ('c', 'UTC'); delete from timezones where store_id = 'c'",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_by_another_session_changes_it(tables: str, change: str) -> None:
    before = told(tables)
    run(tables, change)
    assert told(tables) != before


def test_a_change_of_stores_changes_it(tables: str) -> None:
    run(tables, "create table stores (store_id text)")
    before = told(tables)
    run(tables, "insert into stores values ('a')")
    assert told(tables) != before


def test_a_running_transaction_changes_it_once_it_is_committed(tables: str) -> None:
    with psycopg.connect(tables) as writer:
        writer.execute("insert into timezones values ('b', 'UTC')")
        while_it_runs = told(tables)
        writer.commit()
        assert told(tables) != while_it_runs


def test_of_two_running_transactions_it_matters_which_is_committed(tables: str) -> None:
    with psycopg.connect(tables) as one, psycopg.connect(tables) as other:
        seen = set()
        for writer in (one, other):
            writer.execute("insert into timezones values ('b', 'UTC')")
        for writer in (other, one):
            seen.add(told(tables))
            writer.commit()
        assert len(seen | {told(tables)}) == 3


# Of different places --------------------------------------------------------------------------------------------------


def test_a_copy_of_a_database_has_a_version_of_its_own(server: str, tables: str) -> None:
    name, copy = tables.partition("?")[0].rpartition("/")[2], "copy_of_" + tables.partition("?")[0].rpartition("/")[2]
    run(server, f'create database "{copy}" template "{name}"')
    assert told(tables).partition(" ")[0] != told(in_database(server, copy)).partition(" ")[0]
    run(server, f'drop database "{copy}"')


def test_a_schema_has_a_version_of_its_own(tables: str) -> None:
    run(tables, "create schema other", *(text.replace("table ", "table other.") for text in TABLES[:3]))
    places = {told(tables, schema).partition(" ")[0] for schema in (None, "public", "other")}
    assert len(places) == 2


def test_so_has_another_search_path(tables: str) -> None:
    run(tables, "create schema other", *(text.replace("table ", "table other.") for text in TABLES[:3]))
    elsewhere = told(f"{tables}&options=-csearch_path%3Dother")
    assert elsewhere.partition(" ")[0] == told(tables, "other").partition(" ")[0]


def test_so_has_another_mapping(tables: str) -> None:
    """The same rows are read otherwise: a report of theirs is another one."""
    mapping = SourceMapping.from_dict({"store_status": {"active": ["active", "offline"]}})
    with Postgres(tables).opened() as plain, Postgres(tables, mapping=mapping).opened() as mapped:
        assert plain.version is not None
        assert mapped.version is not None
        assert plain.version.partition(" ")[0] != mapped.version.partition(" ")[0]


# None -----------------------------------------------------------------------------------------------------------------

FOREIGN = "create foreign data wrapper nothing; create server away foreign data wrapper nothing"
UNTOLD = {
    "a view": "alter table timezones rename to base; create view timezones as table base",
    "a materialized view": "alter table timezones rename to base; create materialized view timezones as table base",
    "a grandchild that a crash empties": "create table child () inherits (store_status); "
    "create unlogged table grandchild () inherits (child)",
    "row security": "alter table store_status enable row level security",
    "a table that a crash empties": "alter table store_status set unlogged",
    "a table that is not there": "drop table timezones",
    "a view of stores": "create view stores as select 'a' as store_id",
}


@pytest.mark.parametrize("change", UNTOLD.values(), ids=UNTOLD)
def test_there_is_none_where_data_may_change_without_a_transaction(tables: str, change: str) -> None:
    run(tables, change)
    assert version(tables) is None


ELSEWHERE = {
    "a foreign table": "drop table timezones; "
    "create foreign table timezones (store_id text, timezone_str text) server away",
    "a foreign child": "create foreign table child () inherits (store_status) server away",
    "a foreign partition": "drop table timezones; "
    "create table timezones (store_id text, timezone_str text) partition by list (store_id); "
    "create foreign table part partition of timezones for values in ('a') server away",
}


@pytest.mark.parametrize("change", ELSEWHERE.values(), ids=ELSEWHERE)
def test_there_is_none_of_tables_elsewhere(tables: str, change: str) -> None:
    """The statement alone: to read what is elsewhere takes a wrapper, and there is none here."""
    run(tables, FOREIGN, change)
    with psycopg.connect(tables) as connection:
        row = connection.execute(
            statement("store_uptime.pipeline.source.postgres", "snapshot"), {"tables": list(COLUMNS)}
        ).fetchone()
    assert row is not None
    assert row[1] is None


PLAIN = {
    "partitions": "drop table timezones; "
    "create table timezones (store_id text, timezone_str text) partition by list (store_id); "
    "create table part partition of timezones for values in ('a') partition by list (timezone_str); "
    "create table part_of_part partition of part default",
    "no partition yet": "drop table timezones; "
    "create table timezones (store_id text, timezone_str text) partition by list (store_id)",
    "children": "create table child () inherits (store_status)",
    "a table of stores": "create table stores (store_id int)",
    "a view of something else": "create view stores as select 1 as shelf",
    "triggers and rules": "create rule silent as on delete to timezones do instead nothing",
}


@pytest.mark.parametrize("change", PLAIN.values(), ids=PLAIN)
def test_tables_made_of_plain_tables_have_one(tables: str, change: str) -> None:
    run(tables, change)
    before = told(tables)
    run(tables, "insert into store_status values ('c', now(), 'active')")
    assert told(tables) != before


def test_there_is_none_where_the_snapshot_cannot_be_shared(tables: str) -> None:
    run(tables, "revoke execute on function pg_export_snapshot() from public")
    with reader(tables) as url:
        assert version(url) is None


@contextmanager
def reader(url: str) -> Generator[str]:
    """The URL of a user who may only select."""
    run(url, "create role version_reader login", "grant select on all tables in schema public to version_reader")
    yield as_user(url, "version_reader")
    run(url, "drop owned by version_reader", "drop role version_reader")


def test_frames_have_none() -> None:
    with frames(lines(POLLS, "a,2024-05-06 12:00:00,active")).opened() as source:
        assert source.version is None
