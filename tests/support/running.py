"""The service as its users run it: a process of its own, over a real database, called over HTTP."""

import asyncio
import itertools
import re
from collections.abc import Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
import psycopg

from store_uptime.pipeline import load_files
from store_uptime.service import testing
from store_uptime.service.front.problem_types import all_problem_types
from store_uptime.service.testing import (
    Service,
    await_report as finished,
    complete_report as complete,
    request_report as trigger,
)
from tests.support.feeds import called, surroundings
from tests.support.postgres import eventually, is_alive, run

Result = TypeVar("Result")

CLASSIC_HEADER = (
    "store_id,uptime_last_hour(minutes),uptime_last_day(hours),uptime_last_week(hours),"
    "downtime_last_hour(minutes),downtime_last_day(hours),downtime_last_week(hours)"
)

SPARING = {"STORE_UPTIME_WORKERS": "1", "STORE_UPTIME_TIMING_DESK_S": "600"}
"""One worker, and another for short work once there is some: each takes half a second of a core to start."""
BRISK = {
    f"STORE_UPTIME_TIMING_{name}_S": seconds
    for name, seconds in {"TICK": "0.25", "RENEW": "0.5", "LEASE": "3", "TIDY": "0.5"}.items()
}
"""For tests that would wait for a tick, for the end of a lease, or for what is too old to go."""
HEAD_S = 3.0
IMPATIENT = {"STORE_UPTIME_TIMING_HEAD_S": str(HEAD_S)}
"""For tests whose clients never come to the end of a request's head."""
WAITING, PULLING = "waiting for its turn", "reading polls, hours and zones"
INSIDE = re.compile(
    r"traceback|file \"|site-packages|\.py\b|postgresql:|localhost|host=|/tmp|psycopg|litestar|msgspec|test_[0-9a-f]"
    r"|(?<!<)(?<!</)\bselect\b|store_uptime\.|\bat 0x",
    re.IGNORECASE,
)
SENTENCES = re.compile(r"(?![0-9]{3}: )(?:(?!\.\.(?: |$)).)*[.?]", re.DOTALL)
"""Whole ones: with a full stop, and one only, and without a status before them."""
NUMBERS = itertools.count(1)  # lookbacks that no two reports share


@contextmanager
def started(database: str, *options: str, **environment: str) -> Generator[Service]:
    """A server that was just started, perhaps not yet ready; stopped with the block.

    database: nothing where its environment names one. It is SPARING unless the variables are others.
    """
    named = ["--database", database] if database else []
    with testing.started(*named, *options, environment=surroundings(**(SPARING | environment))) as service:
        yield service


@contextmanager
def running(database: str, *options: str, **environment: str) -> Generator[Service]:
    """A server that is ready for reports."""
    with started(database, *options, **environment) as service:
        service.await_ready()
        yield service


def served(polled: str) -> Generator[Service]:
    """The fixture `service` of a module that has a database of its own: its fixture `polled`."""
    with running(polled) as service:
        yield service


def workers_of(service: Service) -> list[psutil.Process]:
    """Its worker processes that live: it has no other children, but where it uses the built-in database server."""
    return [child for child in psutil.Process(service.process.pid).children() if is_alive(child)]


def log_lines(service: Service, **members: object) -> list[dict[str, Any]]:
    """The lines of its log that have these members."""
    return [line for line in service.logged() if members.items() <= line.items()]


def is_ready(client: httpx.Client) -> bool:
    """Whether the server of a client runs reports."""
    with suppress(httpx.TransportError):
        return client.get("/ready").is_success
    return False


def loaded(database: str, feed: Path) -> None:
    """Load a feed into a database: polls, hours and zones, and stores where it has them."""
    assert len(load_files(feed, database, feed.parent / "rejects").files) in (3, 4)


def joined(client: httpx.Client, **body: object) -> str:
    """The id of a complete report that a second trigger has led to, too.

    What autovacuum does in between counts as a change, so it may take more than one report.
    """
    for _ in range(10):
        report_id = complete(client, **body)
        if trigger(client, **body) == report_id:
            return report_id
    raise AssertionError("equal triggers share no report")


@contextmanager
def held_up(database: str) -> Generator[None]:
    """No run comes to its end within the block: each waits for a table that a trigger's own look has no need of."""
    with psycopg.connect(database) as connection:
        connection.execute("lock table timezones in access exclusive mode")
        yield


@contextmanager
def occupied(database: str, client: httpx.Client, workers: int = 1) -> Generator[list[str]]:
    """Every worker of a server has a report that does not end within the block; what is triggered there must wait."""
    eventually(lambda: not client.get("/reports", params={"status": "Running"}).json()["reports"], 60)
    with held_up(database):
        reports = [trigger(client, lookback=f"{next(NUMBERS)}s") for _ in range(workers)]
        eventually(lambda: all(step(client, report_id) == PULLING for report_id in reports), 30)
        yield reports
    for report_id in reports:
        finished(client, report_id)


def step(client: httpx.Client, report_id: str) -> str | None:
    """What a report is doing; None once it has ended."""
    status = client.get(f"/get_report/{report_id}", params={"status_only": True}).json()
    return status["progress"]["step"] if status["status"] == "Running" else None


def started_with(folder: Path) -> list[int]:
    """The processes that have a folder for temporary files, by inheritance too."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("TMPDIR") == str(folder):
                found.append(process.pid)
    return found


def in_a_loop(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """What a coroutine comes to, in a thread of its own: in ours the loop of Playwright may be running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def touch(database: str) -> None:
    """A transaction that might have written: what was computed before will not do for a new trigger."""
    run(database, "select pg_current_xact_id()")


def problem(answer: httpx.Response, status: int) -> str:
    """The sentence of an answer that is a problem, and nothing but a problem."""
    assert answer.status_code == status, answer.text
    address = answer.request.extensions.get("target", answer.request.url.raw_path)
    is_classic = address.startswith((b"/trigger_report", b"/get_report"))
    assert answer.headers["Content-Type"] == ("application/json" if is_classic else "application/problem+json")
    body = answer.json()
    assert body.keys() - {"field"} == {"type", "status", "title", "detail", "error"}
    assert all_problem_types()[body["type"]] == status
    assert (body["status"], body["title"]) == (status, HTTPStatus(status).phrase)
    assert body["detail"] == body["error"] != ""
    assert SENTENCES.fullmatch(body["error"]), body["error"]
    assert not INSIDE.search(answer.text), answer.text
    return body["error"]


def keys(*arguments: str, status: int = 0, **environment: str) -> tuple[str, str]:
    """What `store-uptime keys` says, on stdout and on stderr."""
    done = called("keys", *arguments, cwd=Path(), **environment)
    assert done.returncode == status, done.stderr
    return done.stdout.decode(), done.stderr.decode()


def new_key(registry: str, name: str, *options: str) -> str:
    """A key under a name."""
    return keys("add", name, "--registry", registry, *options)[0].strip()


def bearer(key: str) -> dict[str, str]:
    """The header that shows a key."""
    return {"Authorization": f"Bearer {key}"}
