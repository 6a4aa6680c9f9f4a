"""`store-uptime demo`."""

import csv
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pipeline
from service.commands.common import say
from service.commands.load import load
from service.commands.report import report
from service.commands.sample import sample
from service.commands.timeline import show

ROWS = 8
PIECES = 12


def demo() -> int:
    """Show it all: sample data, a real PostgreSQL server, a report from its tables, and one store's week.

    The server and its data are gone afterwards.

        store-uptime demo
    """
    with TemporaryDirectory() as name, pipeline.throwaway_server() as database:
        folder = Path(name)
        say("\n1. A feed of 500 stores over 15 days: store-uptime sample FOLDER")
        sample(folder / "feed")
        say("\n2. Into PostgreSQL: store-uptime load FOLDER")
        load(folder / "feed", database=database, rejects=folder / "rejects")
        say("\n3. The report: store-uptime report --out FILE")
        report(source=database, out=folder / "report.csv")
        lines = (folder / "report.csv").read_text(encoding="utf-8").splitlines()
        print("", *lines[:ROWS], f"… {len(lines) - ROWS} more rows", sep="\n", flush=True)
        store = most_down(lines)
        say(f"\n4. Why so? The end of one store's week: store-uptime timeline {store}")
        week = pipeline.build_timeline(pipeline.open_source(database), store)
        show(replace(week, pieces=week.pieces.tail(PIECES)))
    say("\nThe same with your data: store-uptime load FOLDER, or store-uptime report --source postgresql://…")
    return 0


def most_down(lines: list[str]) -> str:
    """The store of a report with the most downtime in the last day."""
    return max(csv.DictReader(lines), key=lambda row: float(row["downtime_last_day(hours)"] or 0))["store_id"]
