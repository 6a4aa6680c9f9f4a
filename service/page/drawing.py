"""The drawing of a store's week: a strip for each local day, in percent of the longest day.

A day with a clock change is shorter or longer than the others: 23 or 25 hours.

drawn_days      the strips, the newest first
evidence_parts  pieces of business time, cut where what is known of them stops being seen
pieces_of       the pieces as a timeline has them
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from store_uptime import pipeline
from store_uptime.service.page.humanize import (
    format_clock,
    format_day,
    format_duration,
    format_local_time,
    format_offset,
    to_datetime,
)

if TYPE_CHECKING:
    from store_uptime.pipeline import Timeline

EPOCH = datetime.fromtimestamp(0, UTC)
WIDTH = 100
TICK_HOURS = (0, 6, 12, 18)
STATUS_WORDS = {"up": "Up", "down": "Down", "unknown": "Unknown"}
CARRIED_WORDS = {"up": "Last known status up", "down": "Last known status down"}


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
class EvidencePart:
    """A part of a piece, all of it seen or all of it carried: no poll in business hours lies within two hours of it."""

    piece: Piece
    start_utc: datetime
    end_utc: datetime
    is_carried: bool


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
    """Where a stretch of time is drawn, in percent."""

    x: float
    width: float


@dataclass(frozen=True)
class DrawnPiece(Position):
    """A part of a piece as far as it is of one day. number: of all parts; starts: whether it begins there."""

    number: int
    part: EvidencePart
    title: str
    starts: bool


@dataclass(frozen=True)
class DrawnPoll:
    """A poll of one day."""

    x: float
    poll: Poll
    title: str


@dataclass(frozen=True)
class Tick:
    """A line of the clock: the time that it shows."""

    x: float
    clock: str


@dataclass(frozen=True)
class ClockChange:
    """A change of the clocks."""

    x: float
    title: str


@dataclass(frozen=True)
class DrawnDay:
    """A day. length: of it in percent of the longest; inside: what of it belongs to the week; hours: its business
    hours, and lost: how long it was down in them, in words; is_down: whether it was."""

    date: str
    length: float
    inside: Position
    ticks: list[Tick]
    change: ClockChange | None
    hours: list[str]
    pieces: list[DrawnPiece]
    polls: list[DrawnPoll]
    lost: str
    is_down: bool


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


def evidence_parts(timeline: "Timeline") -> list[EvidencePart]:
    """The pieces of a timeline in order, cut where a poll begins or ceases to be near. They cover the pieces."""
    seen = list(timeline.seen.iter_rows())
    return [part for piece in pieces_of(timeline) for part in cut_piece(piece, seen)]


def cut_piece(piece: Piece, seen: Sequence[tuple[datetime, datetime]]) -> Iterator[EvidencePart]:
    """The parts of a piece. seen: stretches in order, disjoint."""
    if piece.status == "unknown":
        yield EvidencePart(piece, piece.start_utc, piece.end_utc, is_carried=False)
        return
    at = piece.start_utc
    for near, far in seen:
        if far <= at or near >= piece.end_utc:
            continue
        if near > at:
            yield EvidencePart(piece, at, near, is_carried=True)
        yield EvidencePart(piece, max(at, near), min(far, piece.end_utc), is_carried=False)
        at = far
    if at < piece.end_utc:
        yield EvidencePart(piece, at, piece.end_utc, is_carried=True)


class Strip:
    """A local day as a strip of the page: instants to percent."""

    def __init__(self, day: LocalDay, longest: timedelta) -> None:
        self.day, self.start, self.end = day, day.start_utc, day.end_utc
        self.unit = longest / WIDTH

    def x(self, instant: datetime) -> float:
        """The position of an instant, to three decimals; an end of the strip where it is not of this day."""
        return round((min(max(instant, self.start), self.end) - self.start) / self.unit, 3)

    def position(self, start: datetime, end: datetime) -> Position:
        """The position and width of a stretch."""
        return Position(self.x(start), round(self.x(end) - self.x(start), 3))

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether part of a stretch is of this day."""
        return start < self.end and end > self.start


