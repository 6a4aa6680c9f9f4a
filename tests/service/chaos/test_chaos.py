"""Chaos: clients trigger reports while workers, servers and the database are killed with -9 at random moments.

CI has a few reports, `just chaos` 300. CHAOS_SEED says who is killed.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.service.chaos.crowd import (
    CLIENTS,
    SEED,
    SERVERS,
    Database,
    Servers,
    connections,
    expected,
    is_sentence,
    options_of,
    stores_of,
    unfinished,
)
from tests.support.postgres import eventually, new_cluster, open_folder
from tests.support.running import BRISK, loaded, started, started_with

PAUSE_S = (0.1, 1.5)
RESPITE_S = 5.0  # without a report that ends; on a slow machine kill after kill would let nothing begin
VICTIMS = {"worker": 8, "server": 2, "database": 1}  # and how often each
SHARED_MEMORY = Path("/dev/shm")


@pytest.mark.parametrize(
    ("number", "least"),  # of a few, chance has a say in how many are killed
    [pytest.param(5, 1, marks=pytest.mark.long), pytest.param(300, 151, marks=pytest.mark.nightly)],
)
def test_every_report_is_right_or_says_why_not_whatever_is_killed(feed: Path, number: int, least: int) -> None:
    start, shared = time.monotonic(), shared_memory()
    with open_folder() as folder, new_cluster() as cluster, Database(cluster) as database:
        loaded(cluster.socket_url, feed)
        with Servers(lambda: started(cluster.socket_url, TMPDIR=str(folder), **BRISK)) as servers:
            with killing(database, servers) as killed, ThreadPoolExecutor(CLIENTS) as clients:
                reports = list(clients.map(servers.report, options_of(number, stores_of(cluster))))
            errors = Counter(report.error for report in reports)
            print(f"\n{number} reports in {time.monotonic() - start:.0f} s, killed {dict(killed)}: {dict(errors)}")
            assert all(servers.file(report) == report.file for report in reports if report.file)
        assert servers.exit_statuses == [0] * SERVERS
        assert servers.unexpected == []
        assert unfinished(cluster) == []
        assert [report for report in reports if report.file and report.file != expected(cluster, report)] == []
        assert [report.error for report in reports if not (report.file or is_sentence(report.error))] == []
        assert errors[""] >= least
        eventually(lambda: connections(cluster) == 0)
        eventually(lambda: started_with(folder) == [])
        assert list(folder.iterdir()) == []
    assert shared_memory() <= shared


@contextmanager
def killing(database: Database, servers: Servers) -> Generator[Counter[str]]:
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


def shared_memory() -> set[str]:
    """The names in shared memory, but PostgreSQL's, which sees to them at its next start."""
    return {path.name for path in SHARED_MEMORY.iterdir() if not path.name.startswith("PostgreSQL.")}
