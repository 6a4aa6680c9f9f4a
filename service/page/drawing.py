"""The drawing of a store's week: a strip for each local day, in units of which the longest day has `WIDTH`.

A day with a clock change is shorter or longer than the others: 23 or 25 hours.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

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
Values = dict[str, Any]
"""What a template draws, or a row of `Timeline` that it is made from."""


def drawn_days(timeline: "Timeline") -> list[Values]:
    """The days of a timeline, the newest first.

    date; length and usual: this day and 24 hours in units; inside: what of it belongs to the week; grid, change, hours,
    pieces and polls, each of the last two with its position and title.
    """
    days = timeline.days.to_dicts()
    now = EPOCH + timedelta(microseconds=timeline.plan.horizon.now_us)
    week = (now - timedelta(days=7), now)
    longest = max(day["end_utc"] - day["start_utc"] for day in days)
    times = poll_times(timeline)
    pieces = [
        {"number": number, "title": piece_title(piece, times), **piece}
        for number, piece in enumerate(timeline.pieces.to_dicts())
    ]
    polls = [{"title": poll_title(poll), **poll} for poll in timeline.polls.to_dicts()]
    spans = list(business_spans(timeline))
    return [drawn_day(Strip(day, longest), week, pieces, polls, spans) for day in reversed(days)]


class Strip:
    """A local day as a strip of the page: instants to units."""

    def __init__(self, day: Values, longest: timedelta) -> None:
        self.day, self.start, self.end = day, day["start_utc"], day["end_utc"]
        self.unit = longest / WIDTH

    def x(self, instant: datetime) -> float:
        """The position of an instant, to two decimals; an end of the strip where it is not of this day."""
        return round((min(max(instant, self.start), self.end) - self.start) / self.unit, 2)

    def span(self, start: datetime, end: datetime) -> Values:
        """The position and width of a stretch."""
        return {"x": self.x(start), "width": round(self.x(end) - self.x(start), 2)}

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether part of a stretch is of this day."""
        return start < self.end and end > self.start


def drawn_day(
    strip: Strip, week: tuple[datetime, datetime], pieces: list[Values], polls: list[Values], spans: list[Values]
) -> Values:
    day = strip.day
    here = [piece for piece in pieces if strip.overlaps(piece["start_utc"], piece["end_utc"])]
    return {
        "date": format_day(datetime.combine(day["date"], datetime.min.time())),
        "length": strip.x(strip.end),
        "usual": round(timedelta(days=1) / strip.unit, 2),
        "inside": strip.span(*week),
        "grid": [strip.x(instant) for instant in grid_instants(day)],
        "change": clock_change(strip),
        "hours": [hours_text(span, strip) for span in spans if strip.overlaps(span["start_utc"], span["end_utc"])],
        "pieces": [drawn_piece(piece, strip) for piece in here],
        "polls": [drawn_poll(poll, strip) for poll in polls if strip.start <= poll["poll_utc"] < strip.end],
        "down": format_duration(sum(down_seconds(piece, strip) for piece in here)),
    }


def drawn_piece(piece: Values, strip: Strip) -> Values:
    # A piece past midnight is drawn on two days; only the first of them takes the links to it.
    starts = strip.start <= piece["start_utc"]
    words = {name: piece[name] for name in ("number", "status", "title")}
    return words | {"starts": starts} | strip.span(piece["start_utc"], piece["end_utc"])


def drawn_poll(poll: Values, strip: Strip) -> Values:
    return {name: poll[name] for name in ("status", "in_business", "title")} | {"x": strip.x(poll["poll_utc"])}


def down_seconds(piece: Values, strip: Strip) -> float:
    if piece["status"] != "down":
        return 0
    return (min(piece["end_utc"], strip.end) - max(piece["start_utc"], strip.start)).total_seconds()


def grid_instants(day: Values) -> Iterator[datetime]:
    # Lines at 06:00, 12:00 and 18:00 on the clock: after a change they are an hour off their usual places.
    for hour in GRID_HOURS:
        instant = day["start_utc"] + timedelta(hours=hour)
        if day["change_utc"] is not None and instant >= day["change_utc"]:
            instant -= timedelta(minutes=day["shift_minutes"])
        yield instant


def clock_change(strip: Strip) -> Values | None:
    day = strip.day
    if day["change_utc"] is None:
        return None
    direction = "forward" if day["shift_minutes"] > 0 else "back"
    return {
        "x": strip.x(day["change_utc"]),
        "title": f"Clocks went {direction} by {format_duration(60 * abs(day['shift_minutes']))}: "
        f"this day has {format_duration((strip.end - strip.start).total_seconds())}",
    }


def business_spans(timeline: "Timeline") -> Iterator[Values]:
    """The business hours of the week: adjoining pieces, whatever their status, are one."""
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
    # Seconds are left out: only the week itself begins or ends within a minute.
    opens = "00:00" if span["start_utc"] <= strip.start else f"{to_datetime(span['start_local']):%H:%M}"
    closes = "24:00" if span["end_utc"] >= strip.end else f"{to_datetime(span['end_local']):%H:%M}"
    return f"{opens}–{closes}"


def poll_times(timeline: "Timeline") -> dict[datetime, str]:
    """The polls that pieces rest on, and when each was in words: on the store's clock, or in UTC if before the week."""
    local = dict(timeline.polls.select("poll_utc", "poll_local").iter_rows())
    polls = timeline.pieces["poll_utc"].drop_nulls().unique()
    return {poll: format_local_time(local[poll]) if poll in local else format_instant(poll) for poll in polls}


def piece_title(piece: Values, times: dict[datetime, str]) -> str:
    seconds = (piece["end_utc"] - piece["start_utc"]).total_seconds()
    start, end = piece["start_local"], piece["end_local"]
    span = f"{format_local_time(start)} to {format_clock(end)} {format_offset(end)}"
    sentence = f"{STATUS_WORDS[piece['status']]}, {span}, {format_duration(seconds)}."
    poll = piece["poll_utc"]
    if poll is None:
        return f"{sentence} There is {piece['because']}."
    return f"{sentence} Rests on the poll of {times[poll]}: {piece['because']}."


def poll_title(poll: Values) -> str:
    note = "" if poll["in_business"] else ", outside business hours: no evidence"
    return f"Poll of {format_local_time(poll['poll_local'])}: {poll['status']}{note}."
