"""Runs of reports: the worker processes, the queue, what a kill of anything does, and what is kept for how long.

Where a run must not end before the test wants it to, it is held up by a lock on a table that a trigger does not read.
"""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest

from store_uptime.pipeline import Limits, embedded_server
from store_uptime.service import settings
from store_uptime.service.observability.memory import INTERACTIVE_WORKERS, PROMISE, SERVER
from store_uptime.service.registry.migrations import migrate
from store_uptime.service.registry.statements import statements
from store_uptime.service.settings import Settings
from store_uptime.service.testing import Service
from store_uptime.service.workers.jobs import SourceConfig, Task, make_report
from store_uptime.service.workers.pool import Workers
from store_uptime.service.workers.scratch import PREFIX
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
    NUMBERS,
    bearer,
    finished,
    held_up,
    in_a_loop,
    is_ready,
    loaded,
    new_key,
    running,
    started,
    trigger,
    workers_of,
)

pytestmark = pytest.mark.long  # servers of their own, many times

PID = "split_part(application_name, ' ', 3)::int"
MEBIBYTE, GIBIBYTE = 1 << 20, 1 << 30
ALL_WORKERS = {"STORE_UPTIME_TIMING_DESK_S": "0"}  # also the one for short work, from the start
LONG_AWAY_S = 8  # a driver that doubles its waits would ask after 7 s, and then not for 8 more
DIED = "The process that worked on it ended unexpectedly"
MANY_POLLS = (
    "create table store_status as select (n / 1000)::text as store_id, 'active' as status, "
    "timestamptz '2026-03-10' - n % 1000 * interval '10 minutes' as timestamp_utc from generate_series(0, 1499999) n",
    "create table menu_hours (store_id text, day_of_week int, start_time_local time, end_time_local time)",
    "create table timezones (store_id text, timezone_str text)",
)
HOLD = """
import time
from store_uptime.service.workers.scratch import scratch
with scratch() as folder:
    print(folder, flush=True)
    time.sleep(600)
"""


@dataclass(frozen=True)
class Narrow:
    """A server with one worker and room for three reports to wait, seen by two clients."""

    ann: httpx.Client
    bob: httpx.Client
    registry: str


@pytest.fixture(scope="module")
def registry(server: str) -> Iterator[str]:
    with fresh_registry(server) as url:
        yield url


@pytest.fixture(scope="module")
def service(polled: str, registry: str) -> Iterator[Service]:
    """A server with two workers, for tests that kill and hold up."""
    with running(polled, "--registry", registry, "--workers", "2", **(BRISK | ALL_WORKERS)) as service:
        yield service


@pytest.fixture(scope="module")
def narrow(polled: str) -> Iterator[Narrow]:
    with (
        fresh_registry(polled) as registry,
        running(polled, "--registry", registry, "--queue", "3", **BRISK) as server,
        server.client(headers=bearer(new_key(registry, "ann"))) as ann,
        server.client(headers=bearer(new_key(registry, "bob"))) as bob,
    ):
        yield Narrow(ann, bob, registry)


@pytest.fixture(scope="module")
def many(server: str) -> Iterator[str]:
    """A database with a million and a half of polls."""
    with fresh_database(server) as database:
        run(database, *MANY_POLLS)
        yield database


@asynccontextmanager
async def kept_warm(settings: Settings, spill: Path) -> AsyncIterator[Workers]:
    """Workers without a server."""
    workers = Workers(settings, spill)
    keeping = asyncio.create_task(workers.keep_warm())
    try:
        yield workers
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


@pytest.fixture(scope="module")
def crowded(many: str) -> Iterator[Service]:
    """A server with one worker over it."""
    with running(many, **ALL_WORKERS) as service:
        yield service


# Worker processes -----------------------------------------------------------------------------------------------------


def test_a_server_is_ready_once_its_workers_are_warm(polled: str) -> None:
    with started(polled, "--workers", "2", **ALL_WORKERS) as server, server.client() as client:
        early = client.get("/ready")
        assert early.status_code == 503
        assert "workers" in early.json()["missing"]
        eventually(lambda: is_ready(client), 60)
        assert len(workers_of(server)) == 2 + INTERACTIVE_WORKERS


def test_workers_have_their_share_of_threads(service: Service) -> None:
    given = Settings()
    assert len(workers_of(service)) == given.workers + INTERACTIVE_WORKERS
    for worker in workers_of(service):
        assert worker.environ()["POLARS_MAX_THREADS"] == str(given.worker_threads)


