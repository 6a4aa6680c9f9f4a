"""The summaries of reports in the registry: which is compared with which, and what becomes of them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from store_uptime.pipeline import Options
from store_uptime.service.registry.connection import execute_statement
from store_uptime.service.registry.migrations import migrate
from store_uptime.service.registry.reports import newest_report, newest_summary, report_before, save_summary, summaries
from tests.support.postgres import fresh_database, run

NOW = datetime(2026, 3, 10, 16, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def connection(server: str) -> Iterator[psycopg.Connection]:
    with fresh_database(server) as url:
        migrate(url)
        with psycopg.connect(url, autocommit=True) as opened:
            yield opened


def keep(
    connection: psycopg.Connection, name: str, as_of: datetime, summary: bytes | None = b"{}", **options: Any
) -> str:
    """A complete report with a name of one letter; its id. options: given_now, and those of `Options`."""
    given = options.pop("given_now", False)
    stored = Options(now=as_of if given else None, **options).to_dict() | {"columns": "plain"}
    connection.execute(
        "insert into store_uptime.report (id, options, client, status, requested_at, finished_at, data_now, figures, "
        "lanes, summary, overview) values (%s, %s, '', 'complete', %s, %s, %s, 'figures', 'lanes', %s, '{}')",
        [name * 32, json.dumps(stored), as_of, as_of, None if given else as_of, summary],
    )
    return name * 32


def before(connection: psycopg.Connection, report_id: str, interval: timedelta, tolerance: timedelta) -> str | None:
    """The letter of the report before another one."""
    found = execute_statement(connection, report_before(report_id, interval, tolerance))
    return found[0].id[0] if found else None


def test_the_report_before_is_the_nearest_of_the_same_options(connection: psycopg.Connection) -> None:
    this = keep(connection, "0", NOW)
    keep(connection, "1", NOW - DAY - 2 * HOUR)
    keep(connection, "2", NOW - DAY + HOUR, given_now=True)
    others: dict[str, dict[str, Any]] = {
        "3": {"store": "a"},
        "4": {"only": {"city": "Berlin"}},
        "5": {"period": "yesterday"},
        "6": {"max_gap": "2h"},
        "7": {"lookback": "1h"},
    }
    for name, options in others.items():
        keep(connection, name, NOW - DAY, **options)
    assert before(connection, this, DAY, 3 * HOUR) == "2"
    assert before(connection, this, DAY, HOUR) == "2"
    assert before(connection, this, DAY, HOUR / 2) is None
    assert before(connection, this, DAY + 3 * HOUR, 3 * HOUR) == "1"
    assert before(connection, this, 7 * DAY, DAY) is None
    assert before(connection, "3" * 32, DAY, 9 * DAY) is None  # one store is not compared with all
    assert before(connection, keep(connection, "8", NOW, max_gap="2h"), DAY, HOUR) == "6"


def test_of_two_that_are_as_near_it_is_always_the_later_one(connection: psycopg.Connection) -> None:
    this = keep(connection, "0", NOW)
    keep(connection, "2", NOW - DAY + HOUR)
    keep(connection, "1", NOW - DAY - HOUR)
    assert before(connection, this, DAY, 2 * HOUR) == "2"
    connection.execute("update store_uptime.report set requested_at = now() where id like '1%'")
    assert before(connection, this, DAY, 2 * HOUR) == "1"


def test_a_day_has_24_hours_whatever_zone_the_database_has(connection: psycopg.Connection) -> None:
    connection.execute("set time zone 'America/New_York'")  # whose clocks went forward on the 8th
    this = keep(connection, "0", NOW)
    keep(connection, "1", NOW - 7 * DAY)
    assert before(connection, this, 7 * DAY, timedelta(0)) == "1"


def test_summaries_come_the_newest_first_by_their_now(connection: psycopg.Connection) -> None:
    keep(connection, "1", NOW - DAY)
    keep(connection, "2", NOW, summary=None)
    keep(connection, "3", NOW - 3 * DAY, given_now=True)
    keep(connection, "4", NOW + DAY, store="a")
    keep(connection, "5", NOW + DAY, period="yesterday")
    connection.execute("update store_uptime.report set data_now = null, lanes = null where id like '1%'")
    rows = execute_statement(connection, summaries(10))
    assert [(row.id[0], row.as_of, row.summary, row.has_lanes) for row in rows] == [
        ("2", NOW, None, True),
        ("3", NOW - 3 * DAY, b"{}", True),
        ("1", None, b"{}", False),  # from before anybody kept it
    ]
    assert [row.id[0] for row in execute_statement(connection, summaries(1))] == ["2"]


def test_a_summary_that_is_made_later_brings_its_now_along(connection: psycopg.Connection) -> None:
    old, given = keep(connection, "1", NOW, None), keep(connection, "2", NOW, None, given_now=True)
    connection.execute("update store_uptime.report set data_now = null")
    for report_id in (old, given):
        execute_statement(connection, save_summary(report_id, b"first", NOW))
        execute_statement(connection, save_summary(report_id, b"second", NOW - DAY))
    found = connection.execute("select id, summary, data_now from store_uptime.report order by id").fetchall()
    assert found == [(old, b"first", NOW), (given, b"first", None)]


def test_the_newest_is_the_one_that_the_page_begins_with(connection: psycopg.Connection) -> None:
    [none] = execute_statement(connection, newest_summary())
    assert (none.report_id, none.is_running) == (None, False)
    keep(connection, "1", NOW - DAY)
    keep(connection, "2", NOW, given_now=True)
    keep(connection, "4", NOW, max_gap="30m")  # somebody tries it out
    connection.execute("insert into store_uptime.report (id, options, client) values (repeat('3', 32), '{}', '')")
    [newest] = execute_statement(connection, newest_summary())
    assert (newest.report_id, newest.as_of, newest.is_of_newest_poll) == ("1" * 32, NOW - DAY, True)
    assert (newest.summary, newest.is_running) == (b"{}", True)


def test_where_schedules_have_other_options_these_are_the_usual_ones(connection: psycopg.Connection) -> None:
    keep(connection, "1", NOW - DAY, max_gap="2h")
    assert begins_with(connection) == ("1", None)  # there is no other
    keep(connection, "2", NOW - 2 * DAY)
    assert begins_with(connection) == ("2", None)
    add_schedule(connection, "by store", store="a")
    add_schedule(connection, "every hour", max_gap="2h")
    assert begins_with(connection) == ("1", 7200)
    add_schedule(connection, "every day")
    assert begins_with(connection) == ("2", None)


def add_schedule(connection: psycopg.Connection, name: str, **options: Any) -> None:
    connection.execute(
        "insert into store_uptime.schedule (name, cron, zone, options, next_due) values (%s, '', 'UTC', %s, now())",
        [name, json.dumps(Options(**options).to_dict() | {"columns": "plain"})],
    )


def begins_with(connection: psycopg.Connection) -> tuple[str, float | None]:
    """The letter of the report that the page begins with, and the usual max_gap."""
    [newest] = execute_statement(connection, newest_summary())
    [row] = execute_statement(connection, newest_report())
    assert row.id == newest.report_id
    return row.id[0], newest.usual_max_gap


OF_THE_VERSION_BEFORE = {
    "removal": "status = 'removed', figures = null, plan = null, rejects = null, lanes = null",
    "encryption to other keys": "figures = 'encrypted', lanes = 'encrypted'",
}


@pytest.mark.parametrize("change", OF_THE_VERSION_BEFORE.values(), ids=OF_THE_VERSION_BEFORE)
def test_a_server_of_the_version_before_drops_what_is_counted_with_its_figures(server: str, change: str) -> None:
    with fresh_database(server) as url:
        migrate(url)
        with psycopg.connect(url, autocommit=True) as connection:
            keep(connection, "1", NOW)
        run(url, "update store_uptime.report set warnings = '{some}', figures = figures")
        assert run(url, "select summary, overview from store_uptime.report") == [(b"{}", b"{}")]
        run(url, f"update store_uptime.report set {change}")
        assert run(url, "select summary, overview from store_uptime.report") == [(None, None)]
