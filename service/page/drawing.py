"""A store's week as it is drawn: a strip for each local day, in units of which the longest day has `WIDTH`.

A day is as long as it was: 23 hours where clocks went forward, 25 where they went back.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from store_uptime.service.page.humanize import (
    clock,
    format_duration,
    format_instant,
    in_time,
    local_day,
    local_time,
    offset,
)

if TYPE_CHECKING:
    from store_uptime.pipeline import Timeline

EPOCH = datetime.fromtimestamp(0, UTC)
WIDTH = 1000
GRID_HOURS = (6, 12, 18)
WORDS = {"up": "Up", "down": "Down", "unknown": "Unknown"}
Values = dict[str, Any]


def drawn_days(timeline: "Timeline") -> list[Values]:
    """The days of a timeline, the newest first.

    date; length and usual: this day and 24 hours in units; inside: what of it belongs to the week; grid, change, hours,
    pieces and polls, each of the last two with its place and title.
    """
    days = timeline.days.to_dicts()
    now = EPOCH + timedelta(microseconds=timeline.plan.horizon.now_us)
    week = (now - timedelta(days=7), now)
    longest = max(day["end_utc"] - day["start_utc"] for day in days)
    when = poll_times(timeline)
    pieces = [
        {"number": number, "title": piece_title(piece, when), **piece}
        for number, piece in enumerate(timeline.pieces.to_dicts())
    ]
    polls = [{"title": poll_title(poll), **poll} for poll in timeline.polls.to_dicts()]
    spans = list(business_spans(timeline))
    return [drawn(Strip(day, longest), week, pieces, polls, spans) for day in reversed(days)]


class Strip:
    """A local day as a stretch of the page: instants to units."""

    def __init__(self, day: Values, longest: timedelta) -> None:
        self.day, self.start, self.end = day, day["start_utc"], day["end_utc"]
        self.unit = longest / WIDTH

    def x(self, instant: datetime) -> float:
        """Where an instant lies, to two decimals; at an end where it is not of this day."""
        return round((min(max(instant, self.start), self.end) - self.start) / self.unit, 2)

    def place(self, start: datetime, end: datetime) -> Values:
        """Where a stretch lies."""
        return {"x": self.x(start), "width": round(self.x(end) - self.x(start), 2)}

    def holds(self, start: datetime, end: datetime) -> bool:
        """Whether part of a stretch is of this day."""
        return start < self.end and end > self.start


def drawn(
    strip: Strip, week: tuple[datetime, datetime], pieces: list[Values], polls: list[Values], spans: list[Values]
) -> Values:
    """One day."""
    day = strip.day
    here = [piece for piece in pieces if strip.holds(piece["start_utc"], piece["end_utc"])]
    return {
        "date": local_day(datetime.combine(day["date"], datetime.min.time())),
        "length": strip.x(strip.end),
        "usual": round(timedelta(days=1) / strip.unit, 2),
        "inside": strip.place(*week),
        "grid": [strip.x(instant) for instant in grid(day)],
        "change": change(strip),
        "hours": [hours_text(span, strip) for span in spans if strip.holds(span["start_utc"], span["end_utc"])],
        "pieces": [
            {name: piece[name] for name in ("number", "status", "title")}
            | {"starts": strip.start <= piece["start_utc"]}
            | strip.place(piece["start_utc"], piece["end_utc"])
            for piece in here
        ],
        "polls": [
            {name: poll[name] for name in ("status", "in_business", "title")} | {"x": strip.x(poll["poll_utc"])}
            for poll in polls
            if strip.start <= poll["poll_utc"] < strip.end
        ],
        "down": format_duration(
            sum(
                (min(piece["end_utc"], strip.end) - max(piece["start_utc"], strip.start)).total_seconds()
                for piece in here
                if piece["status"] == "down"
            )
        ),
    }


def grid(day: Values) -> Iterator[datetime]:
    """When the clock showed 06:00, 12:00 and 18:00."""
    for hour in GRID_HOURS:
        instant = day["start_utc"] + timedelta(hours=hour)
        if day["change_utc"] is not None and instant >= day["change_utc"]:
            instant -= timedelta(minutes=day["shift_minutes"])
        yield instant


def change(strip: Strip) -> Values | None:
    """The clock change of a day, and what is said of it."""
    day = strip.day
    if day["change_utc"] is None:
        return None
    way = "forward" if day["shift_minutes"] > 0 else "back"
    return {
        "x": strip.x(day["change_utc"]),
        "title": f"Clocks went {way} by {format_duration(60 * abs(day['shift_minutes']))}: "
        f"this day has {format_duration((strip.end - strip.start).total_seconds())}",
    }


def business_spans(timeline: "Timeline") -> Iterator[Values]:
    """The business hours of the week: pieces that touch are one."""
    span: Values | None = None
    for piece in timeline.pieces.iter_rows(named=True):
        if span is not None and span["end_utc"] == piece["start_utc"]:
            span |= {"end_utc": piece["end_utc"], "end_local": piece["end_local"]}
            continue
        if span is not None:
            yield span
        span = {name: piece[name] for name in ("start_utc", "end_utc", "start_local", "end_local")}
    if span is not None:
        yield span


def hours_text(span: Values, strip: Strip) -> str:
    """09:00–17:00, as much of it as is of this day; a time within a minute is where the week begins or ends."""
    opens = "00:00" if span["start_utc"] <= strip.start else f"{in_time(span['start_local']):%H:%M}"
    closes = "24:00" if span["end_utc"] >= strip.end else f"{in_time(span['end_local']):%H:%M}"
    return f"{opens}–{closes}"


def poll_times(timeline: "Timeline") -> dict[datetime, str]:
    """When each poll was that a piece rests on, in words: on the store's clock, or in UTC if before the week."""
    there = dict(timeline.polls.select("poll_utc", "poll_local").iter_rows())
    polls = timeline.pieces["poll_utc"].drop_nulls().unique()
    return {poll: local_time(there[poll]) if poll in there else format_instant(poll) for poll in polls}


def piece_title(piece: Values, when: dict[datetime, str]) -> str:
    """What a piece is, how long, and why."""
    seconds = (piece["end_utc"] - piece["start_utc"]).total_seconds()
    span = f"{local_time(piece['start_local'])} to {clock(piece['end_local'])} {offset(piece['end_local'])}"
    said = f"{WORDS[piece['status']]}, {span}, {format_duration(seconds)}."
    poll = piece["poll_utc"]
    if poll is None:
        return f"{said} There is {piece['because']}."
    return f"{said} Rests on the poll of {when[poll]}: {piece['because']}."


def poll_title(poll: Values) -> str:
    """When a poll was, and what it said."""
    place = "" if poll["in_business"] else ", outside business hours: no evidence"
    return f"Poll of {local_time(poll['poll_local'])}: {poll['status']}{place}."
