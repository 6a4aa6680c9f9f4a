"""The drawing of a store's week: a strip for each local day, in units of which the longest day has `WIDTH`.

A day with a clock change is shorter or longer than the others: 23 or 25 hours.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from store_uptime.service.page.humanize import (
    format_clock,
    format_day,
    format_duration,
    format_instant,
    format_local_time,
    format_offset,
    to_datetime,
)

if TYPE_CHECKING:
    from store_uptime.pipeline import Timeline

EPOCH = datetime.fromtimestamp(0, UTC)
WIDTH = 1000  # so that positions need two decimals at most: each poll and piece of a week is in the page
GRID_HOURS = (6, 12, 18)
STATUS_WORDS = {"up": "Up", "down": "Down", "unknown": "Unknown"}


@dataclass(frozen=True)
class LocalDay:
    """A row of `Timeline.days`."""

    date: date
    start_utc: datetime
    end_utc: datetime
    change_utc: datetime | None
    shift_minutes: int


@dataclass(frozen=True)
class Piece:
    """A row of `Timeline.pieces`, and its number."""

    number: int
    status: str
    start_local: str
    end_local: str
    start_utc: datetime
    end_utc: datetime
    minutes: float
    poll_utc: datetime | None
    because: str


@dataclass(frozen=True)
class Poll:
    """A row of `Timeline.polls`."""

    status: str
    poll_local: str
    poll_utc: datetime
    in_business: bool


@dataclass(frozen=True)
class BusinessSpan:
    """A stretch of business time, as instants and on the store's clock."""

    start_utc: datetime
    end_utc: datetime
    start_local: str
    end_local: str


@dataclass(frozen=True)
class Position:
    """Where a stretch of time is drawn, in units."""

    x: float
    width: float


@dataclass(frozen=True)
class DrawnPiece(Position):
    """A piece as far as it is of one day. starts: whether it begins there."""

    number: int
    status: str
    title: str
    starts: bool


@dataclass(frozen=True)
class DrawnPoll:
    """A poll of one day."""

    x: float
    status: str
    in_business: bool
    title: str


@dataclass(frozen=True)
class ClockChange:
    """A change of the clocks."""

    x: float
    title: str


@dataclass(frozen=True)
class DrawnDay:
    """A day. length and usual: this day and 24 hours in units; inside: what of it belongs to the week; grid: the lines
    of the clock; hours: its business hours, and down: how long it was down in them, in words."""

    date: str
    length: float
    usual: float
    inside: Position
    grid: list[float]
    change: ClockChange | None
    hours: list[str]
    pieces: list[DrawnPiece]
    polls: list[DrawnPoll]
    down: str


def drawn_days(timeline: "Timeline") -> list[DrawnDay]:
    """The days of a timeline, the newest first."""
    days = [LocalDay(**row) for row in timeline.days.iter_rows(named=True)]
    now = EPOCH + timedelta(microseconds=timeline.plan.horizon.now_us)
    longest = max(day.end_utc - day.start_utc for day in days)
    week = DrawnWeek(timeline, now - timedelta(days=7), now)
    return [week.day_on(Strip(day, longest)) for day in reversed(days)]


def pieces_of(timeline: "Timeline") -> list[Piece]:
    """The pieces of a timeline, numbered from 0."""
    return [Piece(number, **row) for number, row in enumerate(timeline.pieces.iter_rows(named=True))]


