"""`store-uptime demo`."""

import csv
import json
import os
import signal
import socket
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from store_uptime import pipeline
from store_uptime.service.cli.load import load
from store_uptime.service.cli.sample import sample
from store_uptime.service.cli.terminal import echo
from store_uptime.service.cli.week import show_week
from store_uptime.service.parameters import FLAG, INPUT
from store_uptime.service.testing import serving

if TYPE_CHECKING:
    import httpx

ROWS = 8
DAYS = 2
PORTS = range(8000, 8100)
SETTINGS = ("STORE_UPTIME_", "DATABASE_URL", "PG")


def demo(
    *,
    once: Annotated[
        bool, FLAG, Parameter(group=INPUT, help="End after the report, instead of serving until Ctrl-C.")
    ] = False,
) -> int:
    """Show it all: sample data, a real PostgreSQL server, the service, and a report over HTTP.

    The server and its data are gone afterwards.

        store-uptime demo --once
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C, or the service would be left behind
    forget_settings()
    with TemporaryDirectory() as name, pipeline.throwaway_server() as database:
        folder = Path(name)
        echo("\n1. A feed of 500 stores over 15 days: store-uptime sample FOLDER")
        sample(folder / "feed", end=datetime.now(UTC))
        echo("\n2. Into PostgreSQL: store-uptime load FOLDER")
        load(folder / "feed", database=database, rejects=folder / "rejects")
        port = free_port()
        echo(f"\n3. The service: store-uptime serve --port {port}")
        with serving("--database", database, "--port", str(port)) as service, service.client() as client:
            lines = reported(client)
            store = most_down(lines)
            echo(f"\n5. Why so? The end of one store's week: store-uptime timeline {store}")
            week = pipeline.build_timeline(pipeline.open_source(database), store)
            show_week(week, newest=DAYS)
            echo(f"\nThe page: {client.base_url}  The API: {client.base_url}/schema")
            if not once:
                echo("Ctrl-C ends it.")
                with suppress(KeyboardInterrupt):
                    service.process.wait()
    return 0


def forget_settings() -> None:
    """Go by nothing that is set for other servers and databases, but where data may be kept."""
    for name in [name for name in os.environ if name.startswith(SETTINGS) and name != "STORE_UPTIME_DATA_DIR"]:
        del os.environ[name]


def free_port() -> int:
    """The first port that nobody listens on."""
    for port in PORTS:
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)):
                return port
    return 0


def reported(client: "httpx.Client") -> list[str]:
    """The lines of a report that was triggered over HTTP; progress, first rows and summary are shown on the way."""
    echo("\n4. A report: POST /trigger_report, then GET /get_report/ID")
    report_id = client.post("/trigger_report").raise_for_status().json()["report_id"]
    with client.stream("GET", f"/reports/{report_id}/events") as events:
        for line in events.iter_lines():
            if line.startswith("data:"):
                tell(json.loads(line.removeprefix("data:")))
    lines = client.get(f"/get_report/{report_id}").raise_for_status().text.splitlines()
    print("", *lines[:ROWS], f"… {len(lines) - ROWS} more rows", sep="\n", flush=True)
    about = client.get(f"/reports/{report_id}").raise_for_status().json()
    echo(f"\nnow       {about['provenance']['now']} ({about['provenance']['now_is']})")
    for table, counts in about["quality"]["tables"].items():
        echo(f"{table:<8}  {counts['accepted']:,} accepted, {sum(counts['rejected'].values()):,} rejected")
    for warning in about["quality"]["warnings"]:
        echo(f"warning   {warning}")
    return lines


def tell(status: dict[str, object]) -> None:
    """Where a report stands."""
    progress = status.get("progress")
    step = progress["step"] if isinstance(progress, dict) else ""
    echo(f"   {status['status']:<8}  {step or status.get('error') or ''}")


def most_down(lines: list[str]) -> str:
    """The store of a report with the most downtime in the last day."""
    return max(csv.DictReader(lines), key=lambda row: float(row["downtime_last_day(hours)"] or 0))["store_id"]
