"""The month of docs/periods.md that was worked out by hand, as a feed: a kiosk with four outages."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

from tests.support.feeds import lines

CASES = Path(__file__).parents[2] / "docs" / "cases" / "worked_month.json"
NOW = "2024-03-10T12:00Z"
REASONS = {"2024-02-03T18:30:00Z": "broken", "2024-02-24T20:00:00Z": "sold out"}


def kiosk(folder: Path, stores: Sequence[str] = ()) -> Path:
    """The files of the feed in a folder; with reasons. stores: rows of the table `stores`, if it is to be there."""
    [case, *_] = json.loads(CASES.read_text(encoding="utf-8"))
    for table in ("menu_hours", "timezones"):
        (folder / f"{table}.csv").write_text(lines(*case[table]), encoding="utf-8")
    with (folder / "store_status.csv").open("w", encoding="utf-8", newline="") as file:
        header, *polls = csv.reader(case["store_status"])
        writer = csv.writer(file)
        writer.writerow([*header, "reason"])
        writer.writerows([*poll, REASONS.get(poll[1], "")] for poll in polls)
    if stores:
        (folder / "stores.csv").write_text(lines("store_id,name,city", *stores), encoding="utf-8")
    return folder
