"""What Prometheus can ask: how many, how long, how late, how many failed, how full.

Requests are counted by Litestar's plugin; the numbers here are about reports, of this server.
"""

from prometheus_client import Counter, Gauge, Histogram

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
DELIVERIES = Counter(
    "store_uptime_deliveries",
    "Tries to deliver, by kind and by outcome: delivered, failed, given up.",
    ["kind", "outcome"],
)
DELIVERIES_WAITING = Gauge(
    "store_uptime_waiting_deliveries", "Files and announcements of all servers that are to go out."
)
DELIVERIES_FAILED = Gauge("store_uptime_failed_deliveries", "Files and announcements that were given up.")
