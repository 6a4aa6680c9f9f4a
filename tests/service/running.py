"""The service as its users run it: a process of its own, over a real database, called over HTTP."""

import itertools
import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

from pipeline import load_files
from tests.feeds import COMMAND, store_uptime, surroundings
from tests.postgres import eventually, open_folder, run

CLASSIC_HEADER = (
    "store_id,uptime_last_hour(minutes),uptime_last_day(hours),uptime_last_week(hours),"
    "downtime_last_hour(minutes),downtime_last_day(hours),downtime_last_week(hours)"
)

WAITING, PULLING = "waiting for its turn", "reading polls, hours and zones"
INSIDE = re.compile(
    r"traceback|file \"|site-packages|\.py\b|postgresql:|localhost|host=|/tmp|psycopg|litestar|msgspec|test_[0-9a-f]"
    r"|\bselect\b|store_uptime\.|\bat 0x",
    re.IGNORECASE,
)
NUMBERS = itertools.count(1)  # lookbacks that no two reports share


@dataclass
class Running:
    """A server that listens on `url`; what it logs is in `log`."""

    process: "subprocess.Popen[bytes]"
    url: str
    log: Path

    def client(self, **options: Any) -> httpx.Client:
        """A client of it."""
        options.setdefault("verify", self.url.startswith("https:"))  # authorities take longer to read than most tests
        return httpx.Client(base_url=self.url, timeout=30, **options)

    def logged(self) -> list[dict[str, Any]]:
        """The lines of its log; those of native libraries aside."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def workers(self) -> list[psutil.Process]:
        """Its worker processes that live."""
        return [child for child in psutil.Process(self.process.pid).children() if is_worker(child)]

    def kill(self) -> None:
        """End it with -9, its workers not."""
        self.process.kill()
        self.process.wait()

    def stop(self, seconds: float = 60) -> int:
        """End it as a service manager does, and give its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


@contextmanager
def started(database: str, *options: str, **environment: str) -> Iterator[Running]:
    """A server that was just started, perhaps not yet ready; stopped with the block.

    database: nothing where its environment names one.
    """
    with open_folder() as folder:
        log = folder / "serve.log"
        place = ["--database", database] if database else []
        command = [COMMAND, "serve", *place, "--port", "0", *options]
        with log.open("wb") as said:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=said, env=surroundings(**environment))
        try:
            eventually(lambda: address(log) or process.poll() is not None, 30)
            yield Running(process, address(log), log)
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def running(database: str, *options: str, **environment: str) -> Iterator[Running]:
    """A server that is ready for reports."""
    with started(database, *options, **environment) as server:
        with server.client() as client:
            eventually(lambda: is_ready(client) or server.process.poll() is not None, 60)
        assert server.process.poll() is None, server.log.read_text(encoding="utf-8")
        yield server


def address(log: Path) -> str:
    """Where a server listens, from its log; nothing while it does not say so."""
    for line in log.read_text(encoding="utf-8").splitlines():
        if '"listening"' in line:
            return json.loads(line)["url"]
    return ""


def is_ready(client: httpx.Client) -> bool:
    """Whether it runs reports."""
    with suppress(httpx.TransportError):
        return client.get("/ready").is_success
    return False


def loaded(database: str, feed: Path) -> None:
    """Load a feed into a database."""
    assert len(list(load_files(feed, database, feed.parent / "rejects"))) == 3


def trigger(client: httpx.Client, **body: object) -> str:
    """The id of the report that a trigger leads to."""
    answer = client.post("/trigger_report", json=body)
    assert answer.status_code == 202, answer.text
    return answer.json()["report_id"]


def finished(client: httpx.Client, report_id: str, seconds: float = 60) -> dict[str, Any]:
    """The status of a report, once it does not run any more."""
    deadline = time.monotonic() + seconds
    while True:
        status = client.get(f"/get_report/{report_id}", params={"status_only": True}).json()
        if status["status"] != "Running":
            return status
        assert time.monotonic() < deadline, status
        time.sleep(0.05)


def complete(client: httpx.Client, **body: object) -> str:
    """The id of the report that a trigger leads to, once it is complete."""
    report_id = trigger(client, **body)
    status = finished(client, report_id)
    assert status["status"] == "Complete", status
    return report_id


@contextmanager
def held_up(database: str) -> Iterator[None]:
    """No run comes to its end within the block: each waits for a table that a trigger's own look has no need of."""
    with psycopg.connect(database) as connection:
        connection.execute("lock table timezones in access exclusive mode")
        yield


@contextmanager
def occupied(database: str, client: httpx.Client, workers: int = 2) -> Iterator[list[str]]:
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


def is_worker(process: psutil.Process) -> bool:
    """Whether a process is a worker that lives."""
    with suppress(psutil.NoSuchProcess):
        return "anyio" in " ".join(process.cmdline())
    return False


def touch(database: str) -> None:
    """A transaction that might have written: what was computed before will not do for a new trigger."""
    run(database, "select pg_current_xact_id()")


def problem(answer: httpx.Response, status: int) -> str:
    """The sentence of an answer that is a problem, and nothing but a problem."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert told.keys() == {"status", "title", "detail", "error"}
    assert (told["status"], told["title"]) == (status, HTTPStatus(status).phrase)
    assert told["detail"] == told["error"] != ""
    assert not INSIDE.search(answer.text), answer.text
    return told["error"]


def keys(*arguments: str, status: int = 0, **environment: str) -> tuple[str, str]:
    """What `store-uptime keys` says, on stdout and on stderr."""
    done = store_uptime("keys", *arguments, cwd=Path(), **environment)
    assert done.returncode == status, done.stderr
    return done.stdout.decode(), done.stderr.decode()


def new_key(registry: str, name: str) -> str:
    """A key under a name."""
    return keys("add", name, "--registry", registry)[0].strip()


def bearer(key: str) -> dict[str, str]:
    """The header that shows a key."""
    return {"Authorization": f"Bearer {key}"}


def alive(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False
