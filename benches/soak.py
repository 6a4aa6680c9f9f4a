"""Whether a service grows: `python -m benches.soak [--minutes 30]`.

Clients trigger reports of all stores and of one, fetch them in every format, look at the page and at weeks of stores,
and run a schedule whose files go out, while the server keeps no more than 40 reports. Each line of the table is a
moment: memory in MiB, threads and descriptors of the server and of its workers together, and what the registry holds.
In the end the medians of the last third stand beside those of the first, the first minute aside.
`--smoke`: a few seconds; every answer must be as documented.
"""

import itertools
import os
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime, timedelta
from statistics import median

import httpx
import psutil
import psycopg

from benches.arguments import minutes, scale
from benches.common import compile_packages, machine
from benches.served import SETTLED_S, Served, served_sample
from store_uptime.service.testing import Service

CLIENTS, MINUTES, STORES, DAYS = 6, 30.0, 500, 15
SMOKE = (2, 0.1, 30, 10)
KEPT = 40  # few, so that reports are removed from the first minute on
PAUSE_S = 0.2
WEEK_END = datetime(2026, 3, 10, 12, tzinfo=UTC)
FORMATS = ("csv", "json", "xlsx", "parquet")
ROWS = "select count(*) filter (where status <> 'removed'), count(*) from store_uptime.report"


@dataclass(frozen=True)
class Moment:
    """What a service takes at a moment."""

    seconds: float
    server_mib: float
    workers_mib: float
    server_threads: int
    workers_threads: int
    descriptors: int
    kept_reports: int
    rows: int
    registry_mib: float


class Visitor:
    """A client that makes every kind of request, in random order."""

    def __init__(self, service: Service, stores: list[str], numbers: "itertools.count[int]") -> None:
        self._client, self._stores, self._numbers = service.client(), stores, numbers
        self._chance = random.Random(next(numbers))
        self.answers = 0

    def until(self, is_over: Callable[[], bool]) -> int:
        """Go on until it is over; how many answers there were. Raises httpx.HTTPStatusError."""
        requests = (self.report, self.report_of_a_store, self.fleet, self.week, self.history, self.schedule)
        while not is_over():
            self._chance.choice(requests)()
            time.sleep(PAUSE_S)
        self._client.close()
        return self.answers

    def report(self, **options: str) -> None:
        """A report with a `now` of its own, and its file in one of the formats."""
        # Equal triggers are joined to one report, so each has a `now` of its own.
        now = WEEK_END - timedelta(seconds=next(self._numbers))
        answer = self._request("POST", "/trigger_report", json={"now": now.isoformat(), **options})
        path = f"/get_report/{answer.json()['report_id']}"
        while (answer := self._request("GET", path, status_only="true")).json()["status"] == "Running":
            time.sleep(PAUSE_S)
        if answer.json()["status"] != "Complete":
            raise ValueError(answer.text)
        self._request("GET", path, format=self._chance.choice(FORMATS))

    def report_of_a_store(self) -> None:
        """The same of one store."""
        self.report(store_id=self._chance.choice(self._stores))

    def fleet(self) -> None:
        """The page."""
        self._request("GET", "/")

    def week(self) -> None:
        """One store's week, from the tables as they are."""
        self._request("GET", "/timeline", store_id=self._chance.choice(self._stores))

    def history(self) -> None:
        """What there was."""
        self._request("GET", "/reports")

    def schedule(self) -> None:
        """A report whose file goes out."""
        self._request("POST", "/schedules/soak/run")

    def _request(self, method: str, path: str, json: object = None, **query: str) -> httpx.Response:
        self.answers += 1
        return self._client.request(method, path, json=json, params=query).raise_for_status()


def main() -> None:
    """Make the feed, serve, visit, look, print."""
    clients, default, stores, days = scale((CLIENTS, MINUTES, STORES, DAYS), SMOKE)
    length = minutes(default)
    compile_packages()
    with served_sample(stores, days, "--keep-reports", str(KEPT), "--destination", "box=FOLDER/box") as served:
        print(machine())
        print("  ".join(field.name for field in fields(Moment)))
        answers, moments = visited(served, clients, 60 * length)
    print(f"{answers:,} answers to {clients} clients in {length:g} minutes, all as documented")
    print(compared(moments))


def visited(served: Served, clients: int, seconds: float) -> tuple[int, list[Moment]]:
    """How many answers the visitors had, and what the service took meanwhile."""
    over, numbers, service = threading.Event(), itertools.count(), served.service
    with service.client() as client:
        stores = client.get("/stores", params={"limit": 100}).raise_for_status().json()["stores"]
        box = {"name": "soak", "cron": "0 0 1 1 *", "deliver_to": ["box"]}
        client.post("/schedules", json=box).raise_for_status()
    with ThreadPoolExecutor(clients) as threads:
        visits = [threads.submit(Visitor(service, stores, numbers).until, over.is_set) for _ in range(clients)]
        try:
            moments = watch(served, seconds)
        finally:
            over.set()
        return sum(visit.result() for visit in visits), moments


def watch(served: Served, seconds: float) -> list[Moment]:
    """A moment twenty times a minute; prints one of them as a line of the table once a minute."""
    start, moments, next_line_s = time.monotonic(), list[Moment](), 0.0
    while (passed := time.monotonic() - start) < seconds:
        moments.append(moment(served, passed))
        if passed >= next_line_s:
            print("  ".join(f"{value:,.0f}" for value in astuple(moments[-1])), flush=True)
            next_line_s += 60
        time.sleep(min(3.0, seconds / 10))
    return moments


def moment(served: Served, seconds: float) -> Moment:
    """What the service takes now."""
    server = psutil.Process(served.service.process.pid)
    sizes = []
    for worker in server.children(recursive=True):
        with suppress(psutil.Error):  # a worker may be replaced at this moment
            sizes.append((worker.memory_info().rss / 2**20, worker.num_threads()))
    with psycopg.connect(served.database) as connection:
        kept, rows = connection.execute(ROWS).fetchone() or (0, 0)
        size = connection.execute("select pg_total_relation_size('store_uptime.report')").fetchone() or (0,)
    return Moment(
        seconds=seconds,
        server_mib=server.memory_info().rss / 2**20,
        workers_mib=sum(mib for mib, _ in sizes),
        server_threads=server.num_threads(),
        workers_threads=sum(threads for _, threads in sizes),
        descriptors=server.num_fds(),
        kept_reports=kept,
        rows=rows,
        registry_mib=size[0] / 2**20,
    )


def compared(moments: list[Moment]) -> str:
    """The medians of the first third and of the last."""
    settled = [each for each in moments if each.seconds >= min(SETTLED_S, moments[-1].seconds / 4)] or moments
    third = max(1, len(settled) // 3)
    lines = [f"{'median of':16} {'first third':>12} {'last third':>12}"]
    for field in fields(Moment)[1:]:
        early, late = (
            median(getattr(each, field.name) for each in part) for part in (settled[:third], settled[-third:])
        )
        lines.append(f"{field.name:16} {early:12,.1f} {late:12,.1f}")
    return "\n".join(lines)


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    main()
