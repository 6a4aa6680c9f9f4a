"""What Prometheus can ask: how many, how long, how late, how many failed, how full.

Requests are counted by Litestar's plugin, and memory, descriptors and processor time of the server's own process by
prometheus-client. Gauges say whether they are of this server or of all servers on the registry. Those that are
looked up only when they are read get their functions from `watch_gauges`.
"""

import os
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from math import nan
from pathlib import Path
from time import monotonic, time
from typing import Protocol

from prometheus_client import Counter, Gauge, Histogram

from store_uptime.pipeline import WARNING_CODES

SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)

RUNS = Histogram(
    "store_uptime_run_seconds",
    "Length of runs, by what became of them: complete, error, cancelled, discarded (somebody else has it by now).",
    ["outcome"],
    buckets=SECONDS,
)
WAITED = Histogram("store_uptime_wait_seconds", "Time from a trigger until its run began.", buckets=SECONDS)
WAITING = Gauge("store_uptime_waiting_reports", "Reports of all servers that wait for their turn.")
RUNNING = Gauge("store_uptime_running_reports", "Reports that run on this server.")
WORKERS = Gauge("store_uptime_workers", "Reports that can run on this server at once.")
QUEUE = Gauge("store_uptime_queue_limit", "Reports that may wait.")
WORKERS_LOST = Gauge("store_uptime_workers_lost", "Worker processes that ended unexpectedly since the start.")
WORKERS_REPLACED = Gauge(
    "store_uptime_workers_replaced", "Worker processes that were replaced because they were spent, since the start."
)
DELIVERIES = Counter(
    "store_uptime_deliveries",
    "Tries to deliver, by kind and by outcome: delivered, failed, given up.",
    ["kind", "outcome"],
)
DELIVERIES_WAITING = Gauge(
    "store_uptime_waiting_deliveries", "Files and announcements of all servers that are to go out."
)
DELIVERIES_FAILED = Gauge("store_uptime_failed_deliveries", "Files and announcements that were given up.")
DATA_AGE = Gauge(
    "store_uptime_data_age_seconds",
    "Time since the newest poll of the newest report of all stores whose now was not given; NaN where there is none.",
)
WARNINGS = Gauge("store_uptime_warnings", "Warnings of that report, by code.", ["code"])

OLDEST_WAITING = Gauge(
    "store_uptime_oldest_waiting_seconds", "How long the report of all servers has waited that waits the longest."
)
LATE_DUE_TIMES = Gauge(
    "store_uptime_late_due_times", "Due times of schedules that have passed and have no finished report yet."
)
OLDEST_DUE_TIME = Gauge("store_uptime_oldest_due_time_seconds", "How long ago the oldest of them was.")
OLDEST_LEASE = Gauge(
    "store_uptime_oldest_lease_seconds",
    "How long ago the lease of a run was renewed whose last renewal is the longest ago; 0 where none runs.",
)
BEAT_AGE = Gauge(
    "store_uptime_beat_age_seconds",
    "Time since this server last looked through what is due, runs and goes out; it does so every second.",
)
THREADS = Gauge("store_uptime_threads", "Threads of this server's own process.")
WORKER_THREADS = Gauge("store_uptime_worker_threads", "Threads of all its worker processes together.")
WORKER_MEMORY = Gauge("store_uptime_worker_resident_memory_bytes", "Resident memory of them together.")
INTERACTIVE_RUNNING = Gauge(
    "store_uptime_desk_running", "Files and views that this server is making, by lane.", ["lane"]
)
INTERACTIVE_WAITING = Gauge("store_uptime_desk_waiting", "Files and views that wait for that, by lane.", ["lane"])
CONNECTIONS = Gauge(
    "store_uptime_registry_connections", "Connections of this server to the registry, by state.", ["state"]
)
CONNECTIONS_WAITING = Gauge("store_uptime_registry_waiting", "Statements that wait for such a connection.")

PROC = Path("/proc")
KIBIBYTE = 1024


