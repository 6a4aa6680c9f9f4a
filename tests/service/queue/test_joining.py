"""Equal triggers share a report as long as its figures are those that another run would give, and not for longer.

Nothing else may happen in their server meanwhile.
"""

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from store_uptime.pipeline import Options, data_version, open_source
from store_uptime.service.registry.migrations import migrate
from store_uptime.service.registry.statements import statements
from tests.support.postgres import Cluster, eventually, fresh_database, new_cluster, run
from tests.support.running import WAITING, complete, finished, held_up, occupied, running, step, trigger

pytestmark = pytest.mark.long  # clusters and servers of their own

NOW = "2024-05-06T12:00:00Z"
POLLS = "insert into store_status values ('a', '2024-05-06 12:00Z', 'active'), ('b', '2024-05-06 11:00Z', 'active')"
TABLES = (
    "create table store_status (store_id text, timestamp_utc timestamptz, status text)",
    "create table menu_hours (store_id text, day_of_week int, start_time_local time, end_time_local time)",
    "create table timezones (store_id text, timezone_str text)",
    POLLS,
    "insert into timezones values ('a', 'Europe/Dublin')",
)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server of their own that does nothing by itself: whatever it does counts as a change."""
    with new_cluster() as cluster, cluster.running("autovacuum=off"):
        yield cluster.socket_url


@pytest.fixture(scope="module")
def tables(server: str) -> Iterator[str]:
    """A database with the three tables."""
    with fresh_database(server) as url:
        run(url, *TABLES)
        yield url


@pytest.fixture(scope="module")
def client(tables: str) -> Iterator[httpx.Client]:
    """A client of a service over it, which keeps its reports there, too."""
    with running(tables, "--workers", "2") as service, service.client() as client:
        yield client


# Shared ---------------------------------------------------------------------------------------------------------------


def test_equal_triggers_share_a_finished_report(client: httpx.Client) -> None:
    first = complete(client)
    assert [trigger(client) for _ in range(3)] == [first] * 3


def test_they_share_one_that_waits_and_will_see_what_is_written_until_it_begins(
    client: httpx.Client, tables: str
) -> None:
    with occupied(tables, client, 2):
        first = trigger(client, max_gap="5h")
        assert step(client, first) == WAITING
        run(tables, "insert into store_status values ('late', '2024-05-06 12:00Z', 'active')")
        assert trigger(client, max_gap="5h") == first
    assert finished(client, first)["status"] == "Complete"
    assert "late," in client.get(f"/get_report/{first}").text


def test_one_that_waits_for_the_tables_is_shared_once_it_has_read_them(client: httpx.Client, tables: str) -> None:
    """Until then nobody knows what it is going to see."""
    with held_up(tables):
        first = trigger(client, lookback="6h", now=NOW)
        eventually(lambda: step(client, first) not in (WAITING, "starting"), 30)
        assert trigger(client, lookback="6h", now=NOW) != first
    finished(client, first)
    assert trigger(client, lookback="6h", now=NOW) == first


def test_one_that_runs_and_has_read_them_is_shared_if_the_clock_has_no_say(client: httpx.Client, tables: str) -> None:
    for options in ({"lookback": "7h", "now": NOW}, {"lookback": "7h"}):
        first = complete(client, **options)
        run(
            tables,
            "update store_uptime.report set status = 'running', run = id, polls_ahead = null, finished_at = null, "
            "figures = null, plan = null, rejects = null, lanes = null, lease_until = now() + interval '1 hour' "
            f"where id = '{first}'",
        )
        assert (trigger(client, **options) == first) == ("now" in options)
        client.delete(f"/reports/{first}")


def test_what_the_service_writes_itself_is_no_change(client: httpx.Client) -> None:
    first = complete(client, max_gap="7h")
    other = complete(client, max_gap="8h", store_id="a")
    client.post("/trigger_report", json={"max_gap": "9h"}, headers={"Idempotency-Key": "of another report"})
    client.delete(f"/reports/{other}")
    assert trigger(client, max_gap="7h") == first


def test_a_report_of_another_version_of_the_program_is_not_shared(client: httpx.Client, tables: str) -> None:
    first = complete(client, max_gap="10h")
    run(tables, f"update store_uptime.report set made_by = 'store-uptime 0.0.1, tzdata 2020.1' where id = '{first}'")
    assert trigger(client, max_gap="10h") != first


def test_a_report_whose_data_has_become_old_since_is_not_shared(client: httpx.Client, tables: str) -> None:
    first = complete(client, max_gap="12h")
    assert trigger(client, max_gap="12h") == first
    run(tables, f"update store_uptime.report set warning_codes = '{{}}' where id = '{first}'")  # as if fresh then
    assert trigger(client, max_gap="12h") != first


SPELLINGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing and no store": ({}, {"store_id": None}),
    "nothing and an empty store": ({}, {"store_id": ""}),
    "nothing and the default lookback": ({}, {"lookback": "1440m"}),
    "nothing and plain columns": ({}, {"columns": "plain"}),
    "another offset": ({"now": NOW}, {"now": "2024-05-06T14:00:00+02:00"}),
    "no offset": ({"now": NOW}, {"now": "2024-05-06T12:00:00"}),
    "an hour and 60 minutes": ({"max_gap": "1h"}, {"max_gap": "60m"}),
}


@pytest.mark.parametrize(("one", "other"), SPELLINGS.values(), ids=SPELLINGS)
def test_what_means_the_same_is_equal(client: httpx.Client, one: dict[str, Any], other: dict[str, Any]) -> None:
    first = complete(client, **one)
    assert trigger(client, **other) == first


OPTIONS: dict[str, dict[str, Any]] = {
    "one store": {"store_id": "a"},
    "another store": {"store_id": "b"},
    "now": {"now": NOW},
    "a microsecond later": {"now": "2024-05-06T12:00:00.000001Z"},
    "other columns": {"columns": "extended"},
    "a limit": {"max_gap": "2h"},
    "another lookback": {"lookback": "0h"},
}


def test_different_options_are_different_reports(client: httpx.Client) -> None:
    reports = [complete(client), *(complete(client, **body) for body in OPTIONS.values())]
    assert len(set(reports)) == len(reports)


# Not shared -----------------------------------------------------------------------------------------------------------

CHANGES = {
    "insert": "insert into store_status values ('c', '2024-05-06 12:00Z', 'active')",
    "update": "update store_status set status = 'inactive' where store_id = 'b'",
    "delete": "delete from timezones",
    "truncate": "truncate menu_hours",
    "a new column": "alter table store_status add remark text",
    "a write to a table that no report reads": "create table other as select 1 as one",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_after_a_change_there_is_a_new_report(client: httpx.Client, tables: str, change: str) -> None:
    before = complete(client, now=NOW)
    run(tables, change)
    assert trigger(client, now=NOW) != before


def test_the_new_one_has_the_change(client: httpx.Client, tables: str) -> None:
    complete(client)
    run(tables, "insert into store_status values ('new', '2024-05-06 12:00Z', 'active')")
    assert "new," in client.get(f"/get_report/{complete(client)}").text


def test_a_transaction_that_was_open_counts_once_it_is_committed(client: httpx.Client, tables: str) -> None:
    with psycopg.connect(tables) as writer:
        writer.execute("insert into store_status values ('open', '2024-05-06 12:00Z', 'active')")
        before = complete(client)
        assert trigger(client) == before
        writer.commit()
    after = complete(client)
    assert after != before
    assert "open," in client.get(f"/get_report/{after}").text


def test_so_does_a_savepoint_in_it(client: httpx.Client, tables: str) -> None:
    with psycopg.connect(tables) as writer:
        writer.execute("insert into timezones values ('open', 'UTC')")
        with writer.transaction():
            writer.execute("insert into store_status values ('saved', '2024-05-06 12:00Z', 'active')")
        before = complete(client)
        writer.commit()
    assert trigger(client) != before


def test_a_report_that_failed_is_not_shared(client: httpx.Client) -> None:
    before = trigger(client, now="2000-01-01T00:00:00Z")
    assert finished(client, before)["status"] == "Error"
    assert trigger(client, now="2000-01-01T00:00:00Z") != before


def test_nor_is_one_that_was_deleted(client: httpx.Client) -> None:
    before = complete(client, lookback="11h")
    client.delete(f"/reports/{before}")
    assert trigger(client, lookback="11h") != before


# Where the clock, or something else, has a say ------------------------------------------------------------------------


@pytest.mark.parametrize("body", [{}, {"store_id": "b"}], ids=["all stores", "another store"])
def test_with_a_poll_ahead_of_the_clock_no_report_is_shared(
    client: httpx.Client, tables: str, body: dict[str, str]
) -> None:
    """When the clock has come to it, it will be the newest poll, and with that the end of the windows of all."""
    with changed(tables, *AHEAD):
        before = complete(client, **body)
        assert trigger(client, **body) != before


def test_unless_now_is_given(client: httpx.Client, tables: str) -> None:
    with changed(tables, *AHEAD):
        first = complete(client, now=NOW)
        assert trigger(client, now=NOW) == first


def test_over_a_view_only_what_waits_is_shared(client: httpx.Client, tables: str) -> None:
    with changed(tables, *VIEW):
        before = complete(client, now=NOW)
        assert trigger(client, now=NOW) != before
        with occupied(tables, client, 2):
            waits = trigger(client, max_gap="13h", now=NOW)
            assert trigger(client, max_gap="13h", now=NOW) == waits
        finished(client, waits)


AHEAD = (
    "insert into store_status values ('a', now() + interval '2 days', 'active')",
    "delete from store_status where timestamp_utc > now()",
)
VIEW = (
    "alter table menu_hours rename to base; create view menu_hours as table base",
    "drop view menu_hours; alter table base rename to menu_hours",
)


@contextmanager
def changed(url: str, change: str, undo: str) -> Generator[None]:
    """A change that does not outlast the block."""
    run(url, change)
    yield
    run(url, undo)


# Wherever the registry is ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["another database of the server", "another server"])
def elsewhere(request: pytest.FixtureRequest, server: str, guarded: Cluster) -> Iterator[tuple[httpx.Client, str]]:
    """A client of a service whose registry is not where the tables are, and the URL of the tables."""
    keeper = server if request.param == "another database of the server" else guarded.socket_url
    with fresh_database(server) as tables, fresh_database(keeper) as registry:
        run(tables, *TABLES)
        with running(tables, "--registry", registry) as service, service.client() as client:
            yield client, tables


def test_wherever_the_registry_is_unchanged_data_gives_the_same_report(elsewhere: tuple[httpx.Client, str]) -> None:
    client, _ = elsewhere
    first = complete(client)
    client.delete(f"/reports/{complete(client, store_id='a')}")
    assert trigger(client) == first


def test_and_changed_data_a_new_one(elsewhere: tuple[httpx.Client, str]) -> None:
    client, tables = elsewhere
    before = complete(client)
    run(tables, "update timezones set timezone_str = 'Asia/Tokyo'")
    assert trigger(client) != before


# store_uptime.same_data -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def registry(server: str) -> Iterator[str]:
    """A database with the registry's schema, and with the three tables."""
    with fresh_database(server) as url:
        run(url, *TABLES)
        migrate(url)
        yield url


