"""What the page shows of one store of a report: its days, its outages, its polls, and what is odd about its data.

store_week   all of it, made in a worker process from the stored report and the source
outage_rows  the stretches in which the store was down
rejected_of  the rejected rows with its id
"""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from store_uptime import pipeline
from store_uptime.pipeline import Limits
from store_uptime.service.page.drawing import drawn_days, poll_times
from store_uptime.service.page.freshness import freshness
from store_uptime.service.page.view_models import WINDOWS, newest_poll_us, worst_first
from store_uptime.service.registry.reports import StoredExplanation
from store_uptime.service.workers.tasks import SourceConfig

if TYPE_CHECKING:
    from store_uptime.pipeline import Report, Timeline

REJECT_COLUMNS = ("file", "line", "reason")  # what a table of rejected rows has beside the row itself
Piece = dict[str, Any]
"""A row of `Timeline.pieces`, and its number."""


def store_week(place: SourceConfig, store: str, limits: Limits, stored: StoredExplanation) -> dict[str, Any]:
    """One store of a report: figures by window, days as they are drawn, outages, polls, and what is odd about it.

    Raises UnknownStore, and what the source raises.
    """
    report = pipeline.restore(stored.figures, stored.plan, stored.rejects, store=store)
    source = place.open()
    timeline = pipeline.explain(source, report, store, limits)
    row = worst_first(report).row(0, named=True)
    return {
        "row": row,
        "windows": window_rows(row, report.exact.row(0, named=True)),
        "agrees": timeline.agrees,
        "days": drawn_days(timeline),
        "outages": outage_rows(timeline),
        "polls": timeline.polls.to_dicts(),
        "fresh": freshness(report, newest_poll_us(stored.figures)),
        "warnings": report.quality.warnings,
        "lists": [(name, report.quality.meaning(name)) for name, ids in report.quality.stores.items() if store in ids],
        "rejected": rejected_of(report, store),
    }


def window_rows(row: dict[str, Any], exact: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": window,
            **{kind: row[f"{kind}_last_{window}"] for kind in ("uptime", "downtime", "unknown", "business")},
            "share": row[f"uptime_percent_last_{window}"],
            "polls": exact[f"polls_last_{window}"],
        }
        for window in WINDOWS
    ]


def outage_rows(timeline: "Timeline") -> list[dict[str, Any]]:
    """The stretches of business time without a break in which the store was down, the newest first.

    first, last: their pieces' numbers; polls: those that they rest on, and first_poll when the first of these was, in
    words; because: why the first piece is down.
    """
    times = poll_times(timeline)
    return [outage_row(pieces, times) for pieces in adjoining_down_pieces(timeline)][::-1]


def adjoining_down_pieces(timeline: "Timeline") -> list[list[Piece]]:
    runs: list[list[Piece]] = []
    for number, row in enumerate(timeline.pieces.iter_rows(named=True)):
        piece = row | {"number": number}
        if piece["status"] != "down":
            continue
        # Neighbours in the list may still have a closed night between them: that is two outages.
        if runs and runs[-1][-1]["number"] == number - 1 and runs[-1][-1]["end_utc"] == piece["start_utc"]:
            runs[-1].append(piece)
        else:
            runs.append([piece])
    return runs


def outage_row(pieces: list[Piece], poll_times: dict[datetime, str]) -> dict[str, Any]:
    first, last = pieces[0], pieces[-1]
    return {
        "first": first["number"],
        "last": last["number"],
        "start_local": first["start_local"],
        "end_local": last["end_local"],
        "seconds": (last["end_utc"] - first["start_utc"]).total_seconds(),
        "polls": [piece["poll_utc"] for piece in pieces],
        "first_poll": poll_times[first["poll_utc"]],
        "because": first["because"],
    }


def rejected_of(report: "Report", store: str) -> list[dict[str, Any]]:
    """The rejected rows with a store's id, of all three tables: table, line, reason, and the row as it was."""
    import polars as pl

    return [
        {"table": table, "line": row["line"], "reason": row["reason"], "values": list(original_values(row))}
        for table, rows in report.rejects.items()
        for row in rows.filter(pl.col("store_id") == store).iter_rows(named=True)
    ]


def original_values(row: dict[str, Any]) -> Iterator[Any]:
    for name, value in row.items():
        # `surplus` is what a line of CSV has beyond its header; most lines have nothing there.
        if name not in REJECT_COLUMNS and (name != "surplus" or value is not None):
            yield value