@dataclass(frozen=True)
class Pool:
    """Connections to the registry: how many are there, how many of them are idle, how many statements wait for one."""

    size: int
    idle: int
    waiting: int


class Lane(Protocol):
    """A lane of short work, as far as it is measured."""

    @property
    def running(self) -> int: ...

    @property
    def waiting(self) -> int: ...


class WorkerCounts(Protocol):
    """The worker processes of a server, as far as they are measured."""

    @property
    def lost(self) -> int: ...

    @property
    def replaced(self) -> int: ...

    @property
    def turns(self) -> Iterable[tuple[str, Lane]]: ...


def watch_gauges(workers: WorkerCounts, pool: Callable[[], Pool]) -> None:
    """Have gauges of this server ask for their values whenever they are read.

    pool: the connections to the registry.
    """
    # Looked up when Prometheus reads them: nothing needs to remember to set them.
    WORKERS_LOST.set_function(lambda: workers.lost)
    WORKERS_REPLACED.set_function(lambda: workers.replaced)
    for name, turns in workers.turns:
        INTERACTIVE_RUNNING.labels(name).set_function(lambda turns=turns: turns.running)
        INTERACTIVE_WAITING.labels(name).set_function(lambda turns=turns: turns.waiting)
    CONNECTIONS.labels("in use").set_function(lambda: pool().size - pool().idle)
    CONNECTIONS.labels("idle").set_function(lambda: pool().idle)
    CONNECTIONS_WAITING.set_function(lambda: pool().waiting)
    THREADS.set_function(lambda: process_status(os.getpid(), "Threads"))
    WORKER_THREADS.set_function(lambda: sum(process_status(worker, "Threads") for worker in child_processes()))
    WORKER_MEMORY.set_function(lambda: KIBIBYTE * sum(process_status(worker, "VmRSS") for worker in child_processes()))


def child_processes() -> list[int]:
    """The processes that the main thread of this one has started; none on systems but Linux."""
    children = PROC / f"self/task/{os.getpid()}/children"
    return [int(word) for word in children.read_text().split()] if children.exists() else []


def process_status(process: int, name: str) -> float:
    """A number of /proc/PID/status; 0 of one that has just ended, NaN on other systems."""
    if not PROC.exists():
        return nan
    lines: list[str] = []
    with suppress(OSError):
        lines = (PROC / f"{process}/status").read_text().splitlines()
    return next((float(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0.0)


def set_beat() -> None:
    """The server has just looked through all that there is to do."""
    began = monotonic()
    BEAT_AGE.set_function(lambda: monotonic() - began)


def set_lateness(oldest_waiting: float, late_due_times: int, oldest_due_time: float, oldest_lease: float) -> None:
    """How late all servers are: see the gauges. The ages, in seconds, grow until they are set again."""
    LATE_DUE_TIMES.set(late_due_times)
    OLDEST_WAITING.set_function(age_since(oldest_waiting))
    OLDEST_DUE_TIME.set_function(age_since(oldest_due_time))
    OLDEST_LEASE.set_function(age_since(oldest_lease))


def age_since(seconds: float) -> Callable[[], float]:
    # By this server's clock: between two looks at the registry a gauge that stands still would look like "all is well".
    began = monotonic() - seconds
    return lambda: monotonic() - began if seconds else 0.0


def set_data(newest_poll: datetime | None, codes: Sequence[str]) -> None:
    """How new the data is, as of when the gauge is read, and what is probably wrong with it."""
    DATA_AGE.set_function(lambda: nan if newest_poll is None else time() - newest_poll.timestamp())
    tally = Tally(codes)
    for code in WARNING_CODES:
        WARNINGS.labels(code).set(tally[code])


set_data(None, ())
for outcome in ("complete", "error", "cancelled", "discarded"):
    RUNS.labels(outcome)  # a counter that is not there before its first event hides that event from `increase`
for kind in ("file", "webhook"):
    for outcome in ("delivered", "failed", "given up"):
        DELIVERIES.labels(kind, outcome)
