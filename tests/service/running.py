"""The service as its users run it: a process of its own, over a real database, called over HTTP."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from pipeline import load_files
from tests.feeds import COMMAND, surroundings
from tests.postgres import eventually, open_folder

CLASSIC_HEADER = (
    "store_id,uptime_last_hour(minutes),uptime_last_day(hours),uptime_last_week(hours),"
    "downtime_last_hour(minutes),downtime_last_day(hours),downtime_last_week(hours)"
)


@dataclass
class Running:
    """A server that listens on `url`; what it logs is in `log`."""

    process: "subprocess.Popen[bytes]"
    url: str
    log: Path

    def client(self, **options: Any) -> httpx.Client:
        """A client of it."""
        return httpx.Client(base_url=self.url, timeout=30, **options)

    def logged(self) -> list[dict[str, Any]]:
        """The lines of its log; those of native libraries aside."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def workers(self) -> list[psutil.Process]:
        """Its worker processes."""
        return [child for child in psutil.Process(self.process.pid).children() if "anyio" in " ".join(child.cmdline())]

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
    """A server that was just started, perhaps not yet ready; stopped with the block."""
    with open_folder() as folder:
        log = folder / "serve.log"
        command = [COMMAND, "serve", "--database", database, "--port", "0", *options]
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


def alive(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False
