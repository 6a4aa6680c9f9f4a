"""A report from the service, whose workers are warm, beside the cold command line: `python -m benches.warm`.

Both over the tables of the same sample, in turn, and a new hour of polls comes before each round, so that no report can
stand for another. Times of the service are what a client waits: from its request to the first status that says
Complete, asked for every 5 ms, and to the first byte of the CSV. In every round the two files must be the same, byte
for byte. Then reports of one store, and the timeline of one store in the last whole report.
`--smoke`: small data, two rounds, nothing judged.
"""

import json
import sys
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote, urlsplit

import psycopg
from psycopg.sql import SQL

from benches.arguments import is_smoke, scale
from benches.common import (
    STORE_UPTIME,
    at_most,
    between,
    compile_packages,
    execute,
    load_typed,
    machine,
    markdown,
    measured,
    spread,
)
from store_uptime.pipeline import throwaway_server
from store_uptime.pipeline.sample.sample import END
from store_uptime.service.settings import Settings
from store_uptime.service.testing import serving

STORES, DAYS, TIMES = 3_678, 21, 7
SMOKE = (150, 9, 2)
ASK_EVERY_S = 0.005
NEW_HOUR = SQL("""
insert into store_status (store_id, timestamp_utc, status)
select distinct on (store_id) store_id, timestamp_utc + interval '1 hour', status
from store_status
order by store_id, timestamp_utc desc, status
""")
STORE_IDS = "select distinct store_id from store_status order by store_id limit %s"
COLD, COMPLETE, FIRST_BYTE = "command line, cold", "service, to Complete", "service, to the first byte of the CSV"
ONE_STORE, TIMELINE = "service, one store, to Complete", "service, timeline of one store"


@dataclass
class Seen:
    """Seconds of each kind, and the id of the newest whole report."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    report_id: str = ""

    def add(self, kind: str, seconds: float) -> None:
        """One more."""
        self.seconds.setdefault(kind, []).append(seconds)


def main() -> None:
    """Make the tables, serve, measure, print."""
    stores, days, times = scale((STORES, DAYS, TIMES), SMOKE)
    compile_packages()
    with TemporaryDirectory() as name, throwaway_server() as database:
        folder = Path(name)
        load_typed(database, folder / "feed", stores, days)
        with serving("--database", database) as service, connected(service.url) as client:
            warmed_up(client, database, folder)
            seen = rounds(client, database, folder, times)
            single_stores(client, some_stores(database, times), seen)
    print(f"{machine()}\n\n{stores:,} stores, {days} days of polls, runs of each: {times}\n")
    print(table(seen))
    if not is_smoke():
        print("\n".join(["", *targets(seen)]))


@contextmanager
def connected(url: str) -> Generator[HTTPConnection]:
    """One connection, kept for all requests."""
    with closing(HTTPConnection(urlsplit(url).netloc, timeout=600)) as client:
        yield client


# --- Requests ---


def answer(client: HTTPConnection, method: str, path: str, body: object = None) -> bytes:
    """What is answered; ends where that is not a success."""
    client.request(method, path, None if body is None else json.dumps(body))
    response = client.getresponse()
    content = response.read()
    if not 200 <= response.status < 300:
        sys.exit(f"{method} {path} was answered with {response.status} {content.decode()}")
    return content


def triggered(client: HTTPConnection, **options: str) -> str:
    """The id of a report that is on its way."""
    return str(json.loads(answer(client, "POST", "/trigger_report", options))["report_id"])


def completed(client: HTTPConnection, report_id: str) -> None:
    """Ask until it says Complete."""
    while (word := status(client, report_id)) == "Running":
        time.sleep(ASK_EVERY_S)
    if word != "Complete":
        sys.exit(f"report {report_id} ended as {word}")


def status(client: HTTPConnection, report_id: str) -> str:
    """Where a report stands."""
    return str(json.loads(answer(client, "GET", f"/get_report/{report_id}?status_only=true"))["status"])


def first_byte_then_all(client: HTTPConnection, report_id: str) -> tuple[float, bytes]:
    """When the first byte of the CSV is there, and the CSV."""
    client.request("GET", f"/get_report/{report_id}")
    response = client.getresponse()
    first = response.read(1)
    return time.perf_counter(), first + response.read()


# --- Rounds ---


def warmed_up(client: HTTPConnection, database: str, folder: Path) -> None:
    """A report in every worker, all at once so that each meets another one; and one round that does not count."""
    moments = (END - timedelta(minutes=worker + 1) for worker in range(Settings.workers))
    for report_id in [triggered(client, now=moment.isoformat()) for moment in moments]:
        completed(client, report_id)
    rounds(client, database, folder, 1)


def rounds(client: HTTPConnection, database: str, folder: Path, times: int) -> Seen:
    """In each an hour of polls comes, and then the report is made both ways: now one is first, now the other."""
    seen = Seen()
    ways = [partial(warm, client, seen), partial(cold, database, folder / "cold.csv", seen)]
    for _ in range(times):
        execute(database, NEW_HOUR)  # as long as no poll is new, the service answers with the report that it has
        one, other = (way() for way in ways)
        if one != other:
            sys.exit("the service's CSV is not that of the command line")
        ways.reverse()
    return seen


def cold(database: str, out: Path, seen: Seen) -> bytes:
    """The command line's CSV."""
    seen.add(COLD, measured((STORE_UPTIME, "report", "--source", database, "--out", str(out))).wall_s)
    return out.read_bytes()


def warm(client: HTTPConnection, seen: Seen) -> bytes:
    """The service's CSV."""
    began = time.perf_counter()
    seen.report_id = triggered(client)
    completed(client, seen.report_id)
    seen.add(COMPLETE, time.perf_counter() - began)
    first, content = first_byte_then_all(client, seen.report_id)
    seen.add(FIRST_BYTE, first - began)
    return content


def single_stores(client: HTTPConnection, stores: list[str], seen: Seen) -> None:
    """A report of each, and its timeline in the newest whole report; the first of them does not count."""
    for number, store in enumerate(stores):
        count = seen if number else Seen()
        began = time.perf_counter()
        completed(client, triggered(client, store_id=store))
        count.add(ONE_STORE, time.perf_counter() - began)
        began = time.perf_counter()
        answer(client, "GET", f"/timeline?store_id={quote(store)}&report_id={seen.report_id}")
        count.add(TIMELINE, time.perf_counter() - began)


def some_stores(database: str, times: int) -> list[str]:
    """So many stores, and one to warm up with."""
    with psycopg.connect(database) as connection:
        return [store for (store,) in connection.execute(STORE_IDS, [times + 1])]


# --- The table ---


def table(seen: Seen) -> str:
    """Markdown: what is waited for, a kind a line."""
    cold_s = between(seen.seconds[COLD])[0]
    head = ["", "median s", "least – most", "times cold"]
    return markdown(
        head, [[kind, *spread(each), f"{between(each)[0] / cold_s:.2f}"] for kind, each in seen.seconds.items()]
    )


def targets(seen: Seen) -> list[str]:
    """What this run says about each target."""
    middle = {kind: between(each)[0] for kind, each in seen.seconds.items()}
    return [
        at_most("to Complete / cold", middle[COMPLETE] / middle[COLD], 0.4),
        at_most("one store", 1000 * middle[ONE_STORE], 100, " ms"),
        at_most("timeline", 1000 * middle[TIMELINE], 100, " ms"),
    ]


if __name__ == "__main__":
    main()
