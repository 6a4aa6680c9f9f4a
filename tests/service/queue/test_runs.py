"""Runs of reports: the worker processes, the queue, what a kill of anything does, and what is kept for how long.

Where a run must not end before the test wants it to, it is held up by a lock on a table that a trigger does not read.
"""

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from store_uptime.service import settings
from store_uptime.service.observability.memory import INTERACTIVE_WORKERS, PROMISE, SERVER
from store_uptime.service.settings import Settings
from store_uptime.service.testing import Service
from store_uptime.service.workers.pool import Workers
from tests.support.postgres import (
    eventually,
    fresh_database,
    is_alive,
    run,
)
from tests.support.running import (
    BRISK,
    finished,
    held_up,
    in_a_loop,
    is_ready,
    running,
    started,
    trigger,
    workers_of,
)
from tests.support.runs import (
    MANY_POLLS,
    busy_workers,
    change,
    fresh_registry,
    named,
    new_report,
    run_of,
    status,
    the_busy_worker,
    value,
)

pytestmark = pytest.mark.long  # servers of their own, many times


MEBIBYTE, GIBIBYTE = 1 << 20, 1 << 30


ALL_WORKERS = {"STORE_UPTIME_TIMING_DESK_S": "0"}  # also the one for short work, from the start


DIED = "The process that worked on it ended unexpectedly"


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
def many(server: str) -> Iterator[str]:
    """A database with a million and a half of polls."""
    with fresh_database(server) as database:
        run(database, *MANY_POLLS)
        yield database


@asynccontextmanager
async def kept_warm(settings: Settings, spill: Path) -> AsyncGenerator[Workers]:
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


def test_nobody_waits_for_a_tick(polled: str) -> None:
    """Neither for the start of a report, nor for the news of its end."""
    never = {f"STORE_UPTIME_TIMING_{name}_S": "600" for name in ("TICK", "FOLLOW")}
    with running(polled, **never) as server, server.client() as client, ExitStack() as hold:
        hold.enter_context(held_up(polled))
        report_id = new_report(client)
        eventually(lambda: "started_at" in status(client, report_id), 30)
        with client.stream("GET", f"/reports/{report_id}/events") as stream:
            lines = stream.iter_lines()
            assert next(lines) == "event: progress"
            hold.close()
            assert "event: complete" in lines


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
            return await workers.run_interactive(os.write, 2, bytes(1_000_000)), await workers.run_interactive(
                os.write, 1, bytes(1_000)
            )

    assert in_a_loop(written()) == (1_000_000, 1_000)


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
            lambda: status(client, report_id)["progress"]["step"].startswith("computing uptime and downtime (polls: "),
            60,
        )
        assert client.delete(f"/reports/{report_id}").status_code == 204
        eventually(lambda: not is_alive(worker), 1)
        assert status(client, report_id)["error"] == "It was cancelled."


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


@pytest.mark.nightly  # in CI, chaos has it among others
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
        psutil.Process(crowded.process.pid).rlimit(psutil.RLIMIT_DATA, (640 * MEBIBYTE, 640 * MEBIBYTE))
        kill_workers(crowded)
        eventually(lambda: len(workers_of(crowded)) == 1 + INTERACTIVE_WORKERS and is_ready(client), 30)
        assert "memory" in finished(client, new_report(client))["error"]
        assert finished(client, trigger(client, store_id="7"))["status"] == "Complete"


def test_a_run_ends_at_the_time_limit_wherever_it_is(polled: str) -> None:
    with (
        fresh_registry(polled) as registry,
        running(polled, "--registry", registry, "--time-limit", "3s", **BRISK) as server,
        server.client() as client,
    ):
        with held_up(polled):
            hung = new_report(client)
            worker = the_busy_worker(registry)
            worker.suspend()
            assert finished(client, hung)["error"] == "It took longer than a report may take here, 3s."
            eventually(lambda: not is_alive(worker))
            waiting = new_report(client)
            assert "longer" in finished(client, waiting)["error"]
            assert named(polled, run_of(registry, waiting)) == 0
        last = finished(client, new_report(client))
        assert last["status"] == "Complete", last


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


@contextmanager
def endless(database: str) -> Generator[None]:
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


def kill_workers(server: Service) -> None:
    """Kill all workers and wait until the server has buried them: only then it knows."""
    killed = workers_of(server)
    for worker in killed:
        worker.kill()
    eventually(lambda: not any(worker.is_running() for worker in killed), 30)
