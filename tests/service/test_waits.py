"""Every wait has an end: a registry that is frozen, locked, read-only or without its tables, a source that is locked,
another server that is paused or newer. One server, whose registry and tables are on a server of their own."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest

from service.causes import Cause
from service.errors import RegistryUnreachable
from service.heartbeat import Heartbeat, Troubles
from service.registry import Registry
from service.settings import Timing
from service.statements import statements
from service.testing import Service
from service.threads import Threads
from tests.postgres import Cluster, eventually, fresh_database, new_cluster, pgbouncer, run
from tests.service.running import BRISK, complete, finished, loaded, problem, running, step, trigger

pytestmark = pytest.mark.long  # a cluster and servers of its own

SHORT = BRISK | {
    f"STORE_UPTIME_TIMING_{name}_S": seconds
    for name, seconds in {"CONNECTION": "1", "STATEMENT": "0.5", "IDLE": "0.5", "LOOK": "0.5", "PROBE": "0.1"}.items()
}
IN_TIME_S = 4.0  # a connection, a statement, and a second to cancel each
QUICK = Timing(connection_s=1, statement_s=0.3, idle_s=0.3)
STORED = ("/", "/reports", "/get_report/{id}", "/get_report/{id}?format=json", "/view/{id}", "/view/{id}/data")


@pytest.fixture(scope="module")
def cluster(feed: Path) -> Iterator[Cluster]:
    """A server with the tables and the registry."""
    with new_cluster() as cluster, cluster.running():
        loaded(cluster.socket_url, feed)
        yield cluster


@pytest.fixture(scope="module")
def server(cluster: Cluster) -> str:
    """Its address."""
    return cluster.socket_url


@pytest.fixture(scope="module")
def service(server: str) -> Iterator[Service]:
    """A service over it that waits for nothing for long."""
    with running(server, **SHORT) as service:
        yield service


@pytest.fixture(scope="module")
def known(service: Service) -> str:
    """A report that is stored."""
    with service.client() as client:
        return complete(client)


@pytest.fixture
def client(service: Service, known: str) -> Iterator[httpx.Client]:
    """A client of it; the server is well before and after."""
    with service.client() as client:
        eventually(lambda: client.get("/ready").is_success, 10)
        yield client
        eventually(lambda: client.get("/ready").is_success, 10)
        complete(client, now="2026-03-09T12:00:00Z")
        assert [line for line in service.logged() if line["level"] == "error"] == []


@contextmanager
def frozen(cluster: Cluster) -> Iterator[None]:
    """Every process of a PostgreSQL server is stopped, and goes on after the block."""
    postmaster = psutil.Process(int((cluster.data / "postmaster.pid").read_text().split()[0]))
    stopped = [postmaster, *postmaster.children()]
    try:
        for process in stopped:
            process.suspend()
        yield
    finally:
        for process in stopped:
            process.resume()


@contextmanager
def locked(database: str, table: str) -> Iterator[None]:
    """A table is locked, as by VACUUM FULL or ALTER TABLE."""
    with psycopg.connect(database) as connection:
        connection.execute(f"lock table {table} in access exclusive mode")  # pyrefly: ignore
        yield


@contextmanager
def changed(database: str, change: str, undo: str) -> Iterator[None]:
    """A change for the block."""
    run(database, *change.split("; "))
    try:
        yield
    finally:
        run(database, *undo.split("; "))


def refused(service: Service, client: httpx.Client, method: str, path: str, cause: Cause) -> str:
    """The sentence of a 503 that came in time, with its cause in the one line of the log."""
    begun = time.monotonic()
    answer = client.request(method, path)
    assert time.monotonic() - begun < IN_TIME_S
    sentence = problem(answer, 503)
    assert answer.headers["Retry-After"]
    request_id = answer.headers["X-Request-ID"]
    eventually(lambda: any(line.get("request_id") == request_id for line in service.logged()))
    lines = [line for line in service.logged() if line.get("request_id") == request_id]
    assert [line["cause"] for line in lines if line["event"] == "request"] == [cause]
    return sentence


def at_once(client: httpx.Client, path: str) -> httpx.Response:
    """What is answered without a wait."""
    begun = time.monotonic()
    answer = client.get(path)
    assert time.monotonic() - begun < 0.3
    return answer


