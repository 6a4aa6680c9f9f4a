"""Rows of the service: what a client waits, from its request to the first status that says Complete.

warm    a report of all stores, its workers warm, beside the cold command line; a new hour of polls comes before each
        round, so that no report can stand for another, and the files of a round must be the same, byte for byte
store   one store of many: its report, and its timeline in a report of all; another store each time

Statuses are asked for every 2 ms. Each version serves with a registry of its own, over the same tables.
"""

import json
import subprocess
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from functools import partial
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

import psycopg
from psycopg.sql import SQL

from benches.common import Failed, Outcome, Run, execute
from benches.data import Data, Version, new_database
from store_uptime.pipeline.sample.sample import END

COLD, COMPLETE, TIMELINE = "command line, cold", "trigger to Complete", "timeline"
ASK_EVERY_S = 0.002
WARM_UPS = 4  # more than there are workers
NEW_HOUR = SQL("""
insert into store_status (store_id, timestamp_utc, status)
select distinct on (store_id) store_id, timestamp_utc + interval '1 hour', status
from store_status
order by store_id, timestamp_utc desc, status
""")
SOME_STORES = """
select store_id from menu_hours group by store_id having exists (
    select from store_status as polled where polled.store_id = menu_hours.store_id
) order by hashtext(store_id) limit %s
"""
SERVE = """
import sys
from store_uptime.service.testing import serving
with serving("--database", sys.argv[1], "--registry", sys.argv[2]) as service:
    print(service.url, flush=True)
    sys.stdin.read()
"""


class Client:
    """One connection to a service, kept for all requests."""

    def __init__(self, connection: HTTPConnection) -> None:
        self._connection = connection
        self.report_id = ""

    def answer(self, method: str, path: str, body: object = None) -> bytes:
        """What is answered. Raises Failed where that is not a success."""
        self._connection.request(method, path, None if body is None else json.dumps(body))
        response = self._connection.getresponse()
        content = response.read()
        if not 200 <= response.status < 300:
            raise Failed(f"{method} {path} was answered with {response.status} {content.decode()}")
        return content

    def complete(self, **options: str) -> Run:
        """From the trigger to the first status that says Complete."""
        began = time.perf_counter()
        self.report_id = self._trigger(**options)
        self._await(self.report_id)
        return Run(time.perf_counter() - began)

    def warm_up(self, **options: str) -> None:
        """A report in every worker: all at once, of moments of their own, so that none stands for another."""
        moments = [END - timedelta(minutes=number) for number in range(1, WARM_UPS + 1)]
        for report_id in [self._trigger(**options, now=moment.isoformat()) for moment in moments]:
            self._await(report_id)

    def _trigger(self, **options: str) -> str:
        return str(json.loads(self.answer("POST", "/trigger_report", options))["report_id"])

    def _await(self, report_id: str) -> None:
        while (status := self._status(report_id)) == "Running":
            time.sleep(ASK_EVERY_S)
        if status != "Complete":
            raise Failed(f"report {report_id} ended as {status}")

    def _status(self, report_id: str) -> str:
        return str(json.loads(self.answer("GET", f"/get_report/{report_id}?status_only=true"))["status"])

    def csv(self) -> bytes:
        """The last report."""
        return self.answer("GET", f"/get_report/{self.report_id}")

    def timeline(self, store: str, report_id: str) -> Run:
        """From the request to the last byte."""
        began = time.perf_counter()
        self.answer("GET", f"/timeline?store_id={quote(store)}&report_id={report_id}")
        return Run(time.perf_counter() - began)


@contextmanager
def served(version: Version, database: str) -> Generator[Client]:
    """A service of a version over a database, with an empty registry on the same server."""
    registry = new_database(database, f"registry_{version.name.replace(' ', '_').replace('-', '_')}")
    command = (version.python, "-c", SERVE, database, registry)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None or not (url := process.stdout.readline().strip()):
            raise Failed(f"{version.name} does not serve")
        with closing(HTTPConnection(urlsplit(url).netloc, timeout=600)) as connection:
            yield Client(connection)


@contextmanager
def all_served(data: Data, database: str) -> Generator[dict[str, Client]]:
    """Each version's service, by what it does under its name."""
    with ExitStack() as stack:
        yield {version.name: stack.enter_context(served(version, database)) for version in data.versions}


# --- All stores ---


def warm(data: Data) -> Outcome:
    """In tables of its own, as they grow."""
    database = new_database(data.postgres, "warm", template="postgres")
    execute(database, SQL("vacuum analyze"))
    outcome = Outcome()
    with all_served(data, database) as clients:
        for client in clients.values():
            client.warm_up()
        warm_round(data, database, clients, Outcome())
        for turn in range(data.sizes.times):
            warm_round(data, database, clients, outcome, turn)
    return outcome


def warm_round(data: Data, database: str, clients: dict[str, Client], outcome: Outcome, turn: int = 0) -> None:
    """An hour of polls comes, and then the report is made in each way, another one first in each round."""
    execute(database, NEW_HOUR, SQL("checkpoint"))  # or PostgreSQL writes the pages of this in what is measured
    ways = [
        partial(cold_csv, data, database, outcome),
        *(partial(warm_csv, version, clients[version.name], outcome) for version in data.versions),
    ]
    first = turn % len(ways)
    files = {way() for way in [*ways[first:], *ways[:first]]}
    if len(files) > 1:
        raise Failed("the service's CSV is not that of the command line")


def cold_csv(data: Data, database: str, outcome: Outcome) -> bytes:
    """The command line's."""
    program = data.ours.report(database, data.folder)
    outcome.add(COLD, program.run())
    return program.report.read_bytes() if program.report else b""


def warm_csv(version: Version, client: Client, outcome: Outcome) -> bytes:
    """The service's."""
    outcome.add(version.named(COMPLETE), client.complete())
    return client.csv()


# --- One store ---


def store(data: Data) -> Outcome:
    """After a report of all; the first store does not count."""
    outcome = Outcome()
    with all_served(data, data.many_stores) as clients:
        first, *others = some_stores(data.many_stores, 1 + 3 * data.sizes.times)
        for client in clients.values():
            client.warm_up(store_id=first)
            client.complete()
        reports = {name: client.report_id for name, client in clients.items()}
        count_store(data.versions, clients, reports, first, Outcome())
        for one in others:
            count_store(data.versions, clients, reports, one, outcome)
    return outcome


def count_store(
    versions: Sequence[Version], clients: dict[str, Client], reports: dict[str, str], store: str, outcome: Outcome
) -> None:
    """Its own report, and its timeline in the report of all, by each version."""
    for version in versions:
        client = clients[version.name]
        outcome.add(version.named(COMPLETE), client.complete(store_id=store))
        outcome.add(version.named(TIMELINE), client.timeline(store, reports[version.name]))


def some_stores(database: str, how_many: int) -> Sequence[str]:
    """Stores with hours and polls, the same ones each time."""
    with psycopg.connect(database) as connection:
        return [name for (name,) in connection.execute(SOME_STORES, [how_many])]
