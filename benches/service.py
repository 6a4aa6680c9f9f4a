"""200 clients that poll the status of reports while reports run: `python -m benches.service [--minutes 10]`.

Server, database and clients are on one machine and compete for its cores. The clients are a process of their own: each
asks for the status of the newest report once a second, at its own moment. Every two seconds one of them triggers a
report with a `now` of its own, so that no two are joined. A time is what the client waits, from its request to the
whole answer, a connection being there. The memory is that of the server process, workers aside.
`--smoke`: a few seconds, few clients; every report must be complete, and every answer as documented.
"""

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import psutil

from benches.arguments import minutes, scale
from benches.common import compile_packages, machine
from benches.served import SETTLED_S, served_sample

CLIENTS, MINUTES, STORES, DAYS = 200, 10.0, 500, 15
SMOKE = (20, 0.1, 50, 10)
TRIGGER_EVERY_S = 2.0
WEEK_END = datetime(2026, 3, 10, 12, tzinfo=UTC)


@dataclass
class Seen:
    """What the clients have measured: seconds of each answer, and the server's memory as it went."""

    status_s: list[float] = field(default_factory=list)
    trigger_s: list[float] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)


def main() -> None:
    """Make the feed, serve, measure, print."""
    clients, default, stores, days = scale((CLIENTS, MINUTES, STORES, DAYS), SMOKE)
    length = minutes(default)
    compile_packages()
    with served_sample(stores, days) as served:
        process = psutil.Process(served.service.process.pid)
        seen = asyncio.run(polled(served.service.url, process, clients, 60 * length))
    print(machine())
    print(f"{clients} clients, {length:g} minutes, {len(seen.reports)} reports of {stores} stores, all complete")
    print(f"{'':10} {'answers':>8} {'median ms':>10} {'p99 ms':>8} {'most ms':>8}")
    print(line("status", seen.status_s))
    print(line("trigger", seen.trigger_s))
    early, late = (mean(part) for part in halves(seen.memory))
    print(f"memory of the server: {early:.0f} MiB in the first half, {late:.0f} MiB in the second")


async def polled(url: str, server: psutil.Process, clients: int, seconds: float) -> Seen:
    """Let the clients poll for some time, then see every report through."""
    seen, end = Seen(), time.monotonic() + seconds
    async with connected(url) as first:
        await trigger(first, seen)
    # One loop for all clients: threads would wait for each other's lock and not for the server.
    async with asyncio.TaskGroup() as group:
        group.create_task(triggering(url, seen, end))
        group.create_task(weighing(server, seen, end))
        for number in range(clients):
            group.create_task(polling(url, seen, end, number / clients))
    async with connected(url) as last:
        for report_id in seen.reports:
            while (word := await status(last, report_id)) == "Running":
                await asyncio.sleep(0.1)
            if word != "Complete":
                sys.exit(f"report {report_id} ended as {word}")
    return seen


async def polling(url: str, seen: Seen, end: float, offset: float) -> None:
    """One client: the status of the newest report, once a second."""
    await asyncio.sleep(offset)
    async with connected(url) as client:
        while time.monotonic() < end:
            start = time.perf_counter()
            await status(client, seen.reports[-1])
            took = time.perf_counter() - start
            seen.status_s.append(took)
            await asyncio.sleep(max(0.0, 1 - took))


async def triggering(url: str, seen: Seen, end: float) -> None:
    """A report every two seconds."""
    async with connected(url) as client:
        while time.monotonic() < end:
            start = time.perf_counter()
            await trigger(client, seen)
            seen.trigger_s.append(time.perf_counter() - start)
            await asyncio.sleep(TRIGGER_EVERY_S)


async def weighing(server: psutil.Process, seen: Seen, end: float) -> None:
    """The memory of the server, every second."""
    start = time.monotonic()
    while time.monotonic() < end:
        seen.memory.append((time.monotonic() - start, server.memory_info().rss / 2**20))
        await asyncio.sleep(1)


async def trigger(client: "Connection", seen: Seen) -> None:
    """Ask for a report that nobody else asks for."""
    # Equal triggers are joined to one report, so each has a `now` of its own.
    now = WEEK_END - timedelta(seconds=len(seen.reports))
    seen.reports.append((await client.request("POST", "/trigger_report", {"now": now.isoformat()}))["report_id"])


async def status(client: "Connection", report_id: str) -> str:
    """Where a report stands."""
    return (await client.request("GET", f"/get_report?report_id={report_id}&status_only=true"))["status"]


@dataclass(frozen=True)
class Connection:
    """HTTP/1.1 over one connection, as far as this bench needs it."""

    # Not httpx: 200 clients share two cores with the server, and what they cost would be measured as its waits.

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def request(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """The JSON of an answer; ends where that is not a success."""
        sent = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(sent)}\r\n\r\n"
        self.writer.write(head.encode() + sent)
        answer = await self.reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *([0-9]+)", answer)
        content = await self.reader.readexactly(int(length[1]) if length else 0)
        if not answer.startswith(b"HTTP/1.1 20"):
            sys.exit(f"{method} {path} was answered with {answer.decode()}{content.decode()}")
        return json.loads(content)


@asynccontextmanager
async def connected(url: str) -> AsyncGenerator[Connection]:
    """A connection to the server."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        yield Connection(reader, writer)
    finally:
        writer.close()


def line(name: str, seconds: list[float]) -> str:
    """One line of the table."""
    ordered = [1000 * each for each in sorted(seconds)]
    median, p99 = (ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.99))
    return f"{name:10} {len(ordered):8,} {median:10.1f} {p99:8.1f} {ordered[-1]:8.1f}"


def halves(memory: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """The settled time in two halves."""
    settled = [mib for second, mib in memory if second >= min(SETTLED_S, memory[-1][0] / 4)]
    middle = len(settled) // 2
    return settled[:middle] or settled, settled[middle:]


def mean(values: list[float]) -> float:
    """The mean."""
    return sum(values) / len(values)


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    main()
