"""For those who run the service: is it alive, is it ready, and what it counts."""

import re
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from store_uptime.service.testing import Service
from tests.support.postgres import eventually, fresh_database, new_cluster, run
from tests.support.running import (
    INSIDE,
    NUMBERS,
    complete,
    finished,
    held_up,
    loaded,
    occupied,
    problem,
    running,
    trigger,
    workers_of,
)

pytestmark = pytest.mark.long  # servers of their own

ALERTS = Path(__file__).parents[3] / "docs/deploy/alerts.yaml"
REQUESTS, RUNS = "store_uptime_requests_total", "store_uptime_run_seconds_count"
BRIEF = {"STORE_UPTIME_TIMING_CONNECTION_S": "0.5", "STORE_UPTIME_TIMING_PROBE_S": "0.2"}
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


# Alive and ready ------------------------------------------------------------------------------------------------------


@pytest.mark.anywhere
def test_it_is_alive_and_ready(client: httpx.Client) -> None:
    assert client.get("/health").json() == {"status": "alive"}
    assert client.get("/ready").json() == {"ready": True, "missing": {}, "since": {}}


@pytest.mark.parametrize("away", [pytest.param("database", marks=pytest.mark.nightly), "registry"])
def test_what_is_away_is_said_and_waited_for(away: str, server: str, feed: Path) -> None:
    with new_cluster() as cluster, fresh_database(server) as other, ExitStack() as up:
        up.enter_context(cluster.running())
        places = (cluster.socket_url, other) if away == "database" else (other, cluster.socket_url)
        loaded(places[0], feed)
        with running(places[0], "--registry", places[1], **BRIEF) as service, service.client() as client:
            complete(client)
            up.close()
            eventually(lambda: client.get("/ready").status_code == 503, 30)
            told = client.get("/ready").json()
            assert (told["ready"], list(told["missing"])) == (False, [away])
            assert not INSIDE.search(told["missing"][away])
            assert client.get("/health").status_code == 200
            assert client.get("/metrics").status_code == 200
            refused = client.post("/trigger_report")
            assert problem(refused, 503) == told["missing"][away]
            assert refused.headers["Retry-After"] == "5"
            with cluster.running():
                eventually(lambda: client.get("/ready").is_success, 30)
                complete(client)


# Metrics --------------------------------------------------------------------------------------------------------------


def test_after_so_many_runs_so_many_are_counted(client: httpx.Client, polled: str) -> None:
    eventually(lambda: metrics(client)["store_uptime_running_reports", ()] == 0, 30)
    before = metrics(client)
    for _ in range(3):
        complete(client, lookback=f"{next(NUMBERS)}s")
    finished(client, trigger(client, now="2000-01-01T00:00:00Z"))
    with held_up(polled):
        cancelled = trigger(client, lookback=f"{next(NUMBERS)}s")
        eventually(lambda: "started_at" in client.get(f"/get_report/{cancelled}").json(), 30)
        client.delete(f"/reports/{cancelled}")
    ended = {"complete": 3, "error": 1, "cancelled": 1}
    eventually(lambda: all(more(client, before, RUNS, outcome=of) == runs for of, runs in ended.items()), 30)
    assert more(client, before, "store_uptime_wait_seconds_count") == 5
    assert more(client, before, "store_uptime_run_seconds_sum", outcome="complete") > 0
    assert more(client, before, RUNS, outcome="discarded") == 0


def test_who_waits_and_who_runs_is_told(client: httpx.Client, polled: str) -> None:
    with occupied(polled, client):
        waiting = [trigger(client, lookback=f"{next(NUMBERS)}s") for _ in range(3)]
        eventually(lambda: metrics(client)["store_uptime_waiting_reports", ()] == 3, 30)
        assert metrics(client)["store_uptime_running_reports", ()] == 1
    for report_id in waiting:
        finished(client, report_id)
    eventually(lambda: metrics(client)["store_uptime_waiting_reports", ()] == 0, 30)
    eventually(lambda: metrics(client)["store_uptime_running_reports", ()] == 0, 30)