@pytest.mark.parametrize(
    ("workers", "installed", "processors", "expected"),
    [
        (1, 10 * GIBIBYTE, 8, (2645 * MEBIBYTE + 349525, "1024MiB", 8)),
        (2, 10 * GIBIBYTE, 8, (1984 * MEBIBYTE, "793MiB", 4)),
        (4, 5 * GIBIBYTE, 8, (640 * MEBIBYTE, "256MiB", 2)),
        (16, 10 * GIBIBYTE, 8, (440 * MEBIBYTE + 932067, "176MiB", 1)),
    ],
)
def test_all_workers_together_fit_the_machine(
    workers: int, installed: int, processors: int, expected: tuple[int, str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "memory", lambda: installed)
    monkeypatch.setattr(settings, "process_memory", lambda: None)
    monkeypatch.setattr(os, "sched_getaffinity", {0: set(range(processors))}.get)
    given = Settings(workers=workers)
    assert (given.worker_memory, given.duckdb_memory, given.worker_threads) == expected
    assert given.worker_memory * (workers + INTERACTIVE_WORKERS) + SERVER <= PROMISE * installed


def test_a_worker_is_not_stopped_by_what_native_code_writes(tmp_path: Path) -> None:
    async def written() -> tuple[int, int]:
        async with kept_warm(Settings(workers=1), tmp_path) as workers:
            return await workers.brief(os.write, 2, bytes(1_000_000)), await workers.brief(os.write, 1, bytes(1_000))

    assert in_a_loop(written()) == (1_000_000, 1_000)


# Cancelling -----------------------------------------------------------------------------------------------------------


def test_a_cancelled_run_ends_within_a_second_in_postgresql_too(
    client: httpx.Client, polled: str, registry: str
) -> None:
    with endless(polled):
        report_id = new_report(client)
        worker = the_busy_worker(registry)
        run_id = run_of(registry, report_id)
        eventually(lambda: named(polled, run_id, "active") == 1)
        assert client.delete(f"/reports/{report_id}").status_code == 204
        eventually(lambda: not is_alive(worker) and named(polled, run_id) == 0, 1)
    assert status(client, report_id)["error"] == "It was cancelled."
    assert finished(client, new_report(client))["status"] == "Complete"


def test_a_run_that_is_cancelled_while_it_computes_ends_within_a_second(crowded: Service, many: str) -> None:
    with crowded.client() as client:
        report_id = new_report(client)
        worker = the_busy_worker(many)
        eventually(
            lambda: status(client, report_id)["progress"]["step"].startswith("computing uptime and downtime (stores: "),
            60,
        )
        assert client.delete(f"/reports/{report_id}").status_code == 204
        eventually(lambda: not is_alive(worker), 1)
        assert status(client, report_id)["error"] == "It was cancelled."


def test_a_report_that_waits_can_be_cancelled(narrow: Narrow, polled: str) -> None:
    with held_up(polled):
        first, second = new_report(narrow.ann), new_report(narrow.ann)
        assert narrow.ann.delete(f"/reports/{second}").status_code == 204
    assert finished(narrow.ann, first)["status"] == "Complete"
    assert finished(narrow.ann, second)["error"] == "It was cancelled."
    assert value(narrow.registry, second, "runs") == 0


# What ends one run alone ----------------------------------------------------------------------------------------------


def test_a_killed_worker_ends_its_report_alone(
    service: Service, client: httpx.Client, polled: str, registry: str
) -> None:
    with held_up(polled):
        mine = new_report(client)
        worker = the_busy_worker(registry)
        other = new_report(client)
        eventually(lambda: len(busy_workers(registry)) == 2)
        worker.kill()
        assert finished(client, mine)["error"].startswith(DIED)
        assert named(polled, run_of(registry, mine)) == 0
        assert status(client, other)["status"] == "Running"
    assert finished(client, other)["status"] == "Complete"
    assert finished(client, new_report(client))["status"] == "Complete"
    eventually(lambda: len(workers_of(service)) == 2 + INTERACTIVE_WORKERS)


def test_idle_workers_that_are_killed_are_replaced(service: Service, client: httpx.Client) -> None:
    kill_workers(service)
    eventually(lambda: len(workers_of(service)) == 2 + INTERACTIVE_WORKERS, 30)
    eventually(lambda: is_ready(client))
    assert finished(client, new_report(client))["status"] == "Complete"


def test_a_worker_that_is_killed_over_a_file_is_made_up_for(service: Service, client: httpx.Client) -> None:
    report_id = new_report(client)
    finished(client, report_id)
    for delay in (0.005, 0.01, 0.02):
        killing = threading.Timer(delay, lambda: [worker.kill() for worker in workers_of(service)])
        killing.start()
        answer = client.get(f"/get_report/{report_id}", params={"format": "xlsx"})
        killing.join()
        assert answer.is_success
        assert client.get(f"/get_report/{report_id}").is_success


def test_a_run_that_needs_more_memory_than_its_share_ends_alone(crowded: Service) -> None:
    with crowded.client() as client:
        psutil.Process(crowded.process.pid).rlimit(psutil.RLIMIT_DATA, (700 * MEBIBYTE, 700 * MEBIBYTE))
        kill_workers(crowded)
        eventually(lambda: len(workers_of(crowded)) == 1 + INTERACTIVE_WORKERS and is_ready(client), 30)
        assert "memory" in finished(client, new_report(client))["error"]
        assert finished(client, trigger(client, store_id="7"))["status"] == "Complete"


def test_a_run_ends_at_the_time_limit_wherever_it_is(polled: str) -> None:
    with (
        fresh_registry(polled) as registry,
        running(polled, "--registry", registry, "--time-limit", "2s", **BRISK) as server,
        server.client() as client,
    ):
        with held_up(polled):
            hung = new_report(client)
            worker = the_busy_worker(registry)
            worker.suspend()
            assert finished(client, hung)["error"] == "It took longer than a report may take here, 2s."
            eventually(lambda: not is_alive(worker))
            waiting = new_report(client)
            assert "longer" in finished(client, waiting)["error"]
            assert named(polled, run_of(registry, waiting)) == 0
        last = finished(client, new_report(client))
        assert last["status"] == "Complete", last


# The queue ------------------------------------------------------------------------------------------------------------


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


# Several servers ------------------------------------------------------------------------------------------------------


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


def test_a_run_that_was_taken_over_is_ended_and_leaves_the_result_of_the_other(
    client: httpx.Client, polled: str, registry: str
) -> None:
    with held_up(polled):
        report_id = new_report(client)
        worker = the_busy_worker(registry)
        change(registry, report_id, "run = 'other', status = 'complete', figures = 'theirs', lease_until = null")
        eventually(lambda: not is_alive(worker))
    assert value(registry, report_id, "figures") == b"theirs"
    assert value(registry, report_id, "run") == "other"


def test_a_worker_discards_the_result_of_a_run_that_was_taken_over(polled: str) -> None:
    with fresh_registry(polled) as registry:
        report_id = "0" * 32
        row = f"'{report_id}', '{{}}', '', 'running', 'other', now()"
        run(registry, f"insert into store_uptime.report (id, options, client, status, run, lease_until) values ({row})")
        options = {"now": None, "store_id": None, "max_gap": None, "lookback": 86_400.0}
        task = Task(report_id, "mine", options, SourceConfig(polled, None, "store-uptime mine"), registry, Limits())
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
    options = {"now": None, "store_id": None, "max_gap": None, "lookback": 86_400.0}
    assert make_report(Task(report_id, "mine", options, SourceConfig(database, None), registry, Limits())).error is None
    return value(registry, report_id, "warning_codes")


def test_what_a_killed_server_leaves_in_the_temporary_folder_goes_with_the_next_start(tmp_path: Path) -> None:
    with holding(tmp_path) as living, holding(tmp_path) as dying:
        dying.kill()
        dying.wait()
        assert len(list(tmp_path.glob(f"{PREFIX}*"))) == 2
        with holding(tmp_path):
            assert len(list(tmp_path.glob(f"{PREFIX}*"))) == 2
        assert living.poll() is None


# Stopping -------------------------------------------------------------------------------------------------------------


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


# A database that dies -------------------------------------------------------------------------------------------------


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


# What is kept ---------------------------------------------------------------------------------------------------------


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
        large = "figures is null and plan is null and rejects is null and lanes is null"
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


# Statements -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", statements())
def test_every_statement_of_the_registry_is_valid(a_registry: str, name: str) -> None:
    statement = statements()[name]
    wanted = dict.fromkeys(re.findall(r"%\((\w+)\)s", statement))
    with psycopg.connect(a_registry) as connection:
        connection.execute(f"explain {statement}", wanted)


def test_every_statement_is_used_and_every_one_that_is_used_exists() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in Path(settings.__file__).parent.rglob("*.py"))
    called = re.findall(
        r'\b(?:rows?|say|ask|written|_execute|_cursor|_forget|content)\(\s*(?:\w+(?:\.\w+)*, )?f?"([\w{}]+)"', code
    )
    used = {name: {each for each in statements() if re.fullmatch(re.sub("{.*?}", ".+", name), each)} for name in called}
    assert [name for name, found in used.items() if not found] == []
    assert set().union(*used.values()) == set(statements())


