"""Chaos: clients trigger reports while workers, servers and the database are killed with -9 at random moments.

CI has a few reports, `just chaos` 300. CHAOS_SEED says who is killed.
"""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import psutil
import pytest

from pipeline import Options, build_report, open_source
from service.durations import duration
from service.testing import Service
from tests.postgres import SAFE, Cluster, eventually, new_cluster, open_folder, run
from tests.service.running import BRISK, is_ready, loaded, started, started_with, workers_of

SEED = int(os.environ.get("CHAOS_SEED", "1"))
CLIENTS, SERVERS = 20, 2
PATIENCE_S = 900
PAUSE_S = (0.1, 1.5)
RESPITE_S = 5.0  # without a report that ends; on a slow machine kill after kill would let nothing begin
VICTIMS = {"worker": 8, "server": 2, "database": 1}  # and how often each
NEWEST = datetime(2026, 3, 10, 12, tzinfo=UTC)
SHARED_MEMORY = Path("/dev/shm")


@dataclass
class Seen:
    """What became of a report: a file, or a sentence."""

    options: dict[str, Any]
    report_id: str
    file: bytes = b""
    error: str = ""


@pytest.mark.parametrize(
    ("number", "least"),  # of a dozen, chance has a say in how many are killed
    [pytest.param(12, 3, marks=pytest.mark.long), pytest.param(300, 151, marks=pytest.mark.nightly)],
)
def test_every_report_is_right_or_says_why_not_whatever_is_killed(feed: Path, number: int, least: int) -> None:
    begun, shared = time.monotonic(), shared_memory()
    with open_folder() as folder, new_cluster() as cluster, Database(cluster) as database:
        loaded(cluster.socket_url, feed)
        with Servers(cluster.socket_url, folder) as servers:
            with killing(database, servers) as killed, ThreadPoolExecutor(CLIENTS) as clients:
                reports = list(clients.map(servers.report, options_of(number, stores_of(cluster))))
            told = Counter(report.error for report in reports)
            print(f"\n{number} reports in {time.monotonic() - begun:.0f} s, killed {dict(killed)}: {dict(told)}")
            assert all(servers.file(report) == report.file for report in reports if report.file)
        assert servers.exit_statuses == [0] * SERVERS
        assert servers.unexpected == []
        assert states(cluster) <= {"complete", "error"}
        assert [report for report in reports if report.file and report.file != expected(cluster, report)] == []
        assert [report.error for report in reports if not (report.file or is_sentence(report.error))] == []
        assert told[""] >= least
        eventually(lambda: connections(cluster) == 0)
        eventually(lambda: started_with(folder) == [])
        assert list(folder.iterdir()) == []
    assert shared_memory() <= shared


