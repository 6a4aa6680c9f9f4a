"""What the page shows of one store of a report: its days, its outages, its polls, and what is odd about its data.

store_week     all of it, made in a worker process from the stored report and the source
shown_outages  the stretches in which the store was down
rejected_of    the rejected rows with its id
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING

from store_uptime import pipeline
from store_uptime.pipeline import Limits
from store_uptime.service.page.drawing import DrawnDay, Piece, Poll, drawn_days, pieces_of, poll_times
from store_uptime.service.page.freshness import Freshness, freshness
from store_uptime.service.page.models.fleet import newest_poll_us
from store_uptime.service.page.models.table import WINDOWS, table_rows
from store_uptime.service.registry.reports import StoredExplanation
from store_uptime.service.workers.tasks import SourceConfig

if TYPE_CHECKING:
    import polars as pl

    from store_uptime.pipeline import Report, Timeline

REJECT_COLUMNS = ("file", "line", "reason")  # what a table of rejected rows has beside the row itself


@dataclass(frozen=True)
class StoreFacts:
    """A store beside its figures. last_poll: seconds since 1970."""

    zone: str
    down_now: bool | None
    last_active: bool | None
    last_poll: int | None
    hours_unknown: bool
    always_open: bool


@dataclass(frozen=True)
class WindowFigures:
    """The figures of a window: seconds, uptime as a share in percent, polls in business time; None: not known."""

    name: str
    uptime: int | None
    downtime: int | None
    unknown: int | None
    business: int | None
    share: float | None
    polls: int


@dataclass(frozen=True)
class Outage:
    """A stretch of business time without a break in which the store was down.

    first, last: its pieces' numbers; polls: those that they rest on, and first_poll when the first of these was, in
    words; because: why the first piece is down.
    """

    first: int
    last: int
    start_local: str
    end_local: str
    seconds: float
    polls: list[datetime]
    first_poll: str
    because: str


@dataclass(frozen=True)
class RejectedRow:
    """A rejected row. line: None where it is not from a text file; values: the row as it was."""

    table: str
    line: int | None
    reason: str
    values: list[str | None]


@dataclass(frozen=True)
class StoreWeek:
    """One store of a report.

    attributes: those that it has a value of; agrees: whether the timeline adds up to the figures; lists: what is odd
    about it, each with its meaning.
    """

    name: str | None
    attributes: dict[str, str]
    row: StoreFacts
    windows: list[WindowFigures]
    agrees: bool
    days: list[DrawnDay]
    outages: list[Outage]
    polls: list[Poll]
    fresh: Freshness
    warnings: list[str]
    lists: list[tuple[str, str]]
    rejected: list[RejectedRow]


def store_week(source: SourceConfig, store: str, limits: Limits, stored: StoredExplanation) -> StoreWeek:
    """One store of a report: figures by window, days as they are drawn, outages, polls, and what is odd about it.

    Raises UnknownStore, and what the source raises.
    """
    report = pipeline.restore(stored.figures, stored.plan, stored.rejects, store=store, attributes=stored.attributes)
    timeline = pipeline.explain(source.open(), report, store, limits)
    rows = table_rows(report)
    attributes = attributes_of(report, store)
    return StoreWeek(
        name=attributes.pop("name", None),
        attributes=attributes,
        row=StoreFacts(**rows.select(field.name for field in fields(StoreFacts)).row(0, named=True)),
        windows=[window_figures(window, rows, report.exact) for window in WINDOWS],
        agrees=timeline.agrees,
        days=drawn_days(timeline),
        outages=shown_outages(timeline),
        polls=[Poll(**row) for row in timeline.polls.iter_rows(named=True)],
        fresh=freshness(report, newest_poll_us(stored.figures)),
        warnings=report.quality.warnings,
        lists=[(name, report.meaning(name)) for name, ids in report.quality.stores.items() if store in ids],
        rejected=rejected_of(report, store),
    )


def attributes_of(report: "Report", store: str) -> dict[str, str]:
    """The values of a store by attribute, `name` among them, where it has one."""
    import polars as pl

    if report.attributes is None:
        return {}
    found = report.attributes.filter(pl.col("store_id") == store).drop("store_id").to_dicts()
    return {name: value for row in found for name, value in row.items() if value is not None}


def window_figures(window: str, rows: "pl.DataFrame", exact: "pl.DataFrame") -> WindowFigures:
    kinds = ("uptime", "downtime", "unknown", "business", "uptime_percent")
    seconds = rows.row(0, named=True)
    uptime, downtime, unknown, business, share = (seconds[f"{kind}_last_{window}"] for kind in kinds)
    return WindowFigures(window, uptime, downtime, unknown, business, share, exact[f"polls_last_{window}"].item())


def shown_outages(timeline: "Timeline") -> list[Outage]:
    """The outages of a timeline, the newest first."""
    times = poll_times(timeline)
    return [outage(pieces, times) for pieces in adjoining_down_pieces(timeline)][::-1]


def adjoining_down_pieces(timeline: "Timeline") -> list[list[Piece]]:
    runs: list[list[Piece]] = []
    for piece in (piece for piece in pieces_of(timeline) if piece.status == "down"):
        # Neighbours in the list may still have a closed night between them: that is two outages.
        if runs and runs[-1][-1].number == piece.number - 1 and runs[-1][-1].end_utc == piece.start_utc:
            runs[-1].append(piece)
        else:
            runs.append([piece])
    return runs


def outage(pieces: list[Piece], poll_times: dict[datetime, str]) -> Outage:
    first, last = pieces[0], pieces[-1]
    polls = [piece.poll_utc for piece in pieces if piece.poll_utc is not None]  # a piece that is down rests on a poll
    return Outage(
        first=first.number,
        last=last.number,
        start_local=first.start_local,
        end_local=last.end_local,
        seconds=(last.end_utc - first.start_utc).total_seconds(),
        polls=polls,
        first_poll=poll_times[polls[0]],
        because=first.because,
    )


def rejected_of(report: "Report", store: str) -> list[RejectedRow]:
    """The rejected rows with a store's id, of all three tables."""
    import polars as pl

    return [
        RejectedRow(table, row["line"], row["reason"], list(original_values(row)))
        for table, rows in report.rejects.items()
        for row in rows.filter(pl.col("store_id") == store).iter_rows(named=True)
    ]


def original_values(row: Mapping[str, str | None]) -> Iterator[str | None]:
    for name, value in row.items():
        # `surplus` is what a line of CSV has beyond its header; most lines have nothing there.
        if name not in REJECT_COLUMNS and (name != "surplus" or value is not None):
            yield value