# What the tests say ---------------------------------------------------------------------------------------------------


@contextmanager
def fresh_registry(server: str) -> Iterator[str]:
    """A registry without reports."""
    with fresh_database(server) as url:
        migrate(url)
        yield url


@pytest.fixture(scope="module")
def a_registry(polled: str) -> Iterator[str]:
    with fresh_registry(polled) as url:
        yield url


@contextmanager
def endless(database: str) -> Iterator[None]:
    """Every run over this database computes in PostgreSQL, and would for days."""
    numbers = "select generate_series(1, 1000000000000)"
    run(
        database,
        "alter table menu_hours rename to real_hours",
        f"create view menu_hours as select * from real_hours where 0 < (select count(*) from ({numbers}) as numbers)",
    )
    try:
        yield
    finally:
        run(database, "drop view menu_hours", "alter table real_hours rename to menu_hours")


def new_options() -> dict[str, str]:
    """Options that nobody has asked for yet, so that no two reports are joined."""
    return {"lookback": f"{next(NUMBERS)}s"}


def new_report(client: httpx.Client) -> str:
    """The id of a report with options of its own."""
    return trigger(client, **new_options())


def status(client: httpx.Client, report_id: str) -> dict[str, Any]:
    """Where a report stands."""
    return looked_at(client, report_id).json()


