"""Several servers on one registry, servers that stop or are killed, and databases that die."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from store_uptime.pipeline import Limits, embedded_server
from store_uptime.service.registry.rows import StoredOptions
from store_uptime.service.testing import Service
from store_uptime.service.workers.jobs import make_report
from store_uptime.service.workers.scratch import PREFIX
from store_uptime.service.workers.tasks import SourceConfig, Task
from tests.support.postgres import (
    SAFE,
    eventually,
    fresh_database,
    is_alive,
    new_cluster,
    open_folder,
    postmaster_id,
    run,
)
from tests.support.running import (
    BRISK,
    CLASSIC_HEADER,
    finished,
    held_up,
    is_ready,
    loaded,
    log_lines,
    running,
    started,
    workers_of,
)
from tests.support.runs import (
    MANY_POLLS,
    begun_run,
    fresh_registry,
    looked_at,
    named,
    new_report,
    run_of,
    status,
    the_busy_worker,
    value,
)

pytestmark = pytest.mark.long  # servers of their own, many times

USUAL = StoredOptions(now=None, store_id=None, max_gap=None, lookback=86_400.0, columns="plain")
LONG_AWAY_S = 8  # a driver that doubles its waits would ask after 7 s, and then not for 8 more


HOLD = """
import time
from store_uptime.service.workers.scratch import scratch
with scratch() as folder:
    print(folder, flush=True)
    time.sleep(600)
