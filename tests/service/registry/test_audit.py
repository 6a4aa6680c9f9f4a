"""Who has triggered, read and deleted what: in the registry, and by the command."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from store_uptime.service.front.authentication import CSRF_HEADER
from store_uptime.service.queue.runner import BATCH
from store_uptime.service.registry.audit import FAILURES_OF_ALL, FAILURES_OF_CLIENT, record_failed_sign_in
from store_uptime.service.registry.connection import execute_statement
from tests.support.feeds import called
from tests.support.postgres import eventually, fresh_database, run
from tests.support.running import bearer, complete, held_up, joined, keys, new_key, running, trigger

pytestmark = pytest.mark.long  # a server of their own

HERE = "127.0.0.1"


@pytest.fixture(scope="module")
def registry(server: str) -> Iterator[str]:
    with fresh_database(server) as url:
        yield url


@pytest.fixture(scope="module")
def ann(polled: str, registry: str) -> Iterator[httpx.Client]:
    """A client with a key."""
    key = new_key(registry, "ann")
    with running(polled, "--registry", registry) as service, service.client(headers=bearer(key)) as client:
        yield client


def audited(registry: str, *options: str) -> list[dict[str, Any]]:
    """What the command says, the newest first."""
    done = called("audit", "--format", "json", "--registry", registry, *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def of(registry: str, subject: str) -> list[tuple[str, str, str, str]]:
    """What concerns something: who, from where, what and which part of it, the oldest first."""
    rows = reversed(audited(registry, "--subject", subject))
    return [(row["who"], row["client"], row["action"], row["detail"]) for row in rows]


def test_the_life_of_a_report(ann: httpx.Client, registry: str) -> None:
    report_id = joined(ann)
    ann.get(f"/get_report/{report_id}")
    ann.get(f"/reports/{report_id}/rejects", params={"table": "polls"})
    ann.get(f"/view/{report_id}/fleet.json")
    store_id = ann.get("/stores").json()["stores"][0]
    ann.get("/timeline", params={"report_id": report_id, "store_id": store_id})
    ann.delete(f"/reports/{report_id}")
    ann.delete(f"/reports/{report_id}")
    assert of(registry, report_id) == [
        ("ann", HERE, "triggered", ""),
        ("ann", HERE, "triggered", ""),
        ("ann", HERE, "read", "figures"),
        ("ann", HERE, "read", "rejects"),
        ("ann", HERE, "read", "fleet"),
        ("ann", HERE, "read", f"explained {store_id}"),
        ("ann", HERE, "deleted", ""),
    ]


def test_to_ask_where_a_report_stands_is_not_to_read_it(ann: httpx.Client, registry: str) -> None:
    report_id = complete(ann, lookback="1h")
    file = ann.get(f"/get_report/{report_id}")
    before = of(registry, report_id)
    ann.get(f"/get_report/{report_id}", params={"status_only": True})
    ann.get("/reports")
    assert ann.get(f"/get_report/{report_id}", headers={"If-None-Match": file.headers["ETag"]}).status_code == 304
    assert of(registry, report_id) == before


def test_a_cancelled_report(ann: httpx.Client, polled: str, registry: str) -> None:
    with held_up(polled):
        report_id = trigger(ann, lookback="2h")
        ann.delete(f"/reports/{report_id}")
    assert [action for _, _, action, _ in of(registry, report_id)] == ["triggered", "cancelled"]


def test_schedules_and_keys(ann: httpx.Client, registry: str) -> None:
    ann.post("/schedules", json={"name": "morning", "cron": "15 6 * * *"})
    report_id = ann.post("/schedules/morning/run").json()["report_id"]
    ann.delete("/schedules/morning")
    assert of(registry, "morning") == [
        ("ann", HERE, "schedule added", "15 6 * * *"),
        ("ann", HERE, "schedule removed", ""),
    ]
    assert of(registry, report_id)[0] == ("ann", HERE, "triggered", "schedule morning")
    new_key(registry, "bob")
    keys("revoke", "bob", "--registry", registry)
    assert of(registry, "bob") == [
        (None, "command line", "key added", "admin"),
        (None, "command line", "key revoked", ""),
    ]


def test_looks_at_the_source_itself(ann: httpx.Client, registry: str) -> None:
    (store_id,) = ann.get("/stores", params={"limit": 1}).json()["stores"]
    ann.get("/timeline", params={"store_id": store_id}).raise_for_status()
    assert ann.get("/timeline", params={"store_id": "nobody's"}).status_code == 404
    assert ann.post("/sample_data").status_code == 409
    assert of(registry, "source")[-2:] == [
        ("ann", HERE, "read", "stores"),
        ("ann", HERE, "read", f"explained {store_id}"),
    ]


def test_sign_ins_and_sign_outs(ann: httpx.Client, registry: str) -> None:
    key = new_key(registry, "cleo", "--role", "read")
    with httpx.Client(base_url=ann.base_url) as browser:
        token = browser.post("/session", json={"key": key}).json()["csrf_token"]
        assert browser.delete("/session", headers={CSRF_HEADER: token}).status_code == 204
    assert of(registry, "cleo")[1:] == [("cleo", HERE, "signed in", ""), ("cleo", HERE, "signed out", "")]


def test_sign_ins_that_failed_though_not_as_many_as_somebody_likes(ann: httpx.Client, registry: str) -> None:
    with httpx.Client(base_url=ann.base_url) as guesser:
        guesser.post("/session", json={"key": "su_0badcafe_" + "x" * 43})
        guesser.post("/session", json={"key": "hunter2"})
    assert of(registry, "su_0badcafe_…") == [(None, HERE, "sign-in failed", "")]
    assert of(registry, "")[-1] == (None, HERE, "sign-in failed", "")
    failures = "select client, count(*) from store_uptime.audit where action = 'sign-in failed' group by client"
    with psycopg.connect(registry, autocommit=True) as connection:
        for number in range(250):
            client = f"203.0.113.{number // 25}"
            execute_statement(connection, record_failed_sign_in(client, ""))
    counts = dict(run(registry, failures))
    assert max(counts.values()) == FAILURES_OF_CLIENT
    assert sum(counts.values()) == FAILURES_OF_ALL
    assert "alone" in run(registry, "select detail from store_uptime.audit order by id desc limit 1")[0][0]


def test_what_was_refused_was_not_done(ann: httpx.Client, registry: str) -> None:
    before = len(audited(registry))
    stranger = {"Authorization": "Bearer su_00000000_guessed"}
    assert ann.post("/trigger_report", headers=stranger).status_code == 401
    assert ann.delete(f"/reports/{'0' * 32}").status_code == 404
    assert ann.get(f"/get_report/{'0' * 32}").status_code == 404
    assert len(audited(registry)) == before


def test_the_command_chooses_and_writes(ann: httpx.Client, registry: str) -> None:
    complete(ann, lookback="3h")
    everything = audited(registry)
    assert [row["at"] for row in everything] == sorted((row["at"] for row in everything), reverse=True)
    assert datetime.now(UTC) - datetime.fromisoformat(everything[0]["at"]) < timedelta(minutes=1)
    assert {row["who"] for row in audited(registry, "--who", "ann")} == {"ann"}
    assert audited(registry, "--since", "1h") == everything
    assert audited(registry, "--since", "9999999d") == everything
    run(registry, "update store_uptime.audit set at = at - interval '2 hours' where who is null")
    named = {row["who"] for row in everything if row["who"]}  # those of tests before this one too, if there were any
    assert "ann" in named
    assert {row["who"] for row in audited(registry, "--since", "1h")} == named
    assert len(audited(registry, "--limit", "1")) == 1
    text = called("audit", "--registry", registry, "--limit", "1")
    headings, row = text.stdout.decode().splitlines()
    assert headings.split("\t") == ["at", "who", "client", "action", "subject", "detail"]
    assert row.split("\t")[1:4] == ["ann", HERE, "triggered"]
    assert "only the newest 1: --limit shows more" in text.stderr.decode()
    written = called("audit", "--registry", registry, "--format", "csv").stdout.decode()
    assert list(next(csv.reader(io.StringIO(written)))) == ["at", "who", "client", "action", "subject", "detail"]
    assert len(written.splitlines()) == len(everything) + 1


def test_nobody_can_write_a_line_or_a_column_of_it(ann: httpx.Client, registry: str) -> None:
    forged = "10.0.0.1\tdeleted\tdeadbeef"
    ann.post("/trigger_report", json={"lookback": "7h"}, headers={"X-Forwarded-For": forged}).raise_for_status()
    text = called("audit", "--registry", registry, "--limit", "1").stdout.decode()
    assert text.splitlines()[1].split("\t")[1:4] == ["ann", HERE, "triggered"]
    run(registry, "update store_uptime.audit set detail = E'10.0.0.1\\tdeleted' where subject = 'ann'")
    assert "\t10.0.0.1\\tdeleted\n" in called("audit", "--registry", registry, "--subject", "ann").stdout.decode()
    for name in ("", "ann ", "x" * 101, "a\tb", "\x1b[31m"):
        _, told = keys("add", name, "--registry", registry, status=1)
        assert "is no name for a key" in told


REMOVED = (
    "insert into store_uptime.report (id, options, client, status, removed_at) "
    "values ('{}', '{{}}', '', 'removed', now() - interval '{}')"
)
OLD, NEW = "a" * 32, "b" * 32
MANY = (  # more than one statement deletes
    "insert into store_uptime.audit (client, action, subject) "
    f"select '', 'read', '' from generate_series(1, {2 * BATCH + 1})"
)


def test_it_is_kept_as_long_as_is_said_and_so_are_removed_reports_and_idempotency_keys(
    polled: str, server: str
) -> None:
    with fresh_database(server) as registry:
        new_key(registry, "old")
        run(registry, MANY, "update store_uptime.audit set at = at - interval '40 days'")
        new_key(registry, "new")
        run(registry, REMOVED.format(OLD, "31 days"), REMOVED.format(NEW, "29 days"))
        used = f"insert into store_uptime.idempotency values ('', '{{}}', '{{{{}}}}', '{NEW}', now() - interval '{{}}')"
        run(registry, used.format("old", "8 days"), used.format("new", "6 days"))
        with running(polled, "--registry", registry, "--keep-audit", "30d") as service, service.client() as client:
            eventually(lambda: [row["subject"] for row in audited(registry)] == ["new"], 30)
            eventually(lambda: run(registry, "select key from store_uptime.idempotency") == [("new",)], 30)
            key = bearer(new_key(registry, "reader", "--role", "read"))
            statuses = [client.get(f"/reports/{report_id}", headers=key).status_code for report_id in (OLD, NEW)]
            assert statuses == [404, 410]
