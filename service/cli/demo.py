"""`store-uptime demo`."""

import csv
import os
import signal
import socket
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter

from store_uptime import pipeline
from store_uptime.service.cli.load import load
from store_uptime.service.cli.sample import sample
from store_uptime.service.cli.terminal import echo
from store_uptime.service.cli.week import show_week
from store_uptime.service.errors import NotServing
from store_uptime.service.parameters import FLAG, INPUT
from store_uptime.service.routes.schemas import ReportStatus
from store_uptime.service.testing import Service, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from store_uptime.pipeline import About

SHOWN_ROWS = 8
SHOWN_DAYS = 2
PORTS = range(8000, 8100)  # 8000 is that of many other programs, too
SETTING_PREFIXES = ("STORE_UPTIME_", "DATABASE_URL", "PG")


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
    # SIGTERM by itself would end this process alone, and leave the server and its service behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    clear_settings()
    with demo_service() as service:
        if not once:
            await_interrupt(service)
    return 0


@contextmanager
def demo_service() -> "Iterator[Service]":
    with TemporaryDirectory() as folder, pipeline.throwaway_server() as database, ExitStack() as resources:
        load_demo_data(Path(folder), database)
        service = enter_service(resources, database)
        show_service(service, database)
        yield service


def enter_service(resources: ExitStack, database: str) -> Service:
    """A service that ends with the resources."""
    port = free_port()
    echo(f"\n3. The service: store-uptime serve --port {port}")
    try:
        return resources.enter_context(serving("--database", database, "--port", str(port)))
    except NotServing:
        if not is_listened_on(port):
            raise
    return enter_service(resources, database)  # somebody has taken the port since the look, another demo perhaps


def await_interrupt(service: Service) -> None:
    echo("Ctrl-C ends it.")
    with suppress(KeyboardInterrupt):
        service.process.wait()


def load_demo_data(folder: Path, database: str) -> None:
    echo("\n1. A feed of 500 stores over 15 days: store-uptime sample FOLDER")
    sample(folder / "feed", end=datetime.now(UTC))
    echo("\n2. Into PostgreSQL: store-uptime load FOLDER")
    load(folder / "feed", database=database, rejects=folder / "rejects")


def show_service(service: Service, database: str) -> None:
    """Show a report over HTTP, the week of the store with the most downtime in it, and the address of the page."""
    echo("\n4. A report: POST /trigger_report, then GET /get_report/ID")
    with service.client() as client:
        report_id = client.post("/trigger_report").raise_for_status().json()["report_id"]
        follow_progress(client, report_id)
        lines = client.get(f"/get_report/{report_id}").raise_for_status().text.splitlines()
        details = client.get(f"/reports/{report_id}").raise_for_status().json()
    print("", *lines[:SHOWN_ROWS], f"… {len(lines) - SHOWN_ROWS} more rows", sep="\n", flush=True)
    echo_details(details)
    store = store_most_down(lines)
    echo(f"\n5. Why so? The end of one store's week: store-uptime timeline {store}")
    show_week(pipeline.build_timeline(pipeline.open_source(database), store), newest=SHOWN_DAYS)
    echo(f"\nThe page: {service.url}  The API: {service.url}/schema")


def clear_settings() -> None:
    """Forget the variables that are set for other servers and databases, but for the folder of data."""
    for name in [name for name in os.environ if name.startswith(SETTING_PREFIXES) and name != "STORE_UPTIME_DATA_DIR"]:
        del os.environ[name]


def free_port() -> int:
    """The first port of a short list that nobody listens on, so that its address is easy to type; else 0: any."""
    return next((port for port in PORTS if not is_listened_on(port)), 0)


def is_listened_on(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0


def follow_progress(client: "httpx.Client", report_id: str) -> None:
    with client.stream("GET", f"/reports/{report_id}/events") as events:
        for line in filter(is_event, events.iter_lines()):
            echo_status(msgspec.json.decode(line.removeprefix("data:"), type=ReportStatus))


def is_event(line: str) -> bool:
    return line.startswith("data:")


def echo_status(status: ReportStatus) -> None:
    step = status.progress.step if status.progress else ""
    echo(f"   {status.status:<8}  {step or status.error or ''}")


def echo_details(about: "About") -> None:
    provenance, quality = about["provenance"], about["quality"]
    echo(f"\nnow       {provenance['now']} ({provenance['now_is']})")
    for table, counts in quality["tables"].items():
        echo(f"{table:<8}  {counts['accepted']:,} accepted, {sum(counts['rejected'].values()):,} rejected")
    for warning in quality["warnings"]:
        echo(f"warning   {warning}")


def store_most_down(lines: list[str]) -> str:
    return max(csv.DictReader(lines), key=lambda row: float(row["downtime_last_day(hours)"] or 0))["store_id"]