def looked_at(client: httpx.Client, report_id: str) -> httpx.Response:
    """The answer to a question for the status of a report."""
    return client.get(f"/get_report/{report_id}", params={"status_only": True})


def ahead(client: httpx.Client, report_id: str) -> int:
    """How many reports come before."""
    return status(client, report_id)["progress"]["ahead"]


def content(client: httpx.Client, report_id: str) -> str:
    """The file of a complete report."""
    return client.get(f"/get_report/{report_id}").raise_for_status().text


def accepts(client: httpx.Client) -> bool:
    """Whether a server takes connections still."""
    with suppress(httpx.TransportError):
        return client.get("/health", headers={"Connection": "close"}).is_success
    return False


def busy_workers(registry: str) -> list[psutil.Process]:
    """The workers that make a report: each has a connection to the registry, under a name that tells its process."""
    theirs = "application_name like 'store-uptime worker %' and datname = current_database()"
    return [psutil.Process(pid) for (pid,) in run(registry, f"select {PID} from pg_stat_activity where {theirs}")]


def the_busy_worker(registry: str) -> psutil.Process:
    """The one worker that makes a report, once it does."""
    eventually(lambda: len(busy_workers(registry)) == 1)
    (worker,) = busy_workers(registry)
    return worker


def kill_workers(server: Service) -> None:
    """Kill all workers and wait until the server has buried them: only then it knows."""
    killed = workers_of(server)
    for worker in killed:
        worker.kill()
    eventually(lambda: not any(worker.is_running() for worker in killed), 30)


def begun(server: Service) -> int:
    """How many runs a server has begun."""
    return sum(line["event"] == "run begins" for line in server.logged())


def value(registry: str, report_id: str, column: str) -> Any:
    """What a report's row holds."""
    ((found,),) = run(registry, f"select {column} from store_uptime.report where id = '{report_id}'")
    return found


def change(registry: str, report_id: str, changes: str) -> None:
    """Change a report's row as another server might."""
    run(registry, f"update store_uptime.report set {changes} where id = '{report_id}'")


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


def run_of(registry: str, report_id: str) -> str | None:
    """The run that has a report, if one has."""
    return value(registry, report_id, "run")


def begun_run(registry: str, report_id: str) -> str | None:
    """The same, once one has it."""
    eventually(lambda: run_of(registry, report_id))
    return run_of(registry, report_id)


def named(database: str, run_id: str | None, state: str = "%") -> int:
    """How many connections to the server of this database a run has, in a state."""
    ((connections,),) = run(
        database,
        f"select count(*) from pg_stat_activity where application_name = 'store-uptime {run_id}' "
        f"and state like '{state}'",
    )
    return connections


@contextmanager
def holding(folder: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """A process that has a folder for temporary files."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], env=os.environ | {"TMPDIR": str(folder)}, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield process
        process.kill()