class DrawnWeek:
    """What is drawn on the days of a timeline, from one instant to another."""

    def __init__(self, timeline: "Timeline", start: datetime, end: datetime) -> None:
        self.start, self.end = start, end
        zone = pipeline.zone_rules(timeline.timezone)
        self.parts = [(number, part, part_title(part, zone)) for number, part in enumerate(evidence_parts(timeline))]
        self.polls = [Poll(**row) for row in timeline.polls.iter_rows(named=True)]
        self.spans = list(business_spans(pieces_of(timeline)))

    def day_on(self, strip: Strip) -> DrawnDay:
        """One of its days."""
        here = [each for each in self.parts if strip.overlaps(each[1].start_utc, each[1].end_utc)]
        lost = down_length([part for _, part, _ in here], strip)
        return DrawnDay(
            date=format_day(datetime.combine(strip.day.date, datetime.min.time())),
            length=strip.x(strip.end),
            inside=strip.position(self.start, self.end),
            ticks=list(ticks(strip)),
            change=clock_change(strip),
            hours=[hours_text(span, strip) for span in self.spans if strip.overlaps(span.start_utc, span.end_utc)],
            pieces=[drawn_piece(number, part, title, strip) for number, part, title in here],
            polls=[drawn_poll(poll, strip) for poll in self.polls if strip.start <= poll.poll_utc < strip.end],
            lost=lost_words(lost, {part.piece.status for _, part, _ in here}),
            is_down=lost > timedelta(),
        )


def drawn_piece(number: int, part: EvidencePart, title: str, strip: Strip) -> DrawnPiece:
    # What goes on past midnight is drawn on two days; only the first of them takes the links to it.
    at = strip.position(part.start_utc, part.end_utc)
    return DrawnPiece(at.x, at.width, number, part, title, strip.start <= part.start_utc)


def drawn_poll(poll: Poll, strip: Strip) -> DrawnPoll:
    return DrawnPoll(strip.x(poll.poll_utc), poll, poll_title(poll))


def down_length(parts: Iterable[EvidencePart], strip: Strip) -> timedelta:
    down = (part for part in parts if part.piece.status == "down")
    # Added up as lengths and not as seconds, whose sum may fall to the other side of half a minute.
    return sum((min(part.end_utc, strip.end) - max(part.start_utc, strip.start) for part in down), timedelta())


def lost_words(lost: timedelta, statuses: set[str]) -> str:
    """How long a day was down. statuses: those of its business hours; of unknown ones nobody can say that."""
    if lost:
        return f"down {format_duration(lost.total_seconds())}"
    if statuses == {"unknown"}:
        return "unknown"
    return "no down time known" if "unknown" in statuses else "no down time"


def ticks(strip: Strip) -> Iterator[Tick]:
    # After a change of clocks their lines are an hour off their usual places.
    day = strip.day
    for hour in TICK_HOURS:
        instant = day.start_utc + timedelta(hours=hour)
        if hour and day.change_utc is not None and instant >= day.change_utc:
            instant -= timedelta(minutes=day.shift_minutes)
        yield Tick(strip.x(instant), f"{hour:02}")


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


def part_title(part: EvidencePart, zone: tzinfo) -> str:
    """Down, Mon 9 Mar 12:00 to 14:30 −05:00, 2 h 30 min. Rests on the poll of …"""
    piece = part.piece
    words = (CARRIED_WORDS if part.is_carried else STATUS_WORDS)[piece.status]
    start, end = part.start_utc.astimezone(zone), part.end_utc.astimezone(zone)
    length = format_duration((part.end_utc - part.start_utc).total_seconds())
    sentence = f"{words}, {format_local_time(start)} to {format_clock(end)} {format_offset(end)}, {length}."
    if piece.poll_utc is None:
        return f"{sentence} There is {piece.because}."
    carried = " No poll in business hours within two hours." if part.is_carried else ""
    poll = format_local_time(piece.poll_utc.astimezone(zone))
    return f"{sentence} Rests on the poll of {poll}: {piece.because}.{carried}"


def poll_title(poll: Poll) -> str:
    note = "" if poll.in_business else ", outside business hours: no evidence"
    return f"Poll of {format_local_time(poll.poll_local)}: {poll.status}{note}."
