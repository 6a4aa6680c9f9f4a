"""What Prometheus can ask: how many, how long, how late, how many failed, how full.

Requests are counted by Litestar's plugin; the numbers here are about reports, of this server.
"""

from collections import Counter as Tally
from collections.abc import Sequence
from datetime import datetime
from math import nan
from time import time
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram

from pipeline import WARNING_CODES

if TYPE_CHECKING:
    from service.pool import Workers

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
DESK_WAITING = Gauge("store_uptime_desk_waiting", "Files and views that wait for a worker, by lane.", ["lane"])
WORKER_THREADS = Gauge("store_uptime_worker_threads", "Threads of the worker process that has most of them.")
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


def note_workers(workers: "Workers") -> None:
    """Tell how the worker processes are, as of when it is asked."""
    WORKERS_LOST.set_function(lambda: workers.lost)
    WORKERS_REPLACED.set_function(lambda: workers.replaced)
    WORKER_THREADS.set_function(lambda: workers.most_threads)
    for lane in workers.waiting:
        DESK_WAITING.labels(lane).set_function(lambda lane=lane: workers.waiting[lane])


def note_data(newest_poll: datetime | None, codes: Sequence[str]) -> None:
    """Tell how new the data is, as of when it is asked, and what is probably wrong with it."""
    DATA_AGE.set_function(lambda: nan if newest_poll is None else time() - newest_poll.timestamp())
    tally = Tally(codes)
    for code in WARNING_CODES:
        WARNINGS.labels(code).set(tally[code])


note_data(None, ())
