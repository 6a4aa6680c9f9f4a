"""`store-uptime demo`."""

import csv
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

import pipeline
from service.commands.common import say
from service.commands.load import load
from service.commands.sample import sample
from service.commands.timeline import show

if TYPE_CHECKING:
    import httpx

ROWS = 8
PIECES = 12
PORTS = range(8000, 8100)
START_S = 60


def demo(
    *,
    once: Annotated[
        bool, Parameter(negative="", help="End after the report, instead of serving until Ctrl-C.")
    ] = False,
) -> int:
    """Show it all: sample data, a real PostgreSQL server, the service, and a report over HTTP.

    The server and its data are gone afterwards.

        store-uptime demo --once
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C, or the service would be left behind
    with TemporaryDirectory() as name, pipeline.throwaway_server() as database:
        folder = Path(name)
        say("\n1. A feed of 500 stores over 15 days: store-uptime sample FOLDER")
        sample(folder / "feed")
        say("\n2. Into PostgreSQL: store-uptime load FOLDER")
        load(folder / "feed", database=database, rejects=folder / "rejects")
        port = free_port()
        say(f"\n3. The service: store-uptime serve --port {port}")
        with serving(database, port, folder / "serve.log") as (server, client):
            lines = reported(client)
            store = most_down(lines)
            say(f"\n5. Why so? The end of one store's week: store-uptime timeline {store}")
            week = pipeline.build_timeline(pipeline.open_source(database), store)
            show(replace(week, pieces=week.pieces.tail(PIECES)))
            say(f"\nThe page: {client.base_url}  The API: {client.base_url}/schema")
            if not once:
                say("Ctrl-C ends it.")
                with suppress(KeyboardInterrupt):
                    server.wait()
    return 0


def free_port() -> int:
    """The first port that nobody listens on."""
    for port in PORTS:
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)):
                return port
    return 0


@contextmanager
def serving(database: str, port: int, log: Path) -> Iterator[tuple["subprocess.Popen[bytes]", "httpx.Client"]]:
    """The service in a process of its own, ready for reports, and a client of it; it ends with the block."""
    import httpx

    command = [sys.executable, "-m", "service", "serve", "--database", database, "--port", str(port)]
    with log.open("wb") as said, subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=said) as server:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                await_ready(server, client, log)
                yield server, client
        finally:
            server.terminate()


def await_ready(server: "subprocess.Popen[bytes]", client: "httpx.Client", log: Path) -> None:
    """Wait until the service runs reports. Raises CannotServe with what it said, where it does not come to that."""
    import httpx

    from service.commands.serve import CannotServe

    deadline = time.monotonic() + START_S
    while server.poll() is None and time.monotonic() < deadline:
        try:
            if client.get("/ready").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise CannotServe(log.read_text(encoding="utf-8").strip().rpartition("\n")[2])


def reported(client: "httpx.Client") -> list[str]:
    """The lines of a report that was triggered over HTTP; progress, first rows and summary are shown on the way."""
    say("\n4. A report: POST /trigger_report, then GET /get_report/ID")
    report_id = client.post("/trigger_report").raise_for_status().json()["report_id"]
    with client.stream("GET", f"/reports/{report_id}/events") as events:
        for line in events.iter_lines():
            if line.startswith("data:"):
                tell(json.loads(line.removeprefix("data:")))
    lines = client.get(f"/get_report/{report_id}").raise_for_status().text.splitlines()
    print("", *lines[:ROWS], f"… {len(lines) - ROWS} more rows", sep="\n", flush=True)
    about = client.get(f"/reports/{report_id}").raise_for_status().json()
    say(f"\nnow       {about['provenance']['now']} ({about['provenance']['now_is']})")
    for table, counts in about["quality"]["tables"].items():
        say(f"{table:<8}  {counts['accepted']:,} accepted, {sum(counts['rejected'].values()):,} rejected")
    for warning in about["quality"]["warnings"]:
        say(f"warning   {warning}")
    return lines


def tell(status: dict[str, object]) -> None:
    """Where a report stands."""
    progress = status.get("progress")
    step = progress["step"] if isinstance(progress, dict) else ""
    say(f"   {status['status']:<8}  {step or status.get('error') or ''}")


def most_down(lines: list[str]) -> str:
    """The store of a report with the most downtime in the last day."""
    return max(csv.DictReader(lines), key=lambda row: float(row["downtime_last_day(hours)"] or 0))["store_id"]
