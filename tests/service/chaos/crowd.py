"""A crowd: many clients who want reports of several servers at once, and what they see while something goes wrong.

Database   a PostgreSQL server that is there again after it was killed
Servers    servers on one registry, and a client that takes whichever answers
Answer     what a request came to
"""

import os
import random
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

import httpx
import psutil
import psycopg
from psycopg.rows import dict_row

from store_uptime.pipeline import Options, build_report, open_source, polled_stores
from store_uptime.pipeline.durations import parse_duration
from store_uptime.service.testing import Service
from tests.support.postgres import SAFE, Cluster, run
from tests.support.running import workers_of

SEED = int(os.environ.get("CHAOS_SEED", "1"))
CLIENTS, SERVERS = 20, 2
PATIENCE_S = 900
ANSWERS_S = 20.0
# A schedule's report that has failed is tried again in a minute: until then nobody waits for it.
UNFINISHED = """
select id, status, not_before::text, lease_until::text, now()::text, runs, run, step, error, options::text
from store_uptime.report
where status not in ('complete', 'error') and (not_before is null or not_before <= now())
"""
NEWEST = datetime(2026, 3, 10, 12, tzinfo=UTC)


@dataclass
class Seen:
    """What became of a report: a file, or a sentence."""

    options: dict[str, Any]
    report_id: str
    file: bytes = b""
    error: str = ""


@dataclass(frozen=True)
class Answer:
    """What a request came to: the status of an answer, or None where there was none within the client's patience."""

    server: Service
    path: str
    status: int | None
    request_id: str
    start: float
    seconds: float


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
    """Servers on one registry, each there again after it was killed, and a client that takes whichever answers.

    launched: starts one of them. answers: what each request came to that reached a server.
    """

    def __init__(self, launched: Callable[[], AbstractContextManager[Service]]) -> None:
        self._launched = launched
        self._lives: list[tuple[Service, ExitStack]] = []
        self._client = httpx.Client(timeout=ANSWERS_S, verify=False, trust_env=False)
        self._progress = threading.Event()
        self.answers: list[Answer] = []
        self.exit_statuses: list[int] = []
        self.logged: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        self._lives = [self._new() for _ in range(SERVERS)]
        for server, _ in self._lives:
            server.await_ready()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server, life in self._lives:
            self.exit_statuses.append(server.stop())
            self._end(server, life)
        self._client.close()

    @property
    def all(self) -> list[Service]:
        """The servers as they are now."""
        return [server for server, _ in self._lives]

    @property
    def unexpected(self) -> list[dict[str, Any]]:
        """The lines of the logs of ended servers that tell of what nobody expected."""
        return [line for line in self.logged if "unexpected error" in line["event"]]

    def kill(self, number: int) -> None:
        """Kill one, and start another instead."""
        server, life = self._lives[number]
        server.kill()
        self._end(server, life)
        self._lives[number] = self._new()

    def workers(self) -> list[psutil.Process]:
        """The worker processes of all."""
        return [worker for server in self.all for worker in workers_of(server)]

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
        report_id = self.answer("POST", "/trigger_report", json=options, headers=key).json()["report_id"]
        while True:
            answer = self.answer("GET", f"/get_report/{report_id}")
            match answer.headers["X-Report-Status"]:
                case "Complete":
                    return Seen(options, report_id, file=answer.content)
                case "Error":
                    return Seen(options, report_id, error=answer.json()["error"])
            assert answer.json()["status"] == "Running"
            time.sleep(0.1)

    def file(self, report: Seen) -> bytes:
        """The file of a report as it is now."""
        return self.answer("GET", f"/get_report/{report.report_id}").content

    def answer(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer of a server that has one: a client's patience is the limit."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            found = self.tried(random.choice(self.all), method, path, **options)
            if found is not None and found.status_code != 503:
                return found.raise_for_status()
            time.sleep(0.2)
        raise AssertionError(f"{path} has no answer")

    def tried(self, server: Service, method: str, path: str, **options: Any) -> httpx.Response | None:
        """What one server answers; None where it has not in time, or is not there."""
        start, found = time.monotonic(), None
        try:
            found = self._client.request(method, f"{server.url}{path}", **options)
        except httpx.TimeoutException:
            pass
        except httpx.TransportError:
            return None
        status, request_id = (found.status_code, found.headers["X-Request-ID"]) if found is not None else (None, "")
        self.answers.append(Answer(server, path, status, request_id, start, time.monotonic() - start))
        return found

    def _new(self) -> tuple[Service, ExitStack]:
        life = ExitStack()
        return life.enter_context(self._launched()), life

    def _end(self, server: Service, life: ExitStack) -> None:
        self.logged += server.logged()
        life.close()


def options_of(number: int, stores: list[str]) -> list[dict[str, Any]]:
    """The options of the reports: each has its own now, and some what else there is."""
    more = ({}, {"max_gap": "90m"}, {"lookback": "2d"}, {"store_id": stores[0]}, {"store_id": stores[-1]})
    return [
        {"now": (NEWEST - timedelta(minutes=7 * turn)).isoformat(), **more[turn % len(more)]} for turn in range(number)
    ]


def stores_of(cluster: Cluster) -> list[str]:
    """The stores that there are."""
    return polled_stores(open_source(cluster.socket_url))


def expected(cluster: Cluster, report: Seen) -> bytes:
    """The file that the pipeline makes by itself."""
    given = report.options
    options = Options(
        now=datetime.fromisoformat(given["now"]),
        store=given.get("store_id"),
        max_gap=parse_duration(given["max_gap"]) if "max_gap" in given else None,
        lookback=parse_duration(given.get("lookback", "24h")),
    )
    return build_report(open_source(cluster.socket_url), options).render("csv")


def is_sentence(error: str) -> bool:
    """Whether it is for people."""
    return error[:1].isalpha() and error.endswith(".") and "Traceback" not in error and "\n" not in error


def await_all_ended(registry: Cluster, seconds: float) -> None:
    """Wait until no report is queued or running. Where one still is after that time, fails with its row."""
    deadline = time.monotonic() + seconds
    while rows := unfinished(registry):
        assert time.monotonic() < deadline, "\n".join(["these reports have not ended:", *map(str, rows)])
        time.sleep(0.2)


def unfinished(registry: Cluster) -> list[dict[str, Any]]:
    """The rows of reports that have not ended, and what stopped them."""
    with psycopg.connect(registry.socket_url) as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(UNFINISHED).fetchall()


def connections(cluster: Cluster) -> int:
    """How many connections of ours the database has."""
    ours = "select count(*) from pg_stat_activity where application_name like 'store-uptime%'"
    ((number,),) = run(cluster.socket_url, ours)
    return number