"""


def test_two_servers_run_each_report_once_and_serve_all(polled: str) -> None:
    with (
        fresh_registry(polled) as registry,
        running(polled, "--registry", registry, **BRISK) as one,
        running(polled, "--registry", registry, **BRISK) as two,
        one.client() as first,
        two.client() as second,
    ):
        ids = [new_report(client) for _ in range(3) for client in (first, second)]
        assert {finished(second, report_id)["status"] for report_id in ids} == {"Complete"}
        assert run(registry, "select distinct runs from store_uptime.report") == [(1,)]
        assert all(begun(server) for server in (one, two))
        assert begun(one) + begun(two) == 6
        assert all(content(first, report_id) == content(second, report_id) for report_id in ids)


def test_the_runs_of_a_killed_server_are_taken_over(polled: str) -> None:
    with open_folder() as folder, fresh_registry(polled) as registry:
        start = ("--registry", registry)
        with running(polled, *start, TMPDIR=str(folder), **BRISK) as dying, ExitStack() as hold:
            hold.enter_context(held_up(polled))
            with dying.client() as client:
                report_id = new_report(client)
            run_id, workers = begun_run(registry, report_id), workers_of(dying)
            with running(polled, *start, TMPDIR=str(folder), **BRISK) as heir, heir.client() as client:
                dying.kill()
                eventually(lambda: not any(is_alive(worker) for worker in workers))
                assert status(client, report_id)["status"] == "Running"
                eventually(lambda: run_of(registry, report_id) not in (run_id, None), 40)
                eventually(lambda: named(polled, run_id) == 0)
                hold.close()
                assert finished(client, report_id)["status"] == "Complete"
                assert value(registry, report_id, "runs") == 2


def test_a_worker_discards_the_result_of_a_run_that_was_taken_over(polled: str) -> None:
    with fresh_registry(polled) as registry:
        report_id = "0" * 32
        row = f"'{report_id}', '{{}}', '', 'running', 'other', now()"
        run(registry, f"insert into store_uptime.report (id, options, client, status, run, lease_until) values ({row})")
        task = Task(report_id, "mine", USUAL, SourceConfig(polled, None, "store-uptime mine"), registry, Limits())
        assert make_report(task).kept is False
        assert value(registry, report_id, "status") == "running"


def test_hours_that_are_gone_since_the_last_report_are_a_warning(server: str) -> None:
    with fresh_database(server) as database, fresh_registry(database) as registry:
        run(
            database,
            *MANY_POLLS[1:],
            "create table store_status (store_id text, timestamp_utc timestamptz, status text)",
        )
        run(database, "insert into store_status values ('a', now(), 'active')")
        run(database, "insert into menu_hours values ('a', 0, '9:00', '17:00')")
        assert made(database, registry, 1) == []
        run(database, "truncate menu_hours")
        assert made(database, registry, 2) == made(database, registry, 3) == ["no-hours"]


def made(database: str, registry: str, number: int) -> list[str]:
    """The codes of the warnings of a report, made here."""
    report_id = f"{number:032}"
    row = f"'{report_id}', '{{}}', '', 'running', 'mine', now()"
    run(registry, f"insert into store_uptime.report (id, options, client, status, run, lease_until) values ({row})")
    assert make_report(Task(report_id, "mine", USUAL, SourceConfig(database, None), registry, Limits())).error is None
    return value(registry, report_id, "warning_codes")


def test_what_a_killed_server_leaves_in_the_temporary_folder_goes_with_the_next_start(tmp_path: Path) -> None:
    with holding(tmp_path) as living, holding(tmp_path) as dying:
        dying.kill()
        dying.wait()
        assert len(list(tmp_path.glob(f"{PREFIX}*"))) == 2
        with holding(tmp_path):
            assert len(list(tmp_path.glob(f"{PREFIX}*"))) == 2
        assert living.poll() is None


def test_a_run_may_finish_when_the_server_is_stopped(polled: str) -> None:
    with fresh_registry(polled) as registry, running(polled, "--registry", registry) as server:
        with held_up(polled), server.client() as client:
            report_id, next_one = new_report(client), new_report(client)
            the_busy_worker(registry)
            for process in (psutil.Process(server.process.pid), *workers_of(server)):  # as for a whole control group
                process.terminate()
            eventually(lambda: not accepts(client))
        assert server.process.wait(60) == 0
        assert (value(registry, report_id, "status"), value(registry, report_id, "runs")) == ("complete", 1)
        assert (value(registry, next_one, "status"), value(registry, next_one, "runs")) == ("queued", 0)


def test_what_cannot_finish_is_handed_back_and_taken_up_by_the_next_start(polled: str) -> None:
    with fresh_registry(polled) as registry:
        start = ("--registry", registry, "--grace", "1s")
        with held_up(polled), running(polled, *start) as server, server.client() as client:
            report_id = new_report(client)
            run_id = begun_run(registry, report_id)
            with client.stream("GET", f"/reports/{report_id}/events") as stream:
                events = stream.iter_lines()
                assert next(events).startswith("event: progress")
                server.process.terminate()
                for _ in events:
                    pass
            assert server.process.poll() is None
            assert server.process.wait(60) == 0
            assert (value(registry, report_id, "status"), value(registry, report_id, "runs")) == ("queued", 0)
            assert named(polled, run_id) == 0
        with running(polled, *start) as server, server.client() as client:
            assert finished(client, report_id)["status"] == "Complete"
            assert value(registry, report_id, "runs") == 1


def test_a_server_that_is_stopped_in_the_moment_it_starts_stops(polled: str) -> None:
    with started(polled) as server:
        assert server.stop() == 0


@pytest.mark.nightly  # in CI, chaos and faults have it among others
def test_reports_outlive_their_database_being_killed_and_go_on_soon_though_it_was_long_away(feed: Path) -> None:
    with new_cluster() as cluster, started(cluster.socket_url) as server, server.client() as client:
        with cluster.running(*SAFE):
            loaded(cluster.socket_url, feed)
            eventually(lambda: is_ready(client), 60)
            before = new_report(client)
            finished(client, before)
            figures = content(client, before)
            with suppress(psycopg.OperationalError), held_up(cluster.socket_url):
                in_it, waiting = new_report(client), new_report(client)
                the_busy_worker(cluster.socket_url)
                cluster.kill()
        away = client.get(f"/get_report/{before}")
        assert (away.status_code, away.headers["Retry-After"]) == (503, "5")
        time.sleep(LONG_AWAY_S)
        with cluster.running(*SAFE):
            eventually(lambda: is_ready(client), 6)
            assert content(client, before) == figures
            assert finished(client, waiting)["status"] == "Complete"
            assert finished(client, in_it)["status"] in ("Complete", "Error")


@pytest.mark.nightly
def test_the_built_in_server_comes_back_when_it_is_killed(feed: Path) -> None:
    with open_folder() as folder:
        data = folder / "data"
        running_on = data / "postgres"
        with embedded_server(data) as url:
            loaded(url, feed)
        with running("embedded:", STORE_UPTIME_DATA_DIR=str(data)) as server, server.client() as client:
            before = new_report(client)
            finished(client, before)
            killed = postmaster_id(running_on)
            os.kill(killed, signal.SIGKILL)
            eventually(lambda: (running_on / "postmaster.pid").exists() and postmaster_id(running_on) != killed, 30)
            eventually(lambda: looked_at(client, before).is_success, 30)
            assert content(client, before).startswith(CLASSIC_HEADER)
            assert finished(client, new_report(client))["status"] == "Complete"


def content(client: httpx.Client, report_id: str) -> str:
    """The file of a complete report."""
    return client.get(f"/get_report/{report_id}").raise_for_status().text


def accepts(client: httpx.Client) -> bool:
    """Whether a server takes connections still."""
    with suppress(httpx.TransportError):
        return client.get("/health", headers={"Connection": "close"}).is_success
    return False


def begun(server: Service) -> int:
    """How many runs a server has begun."""
    return len(log_lines(server, event="run begins"))


@contextmanager
def holding(folder: Path) -> Generator["subprocess.Popen[bytes]"]:
    """A process that has a folder for temporary files."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], env=os.environ | {"TMPDIR": str(folder)}, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield process
        process.kill()