class Database:
    """A PostgreSQL server that is there again after it was killed."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._life = cluster, ExitStack()

    def __enter__(self) -> Self:
        self._life.enter_context(self._cluster.running(*SAFE))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._life.close()

    def kill(self) -> None:
        """Kill it, and start it again."""
        self._cluster.kill()
        self._life.close()
        self._life.enter_context(self._cluster.running(*SAFE))


class Servers:
    """Servers on one registry, each there again after it was killed, and a client that takes whichever answers."""

    def __init__(self, database: str, folder: Path) -> None:
        self._database, self._folder = database, folder
        self._lives: list[tuple[Service, ExitStack]] = []
        self._client = httpx.Client(timeout=20, verify=False)
        self._progress = threading.Event()
        self.exit_statuses: list[int] = []
        self.unexpected: list[str] = []

    def __enter__(self) -> Self:
        self._lives = [self._new() for _ in range(SERVERS)]
        for server, _ in self._lives:
            with server.client() as client:
                eventually(lambda client=client: is_ready(client), 60)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server, life in self._lives:
            self.exit_statuses.append(server.stop())
            self._end(server, life)
        self._client.close()

    def kill(self, place: int) -> None:
        """Kill one, and start another in its place."""
        server, life = self._lives[place]
        server.kill()
        self._end(server, life)
        self._lives[place] = self._new()

    def workers(self) -> list[psutil.Process]:
        """The worker processes of all."""
        return [worker for server, _ in self._lives for worker in workers_of(server)]

    def await_progress(self, seconds: float) -> None:
        """Wait until another report has ended, but not longer than that."""
        self._progress.wait(seconds)
        self._progress.clear()

    def report(self, options: dict[str, Any]) -> Seen:
        """A report that no other trigger asks for, once it has ended."""
        seen = self._seen(options)
        self._progress.set()
        return seen

    def _seen(self, options: dict[str, Any]) -> Seen:
        key = {"Idempotency-Key": options["now"]}
        report_id = self._answer("POST", "/trigger_report", json=options, headers=key).json()["report_id"]
        while True:
            answer = self._answer("GET", f"/get_report/{report_id}")
            match answer.headers["X-Report-Status"]:
                case "Complete":
                    return Seen(options, report_id, file=answer.content)
                case "Error":
                    return Seen(options, report_id, error=answer.json()["error"])
            assert answer.json()["status"] == "Running"
            time.sleep(0.1)

    def file(self, report: Seen) -> bytes:
        """The file of a report as it is now."""
        return self._answer("GET", f"/get_report/{report.report_id}").content

    def _answer(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer of a server that has one: a client's patience is all that is asked for."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            server, _ = random.choice(self._lives)
            with suppress(httpx.TransportError):
                answer = self._client.request(method, f"{server.url}{path}", **options)
                if answer.status_code != 503:
                    return answer.raise_for_status()
            time.sleep(0.2)
        raise AssertionError(f"{path} has no answer")

    def _new(self) -> tuple[Service, ExitStack]:
        life = ExitStack()
        return life.enter_context(started(self._database, TMPDIR=str(self._folder), **BRISK)), life

    def _end(self, server: Service, life: ExitStack) -> None:
        log = server.log.read_text(encoding="utf-8")
        self.unexpected += [line for line in log.splitlines() if "unexpected error" in line]
        life.close()


@contextmanager
def killing(database: Database, servers: Servers) -> Iterator[Counter[str]]:
    """Kill at random until the end of the block; what is given counts."""
    killed: Counter[str] = Counter()
    over = threading.Event()
    chance = random.Random(SEED)

    def kill() -> None:
        while not over.wait(chance.uniform(*PAUSE_S)):
            servers.await_progress(RESPITE_S)
            (victim,) = chance.choices(list(VICTIMS), list(VICTIMS.values()))
            match victim:
                case "worker":
                    with suppress(IndexError, psutil.NoSuchProcess):
                        chance.choice(servers.workers()).kill()
                case "server":
                    servers.kill(chance.randrange(SERVERS))
                case "database":
                    database.kill()
            killed[victim] += 1

    with ThreadPoolExecutor(1) as thread:
        killer = thread.submit(kill)
        try:
            yield killed
        finally:
            over.set()
            killer.result()


def options_of(number: int, stores: list[str]) -> list[dict[str, Any]]:
    """The options of the reports: each has its own now, and some what else there is."""
    more = ({}, {"max_gap": "90m"}, {"lookback": "2d"}, {"store_id": stores[0]}, {"store_id": stores[-1]})
    return [
        {"now": (NEWEST - timedelta(minutes=7 * place)).isoformat(), **more[place % len(more)]}
        for place in range(number)
    ]


def stores_of(cluster: Cluster) -> list[str]:
    """The stores that there are."""
    with open_source(cluster.socket_url) as source:
        return source.stores()


def expected(cluster: Cluster, report: Seen) -> bytes:
    """The file that the pipeline makes by itself."""
    asked = report.options
    options = Options(
        now=datetime.fromisoformat(asked["now"]),
        store=asked.get("store_id"),
        max_gap=duration(asked["max_gap"]) if "max_gap" in asked else None,
        lookback=duration(asked.get("lookback", "24h")),
    )
    return build_report(open_source(cluster.socket_url), options).render("csv")


def is_sentence(error: str) -> bool:
    """Whether it is for people."""
    return error[:1].isalpha() and error.endswith(".") and "Traceback" not in error and "\n" not in error


def states(cluster: Cluster) -> set[str]:
    """The states that there are."""
    return {row[0] for row in run(cluster.socket_url, "select distinct status from store_uptime.report")}


def connections(cluster: Cluster) -> int:
    """How many connections of ours the database has."""
    ours = "select count(*) from pg_stat_activity where application_name like 'store-uptime%'"
    ((number,),) = run(cluster.socket_url, ours)
    return number


def shared_memory() -> set[str]:
    """The names in shared memory, but PostgreSQL's, which sees to them at its next start."""
    return {path.name for path in SHARED_MEMORY.iterdir() if not path.name.startswith("PostgreSQL.")}
