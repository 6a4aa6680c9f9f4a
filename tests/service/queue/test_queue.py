"""The queue of reports: whose turn it is, how long it may be, and how long reports and their runs are kept."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import psycopg
import pytest

from tests.support.postgres import (
    eventually,
    run,
)
from tests.support.running import (
    BRISK,
    CLASSIC_HEADER,
    bearer,
    finished,
    held_up,
    new_key,
    running,
)
from tests.support.runs import begun_run, change, fresh_registry, looked_at, new_options, new_report, status, value

pytestmark = pytest.mark.long  # servers of their own, many times


@dataclass(frozen=True)
class Narrow:
    """A server with one worker and room for three reports to wait, seen by two clients."""

    ann: httpx.Client
    bob: httpx.Client
    registry: str


@pytest.fixture(scope="module")
def narrow(polled: str) -> Iterator[Narrow]:
    with (
        fresh_registry(polled) as registry,
        running(polled, "--registry", registry, "--queue", "3", **BRISK) as server,
        server.client(headers=bearer(new_key(registry, "ann"))) as ann,
        server.client(headers=bearer(new_key(registry, "bob"))) as bob,
    ):
        yield Narrow(ann, bob, registry)


def test_a_report_that_waits_can_be_cancelled(narrow: Narrow, polled: str) -> None:
    with held_up(polled):
        first, second = new_report(narrow.ann), new_report(narrow.ann)
        assert narrow.ann.delete(f"/reports/{second}").status_code == 204
    assert finished(narrow.ann, first)["status"] == "Complete"
    assert finished(narrow.ann, second)["error"] == "It was cancelled."
    assert value(narrow.registry, second, "runs") == 0


def test_a_full_queue_says_when_to_come_back(narrow: Narrow, polled: str) -> None:
    with held_up(polled):
        taken = [new_report(narrow.ann)]
        begun_run(narrow.registry, taken[0])
        taken += [new_report(narrow.ann) for _ in range(3)]
        answer = narrow.ann.post("/trigger_report", json=new_options())
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.json()["error"] == "3 reports are waiting already. Try again in a while."
    assert {finished(narrow.ann, report_id)["status"] for report_id in taken} == {"Complete"}


def test_clients_take_turns(narrow: Narrow, polled: str) -> None:
    with held_up(polled):
        first = new_report(narrow.ann)
        begun_run(narrow.registry, first)
        second, third, other = new_report(narrow.ann), new_report(narrow.ann), new_report(narrow.bob)
    for report_id in (first, second, third, other):
        assert finished(narrow.ann, report_id)["status"] == "Complete"
    order = run(narrow.registry, "select id from store_uptime.report order by started_at desc nulls last limit 4")
    assert [row[0] for row in reversed(order)] == [first, other, second, third]


def test_those_ahead_become_fewer(narrow: Narrow, polled: str) -> None:
    with held_up(polled):
        reports = [new_report(narrow.ann) for _ in range(3)]
        eventually(lambda: [ahead(narrow.ann, report_id) for report_id in reports] == [0, 0, 1])
        assert narrow.ann.delete(f"/reports/{reports[0]}").status_code == 204
        eventually(lambda: ahead(narrow.ann, reports[2]) == 0)
        assert status(narrow.ann, reports[2])["progress"]["step"] == "waiting for its turn"
    assert {finished(narrow.ann, report_id)["status"] for report_id in reports[1:]} == {"Complete"}


def test_reports_beyond_the_age_or_the_number_are_let_go(polled: str) -> None:
    ages = {"4" * 32: 40, "3" * 32: 30, "2" * 32: 20, "1" * 32: 10}
    with fresh_registry(polled) as registry:
        for report_id, minutes in ages.items():
            keep(registry, report_id, minutes)
        change(registry, "1" * 32, "finished_at = now() - interval '3 days'")
        start = ("--registry", registry, "--keep-reports", "2", "--keep-for", "2d")
        with running(polled, *start) as server, server.client() as client:
            eventually(lambda: looked_at(client, "4" * 32).status_code == 410)
            assert [looked_at(client, report_id).status_code for report_id in ages] == [410, 410, 200, 410]
        stored = ("figures", "plan", "rejects", "lanes", "attributes", "outages", "profile", "summary", "overview")
        large = " and ".join(f"{name} is null" for name in stored)
        assert run(registry, f"select id from store_uptime.report where not ({large})") == [("2" * 32,)]
        assert run(registry, "select report_id from store_uptime.idempotency") == [("2" * 32,)]


def test_a_reader_sees_a_report_whole_or_not_at_all(client: httpx.Client) -> None:
    sizes = set()
    for _ in range(2):
        report_id = new_report(client)
        while True:
            answer = client.get(f"/get_report/{report_id}")
            if answer.headers["X-Report-Status"] == "Complete":
                break
            assert answer.json()["status"] == "Running"
        assert answer.text.startswith(CLASSIC_HEADER)
        sizes.add(len(answer.text.splitlines()))
    assert sizes == {41}


@pytest.mark.parametrize(
    "torn",
    [
        "status = 'complete', figures = null",
        "status = 'queued', figures = 'some'",
        "status = 'error', error = null",
        "status = 'running', run = null",
        "status = 'running', run = 'x', lease_until = null",
        "status = 'done'",
    ],
)
def test_the_registry_refuses_a_state_that_there_is_not(polled: str, torn: str) -> None:
    with fresh_registry(polled) as registry:
        keep(registry, "1" * 32, 0)
        with pytest.raises(psycopg.errors.CheckViolation):
            change(registry, "1" * 32, torn)


def ahead(client: httpx.Client, report_id: str) -> int:
    """How many reports come before."""
    return status(client, report_id)["progress"]["ahead"]


def keep(registry: str, report_id: str, minutes: int) -> None:
    """A report that was complete so many minutes ago, and the key that it was triggered with."""
    options = json.dumps({"now": None, "store_id": None, "max_gap": None, "lookback": 86_400, "columns": "plain"})
    ago = f"now() - interval '{minutes} minutes'"
    run(
        registry,
        "insert into store_uptime.report (id, options, client, status, requested_at, finished_at, figures) "
        f"values ('{report_id}', '{options}', '', 'complete', {ago}, {ago}, 'figures')",
        "insert into store_uptime.idempotency (scope, key, options, report_id) "
        f"values ('', '{report_id}', '{options}', '{report_id}')",
    )