@dataclass(frozen=True)
class Case:
    """Two snapshots, xmin:xmax:running, and where they are of; the transactions of our own; whether it is the same."""

    earlier: str
    later: str
    same: bool
    ours: tuple[int, ...] = ()
    place: str = "{server}/7/1,2,3"
    later_place: str = "{server}/7/1,2,3"


CASES = {
    "equal snapshots": Case("500:500:", "500:500:", True),
    "equal snapshots of another server": Case("500:500:", "500:500:", True, (), "1/7/1,2,3", "1/7/1,2,3"),
    "one has begun and goes on": Case("500:500:", "500:501:500", True),
    "one has begun and ended": Case("500:500:", "501:501:", False),
    "one of ours has begun and ended": Case("500:500:", "501:501:", True, (500,)),
    "one of ours, one of somebody": Case("500:500:", "502:502:", False, (500,)),
    "somebody's has ended among many of ours": Case("500:500:", "505:505:", False, (500, 501, 503, 504)),
    "many of ours": Case("500:500:", "505:505:", True, (500, 501, 502, 503, 504)),
    "one that ran before still runs": Case("500:502:500,501", "500:502:500", True, (501,)),
    "one that ran before has ended": Case("500:502:500,501", "501:502:501", False, (501,)),
    "one of ours that ran before has ended": Case("500:502:500,501", "501:502:501", True, (500,)),
    "one that had ended before, with one of ours running": Case("499:501:499", "501:501:", True, (499,)),
    "the report saw more than the look of the trigger": Case("501:501:", "500:500:", True),
    "too many transactions to ask about each": Case("500:500:", "100501:100501:", False, tuple(range(500, 100_501))),
    "as many as that": Case("500:500:", "100500:100500:", True, tuple(range(500, 100_500))),
    "of another server": Case("500:500:", "501:501:", False, (500,), "1/7/1,2,3", "1/7/1,2,3"),
    "since the server was restarted": Case("500:500:", "501:501:", False, (500,), place="1/7/1,2,3"),
    "of another database": Case("500:500:", "501:501:", False, (500,), later_place="{server}/8/1,2,3"),
    "of other tables": Case("500:500:", "501:501:", False, (500,), later_place="{server}/7/1,2,4"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_same_is_what_nobody_else_has_ended_a_transaction_in(case: Case, registry: str) -> None:
    started = run(registry, "select (extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint")[0][0]
    with psycopg.connect(registry) as connection:
        connection.execute("insert into store_uptime.own_transaction select unnest(%s::text[])::xid8", [texts(case)])
        versions = [
            f"{place.format(server=started)} {snapshot}"
            for place, snapshot in ((case.place, case.earlier), (case.later_place, case.later))
        ]
        found = connection.execute("select store_uptime.same_data(%s, %s)", versions).fetchone()
        connection.rollback()
    assert found == (case.same,)


def test_a_transaction_that_a_backup_brought_along_from_another_server_is_not_ours(registry: str) -> None:
    started = run(registry, "select (extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint")[0][0]
    with psycopg.connect(registry) as connection:
        connection.execute("insert into store_uptime.own_transaction values ('500', '2024-05-06 12:00Z')")
        versions = [f"{started}/7/1,2,3 {snapshot}" for snapshot in ("500:500:", "501:501:")]
        assert connection.execute("select store_uptime.same_data(%s, %s)", versions).fetchone() == (False,)
        connection.rollback()


def texts(case: Case) -> list[str]:
    return [str(number) for number in case.ours]


@pytest.mark.parametrize("versions", ["null, '1/7/1 500:500:'", "'1/7/1 500:500:', null", "null, null"])
def test_what_cannot_be_told_is_not_the_same(registry: str, versions: str) -> None:
    assert run(registry, f"select store_uptime.same_data({versions})") == [(None,)]


WRITES = re.compile(r"\b(insert into|update store_uptime|delete from)\b")
FIRST, SECOND, THIRD, FOURTH, FIFTH = ({"id": letter * 32, "report_id": letter * 32} for letter in "12345")
OLD = (  # enough to be tidied, and to be given up
    "insert into store_uptime.own_transaction values ('1')",
    f"insert into store_uptime.report (id, options, client, status) values ('{'0' * 32}', '{{}}', '', 'removed')",
    "insert into store_uptime.delivery (report_id, kind, target, next_try_at) "
    f"values ('{'0' * 32}', 'file', 'elsewhere', now() - interval '4 days')",
)
DELIVERY = {"id": 2}
STEPS: list[tuple[str, dict[str, Any]]] = [
    ("expire_undeliverable", {}),
    ("enqueue", FIRST),
    ("remember_report", FIRST),
    ("claim", FIRST),
    ("renew_leases", FIRST),
    ("record_progress", FIRST),
    ("requeue_stalled", FIRST),
    ("claim", FIRST),
    ("release", FIRST),
    ("claim", FIRST),
    ("complete_run", FIRST),
    ("save_summary", FIRST),
    ("replace_stored_report", FIRST),
    ("claim_delivery", {}),
    ("record_failed_try", DELIVERY),
    ("replace_outgoing_file", DELIVERY),
    ("record_delivered", DELIVERY),
    ("insert_delivery", FIRST),
    ("remove_report", FIRST),
    ("enqueue", SECOND),
    ("cancel_report", SECOND),
    ("enqueue", THIRD),
    ("claim", THIRD),
    ("fail_run", THIRD),
    ("expire_reports", {}),
    ("insert_schedule", {}),
    ("update_schedule", {}),
    ("enqueue_due", FOURTH),
    ("set_next_due", {}),
    ("trigger_schedule", FIFTH),
    ("delete_schedule", {}),
    ("insert_key", {"id": "visible"}),
    ("record_key_use", {}),
    ("insert_session", {}),
    ("delete_session", {}),
    ("insert_session", {}),
    ("prune_sessions", {}),
    ("revoke_key", {}),
    ("record_audit", {}),
    ("record_failed_sign_in", {}),
    ("prune_audit", {}),
    ("remember_report", THIRD),
    ("prune_idempotency", {}),
    ("prune_removed", {}),
    ("prune_transactions", {}),
]
VALUES: dict[str, Any] = {
    "options": "{}",
    "client": "somebody",
    "who": None,
    "requested_by": None,
    "made_by": "this version",
    "scope": "",
    "key": "a key",
    "run": "a run",
    "runs": ["a run"],
    "lease": timedelta(0),
    "step": "reading",
    "data_version": None,
    "stores": 1,
    "polls_ahead": 0,
    "data_now": NOW,
    "warnings": [],
    "warning_codes": [],
    "figures": b"",
    "plan": b"",
    "rejects": b"",
    "lanes": b"",
    "attributes": None,
    "outages": None,
    "profile": None,
    "summary": None,
    "overview": None,
    "as_of": NOW,
    "error": "It failed.",
    "may_pass": True,
    "keep_reports": 0,
    "keep_for": timedelta(0),
    "name": "a name",
    "hash": b"a hash",
    "key_name": "a name",
    "csrf_token": "a token",
    "duration": timedelta(0),
    "deliver_to": ["here"],
    "destinations": ["here"],
    "kind": "file",
    "lease_until": "2026-01-01Z",
    "file_name": "a name.csv",
    "file": b"",
    "content": b"",
    "again_in": timedelta(0),
    "cron": "0 0 * * *",
    "zone": "UTC",
    "format": "csv",
    "webhook": None,
    "webhook_secret": None,
    "retention": None,
    "schedule": "a name",
    "due_at": NOW,
    "next_due": NOW,
    "is_late": False,
    "missed_due_times": 0,
    "action": "triggered",
    "subject": "a report",
    "detail": "",
    "kept": timedelta(0),
    "batch": 1_000,
    "role": "read",
    "expires_at": None,
    "is_admin": True,
    "of_client": 1,
    "of_all": 1,
}


def test_whatever_the_registry_writes_is_known_as_our_own(registry: str) -> None:
    assert {name for name, text in statements().items() if WRITES.search(text)} == {name for name, _ in STEPS}
    run(registry, *OLD)
    with psycopg.connect(registry, autocommit=True) as connection:
        for name, values in STEPS:
            run(registry, "update store_uptime.delivery set lease_until = '2026-01-01Z'")  # as who has it would say
            before = version(registry)
            assert connection.execute(statements()[name], VALUES | values).rowcount, name
            after = version(registry)
            assert before != after, name
            found = connection.execute("select store_uptime.same_data(%s, %s)", [before, after]).fetchone()
            assert found == (True,), name


def version(url: str) -> str | None:
    return data_version(open_source(url), Options())


# Mappings -------------------------------------------------------------------------------------------------------------


def test_a_server_reads_by_its_mapping(server: str, tmp_path: Path) -> None:
    """Its workers, and the look that tells whether a report can be shared."""
    file = tmp_path / "map.toml"
    file.write_text('[store_status]\nstatus = "state"\nactive = ["active", "on"]\n')
    with fresh_database(server) as url:
        run(url, *TABLES, "alter table store_status rename status to state")
        with running(url, "--map", str(file), "--workers", "1") as service, service.client() as client:
            report_id = complete(client, now=NOW)
            assert trigger(client, now=NOW) == report_id
            provenance = client.get(f"/reports/{report_id}").json()["provenance"]
            assert "store_status.status" in client.get(f"/view/{report_id}/data").text
            assert client.get(f"/view/{report_id}/store", params={"store_id": "a"}).status_code == 200
    assert provenance["mapping"] == {"store_status": {"status": "state", "active": ["active", "on"]}}
