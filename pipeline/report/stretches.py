"""A timeline in, the week that people read out: stretches of one status by local day, outages, figures.

    week_of        the week of a timeline, from the three below
    days           each local date of the week, with its stretches
    outages_of     the stretches in which the store was down, not cut at midnight
    week_figures   the figures of the report

Adjacent pieces of one status are one stretch. Stretches with closed time between them stay apart.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

import polars as pl

from store_uptime.pipeline.durations import microseconds
from store_uptime.pipeline.instants import EPOCH
from store_uptime.pipeline.options import WINDOWS
from store_uptime.pipeline.report.figures import UNIT_US, figure_of
from store_uptime.pipeline.report.timeline import Timeline

Status = Literal["up", "down", "unknown", "closed"]
KINDS: dict[str, Status] = {"uptime": "up", "downtime": "down", "unknown": "unknown"}


@dataclass(frozen=True)
class Stretch:
    """The time of one status, [start_utc, end_utc); polls: those that it rests on, in order."""

    status: Status
    start_utc: datetime
    end_utc: datetime
    polls: tuple[datetime, ...] = ()

    @property
    def length(self) -> timedelta:
        """From its start to its end."""
        return self.end_utc - self.start_utc


@dataclass(frozen=True)
class Day:
    """A local date: its midnight and the next, when its clocks change by how much (None: they do not), its stretches.

    Stretches are cut at midnight and at the ends of the week. Closed time is a stretch only between two others.
    """

    date: date
    start_utc: datetime
    end_utc: datetime
    change_utc: datetime | None
    shift_minutes: int | None
    stretches: tuple[Stretch, ...]

    def total(self, status: Status) -> timedelta:
        """How long a status holds on this day, within the week."""
        return sum((each.length for each in self.stretches if each.status == status), timedelta())


@dataclass(frozen=True)
class Week:
    """The week of a store.

    now: its end. days: its local dates, in order; none without a row in the report or readable hours. outages: the
    stretches in which it was down, not cut at midnight, in order. figures: those of the report by kind (uptime,
    downtime, unknown) and window (hour, day, week), in minutes for the hour, else in hours; None where the report has
    none: docs/semantics.md, "Output".
    """

    now: datetime
    days: list[Day]
    outages: list[Stretch]
    figures: dict[tuple[str, str], Decimal | None]


def week_of(timeline: Timeline) -> Week:
    """The week of a timeline."""
    now = EPOCH + timedelta(microseconds=timeline.plan.horizon.now_us)
    return Week(now, list(days(timeline)), outages_of(timeline), week_figures(timeline))


def days(timeline: Timeline) -> Iterator[Day]:
    """The local dates of the week before now, in order; none where the store's hours are unknown."""
    if not hours_known(timeline):
        return
    found = pieces(timeline)
    for row in timeline.days.iter_rows(named=True):
        inside = (cut_stretch(piece, row["start_utc"], row["end_utc"]) for piece in found)
        yield Day(
            **row,
            stretches=tuple(with_closed(merged_stretches(piece for piece in inside if piece.length > timedelta()))),
        )


def outages_of(timeline: Timeline) -> list[Stretch]:
    return [stretch for stretch in merged_stretches(pieces(timeline)) if stretch.status == "down"]


def week_figures(timeline: Timeline) -> dict[tuple[str, str], Decimal | None]:
    # From the pieces, not from the report: a timeline has no report, and must show the same figures.
    lengths = {(kind, window): within(timeline, status, window) for kind, status in KINDS.items() for window in WINDOWS}
    return {
        (kind, window): rounded(length, window) if has_figure(timeline, lengths, kind, window) else None
        for (kind, window), length in lengths.items()
    }


def has_figure(timeline: Timeline, lengths: dict[tuple[str, str], timedelta], kind: str, window: str) -> bool:
    """Whether the report has this figure: not where the hours, or all of the window, are unknown."""
    if not hours_known(timeline):
        return False
    is_known = bool(lengths["uptime", window] or lengths["downtime", window])
    return kind == "unknown" or is_known or not lengths["unknown", window]


def hours_known(timeline: Timeline) -> bool:
    hours_unknown = timeline.plan.stores["hours_unknown"]
    return not hours_unknown.is_empty() and not hours_unknown.item()  # empty: the store has no row in the report


def within(timeline: Timeline, status: Status, window: str) -> timedelta:
    now_us = timeline.plan.horizon.now_us
    start, now = (EPOCH + timedelta(microseconds=us) for us in (now_us - WINDOWS[window], now_us))
    lengths = (cut_stretch(piece, start, now).length for piece in pieces(timeline) if piece.status == status)
    return sum((length for length in lengths if length > timedelta()), timedelta())


def rounded(length: timedelta, window: str) -> Decimal:
    # By the same expression as the report's figures, so that both round alike.
    return pl.select(figure_of(pl.lit(microseconds(length)), UNIT_US[window])).item()


def pieces(timeline: Timeline) -> list[Stretch]:
    """The pieces of a timeline, each as a stretch of its own."""
    columns = timeline.pieces.select("status", "start_utc", "end_utc", "poll_utc")
    return [
        Stretch(status, start, end, () if poll is None else (poll,)) for status, start, end, poll in columns.iter_rows()
    ]


def cut_stretch(stretch: Stretch, start: datetime, end: datetime) -> Stretch:
    # The length is negative where the stretch lies outside: callers filter by it.
    return replace(stretch, start_utc=max(stretch.start_utc, start), end_utc=min(stretch.end_utc, end))


def merged_stretches(stretches: Iterable[Stretch]) -> list[Stretch]:
    found: list[Stretch] = []
    for each in stretches:
        if found and found[-1].status == each.status and found[-1].end_utc == each.start_utc:
            polls = tuple(dict.fromkeys(found[-1].polls + each.polls))  # pieces on both sides of a cut share a poll
            found[-1] = replace(found[-1], end_utc=each.end_utc, polls=polls)
        else:
            found.append(each)
    return found


def with_closed(stretches: list[Stretch]) -> Iterator[Stretch]:
    for before, after in zip([None, *stretches], stretches, strict=False):
        if before is not None and before.end_utc < after.start_utc:
            yield Stretch("closed", before.end_utc, after.start_utc)
        yield after