class Strip:
    """A local day as a strip of the page: instants to units."""

    def __init__(self, day: LocalDay, longest: timedelta) -> None:
        self.day, self.start, self.end = day, day.start_utc, day.end_utc
        self.unit = longest / WIDTH

    def x(self, instant: datetime) -> float:
        """The position of an instant, to two decimals; an end of the strip where it is not of this day."""
        return round((min(max(instant, self.start), self.end) - self.start) / self.unit, 2)

    def position(self, start: datetime, end: datetime) -> Position:
        """The position and width of a stretch."""
        return Position(self.x(start), round(self.x(end) - self.x(start), 2))

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether part of a stretch is of this day."""
        return start < self.end and end > self.start


class DrawnWeek:
    """What is drawn on the days of a timeline, from one instant to another."""

    def __init__(self, timeline: "Timeline", start: datetime, end: datetime) -> None:
        self.start, self.end = start, end
        times = poll_times(timeline)
        self.pieces = [(piece, piece_title(piece, times)) for piece in pieces_of(timeline)]
        self.polls = [Poll(**row) for row in timeline.polls.iter_rows(named=True)]
        self.spans = list(business_spans(piece for piece, _ in self.pieces))

    def day_on(self, strip: Strip) -> DrawnDay:
        """One of its days."""
        here = [(piece, title) for piece, title in self.pieces if strip.overlaps(piece.start_utc, piece.end_utc)]
        return DrawnDay(
            date=format_day(datetime.combine(strip.day.date, datetime.min.time())),
            length=strip.x(strip.end),
            usual=round(timedelta(days=1) / strip.unit, 2),
            inside=strip.position(self.start, self.end),
            grid=[strip.x(instant) for instant in grid_instants(strip.day)],
            change=clock_change(strip),
            hours=[hours_text(span, strip) for span in self.spans if strip.overlaps(span.start_utc, span.end_utc)],
            pieces=[drawn_piece(piece, title, strip) for piece, title in here],
            polls=[drawn_poll(poll, strip) for poll in self.polls if strip.start <= poll.poll_utc < strip.end],
            down=format_duration(sum(down_seconds(piece, strip) for piece, _ in here)),
        )


def drawn_piece(piece: Piece, title: str, strip: Strip) -> DrawnPiece:
    # A piece past midnight is drawn on two days; only the first of them takes the links to it.
    starts = strip.start <= piece.start_utc
    at = strip.position(piece.start_utc, piece.end_utc)
    return DrawnPiece(at.x, at.width, piece.number, piece.status, title, starts)


def drawn_poll(poll: Poll, strip: Strip) -> DrawnPoll:
    return DrawnPoll(strip.x(poll.poll_utc), poll.status, poll.in_business, poll_title(poll))


def down_seconds(piece: Piece, strip: Strip) -> float:
    if piece.status != "down":
        return 0
    return (min(piece.end_utc, strip.end) - max(piece.start_utc, strip.start)).total_seconds()


def grid_instants(day: LocalDay) -> Iterator[datetime]:
    # Lines at 06:00, 12:00 and 18:00 on the clock: after a change they are an hour off their usual places.
    for hour in GRID_HOURS:
        instant = day.start_utc + timedelta(hours=hour)
        if day.change_utc is not None and instant >= day.change_utc:
            instant -= timedelta(minutes=day.shift_minutes)
        yield instant


def clock_change(strip: Strip) -> ClockChange | None:
    day = strip.day
    if day.change_utc is None:
        return None
    direction = "forward" if day.shift_minutes > 0 else "back"
    shift = format_duration(60 * abs(day.shift_minutes))
    length = format_duration((strip.end - strip.start).total_seconds())
    return ClockChange(strip.x(day.change_utc), f"Clocks went {direction} by {shift}: this day has {length}")


def business_spans(pieces: Iterable[Piece]) -> Iterator[BusinessSpan]:
    """The business hours of the week: adjoining pieces, whatever their status, are one."""
    span: BusinessSpan | None = None
    for piece in pieces:
        if span is not None and span.end_utc == piece.start_utc:
            span = replace(span, end_utc=piece.end_utc, end_local=piece.end_local)
            continue
        if span is not None:
            yield span
        span = BusinessSpan(piece.start_utc, piece.end_utc, piece.start_local, piece.end_local)
    if span is not None:
        yield span


def hours_text(span: BusinessSpan, strip: Strip) -> str:
    # Seconds are left out: only the week itself begins or ends within a minute.
    opens = "00:00" if span.start_utc <= strip.start else f"{to_datetime(span.start_local):%H:%M}"
    closes = "24:00" if span.end_utc >= strip.end else f"{to_datetime(span.end_local):%H:%M}"
    return f"{opens}–{closes}"


def poll_times(timeline: "Timeline") -> dict[datetime, str]:
    """The polls that pieces rest on, and when each was in words: on the store's clock, or in UTC if before the week."""
    local = dict(timeline.polls.select("poll_utc", "poll_local").iter_rows())
    polls = timeline.pieces["poll_utc"].drop_nulls().unique()
    return {poll: format_local_time(local[poll]) if poll in local else format_instant(poll) for poll in polls}


def piece_title(piece: Piece, times: dict[datetime, str]) -> str:
    seconds = (piece.end_utc - piece.start_utc).total_seconds()
    start, end = piece.start_local, piece.end_local
    span = f"{format_local_time(start)} to {format_clock(end)} {format_offset(end)}"
    sentence = f"{STATUS_WORDS[piece.status]}, {span}, {format_duration(seconds)}."
    poll = piece.poll_utc
    if poll is None:
        return f"{sentence} There is {piece.because}."
    return f"{sentence} Rests on the poll of {times[poll]}: {piece.because}."


def poll_title(poll: Poll) -> str:
    note = "" if poll.in_business else ", outside business hours: no evidence"
    return f"Poll of {format_local_time(poll.poll_local)}: {poll.status}{note}."