def test_how_late_reports_are_is_told(client: httpx.Client, polled: str) -> None:
    client.post("/schedules", json={"name": "late", "cron": "0 0 1 1 *", "zone": "UTC"}).raise_for_status()
    try:
        with occupied(polled, client):
            run(polled, "update store_uptime.schedule set next_due = now() - interval '10 minutes' where name = 'late'")
            eventually(lambda: metrics(client)["store_uptime_oldest_waiting_seconds", ()] > 0, 30)
            found = metrics(client)
            assert found["store_uptime_late_due_times", ()] == 1
            assert 600 < found["store_uptime_oldest_due_time_seconds", ()] < 660
            assert 0 < found["store_uptime_oldest_waiting_seconds", ()] < 60
            assert 0 < found["store_uptime_oldest_lease_seconds", ()] < 15
    finally:
        client.delete("/schedules/late")
    eventually(lambda: metrics(client)["store_uptime_late_due_times", ()] == 0, 30)
    ages = ("oldest_due_time", "oldest_waiting", "oldest_lease")
    eventually(lambda: [metrics(client)[f"store_uptime_{age}_seconds", ()] for age in ages] == [0, 0, 0], 30)


def test_how_full_the_server_is_is_told(client: httpx.Client, service: Service) -> None:
    found = metrics(client)
    worker = workers_of(service)[0].memory_info().rss
    assert found["store_uptime_threads", ()] > 1
    assert found["store_uptime_worker_threads", ()] > 1
    assert found["store_uptime_worker_resident_memory_bytes", ()] >= worker / 2
    assert found["store_uptime_beat_age_seconds", ()] < 10
    pool = [found["store_uptime_registry_connections", (("state", state),)] for state in ("in use", "idle")]
    assert sum(pool) >= 2
    assert found["store_uptime_registry_waiting", ()] == 0
    lanes = {labels: value for (name, labels), value in found.items() if name.startswith("store_uptime_desk_")}
    assert set(lanes.values()) == {0}
    assert found["process_open_fds", ()] > 10


def test_each_alert_goes_by_a_metric_that_there_is(client: httpx.Client) -> None:
    rules = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"][0]["rules"]
    assert len(rules) >= 5
    named = {name for rule in rules for name in re.findall(r"store_uptime_\w+", rule["expr"])}
    assert named - {name for name, _ in metrics(client)} == set()
    if shutil.which("promtool"):
        subprocess.run(["promtool", "check", "rules", ALERTS], check=True, capture_output=True)


def test_the_limits_are_told(client: httpx.Client) -> None:
    found = metrics(client)
    names = ("store_uptime_workers", "store_uptime_queue_limit", "store_uptime_workers_lost")
    assert [found[name, ()] for name in names] == [1, 100, 0]


def test_requests_are_counted_by_route_not_by_address(client: httpx.Client) -> None:
    before = metrics(client)
    for _ in range(4):
        client.get("/health")
    for digit in "123":
        client.get(f"/get_report/{digit * 32}")
    after = {key: value - before.get(key, 0) for key, value in metrics(client).items() if key[0] == REQUESTS}
    counted = {
        (labels["method"], labels["path"], labels["status_code"]): value
        for labels, value in ((dict(key[1]), value) for key, value in after.items())
        if value
    }
    assert counted["GET", "/health", "200"] == 4
    assert counted["GET", "/get_report/{report_id}", "404"] == 3


def metrics(client: httpx.Client) -> Samples:
    """Every sample of what Prometheus reads, by name and labels."""
    answer = client.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def more(client: httpx.Client, before: Samples, name: str, **labels: str) -> float:
    """By how much a sample has grown."""
    key = (name, tuple(sorted(labels.items())))
    return metrics(client).get(key, 0) - before.get(key, 0)
