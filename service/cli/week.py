"""A store's week in 80 columns: its days on the store's own clock, its outages, and the report's figures."""

import sys
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from store_uptime import pipeline
from store_uptime.pipeline import printable
from store_uptime.service.cli.tables import print_parts
from store_uptime.service.page.humanize import (
    format_day,
    format_duration,
    format_instant,
    format_offset,
    is_shown_twice,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from decimal import Decimal

    from rich.console import RenderableType
    from rich.table import Table

    from store_uptime.pipeline import Day, Stretch, Timeline, Week

WIDTH_OF_A_PIPE = 80  # that of a terminal, so that README and tests have the lines that people see
STATUS_COLOURS = {"up": "green", "down": "red", "unknown": "yellow", "closed": "dim"}
FIGURE_UNITS = {"hour": "minutes", "day": "hours", "week": "hours"}
STATUSES = ("up", "down", "unknown")


def show_week(timeline: "Timeline", newest: int | None = None) -> None:
    """Print a week on stdout; newest: only so many days of it, without the outages."""
    from rich.console import Console

    week = pipeline.week_of(timeline)
    zone = pipeline.zone_rules(timeline.timezone)
    console = Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=WIDTH_OF_A_PIPE)
    print_parts(
        console,
        *week_heading(timeline, week),
        *(part for day in week.days[-newest if newest else 0 :] for part in day_parts(day, zone)),
        *(outage_parts(week.outages, zone) if newest is None else ()),
        *figure_parts(week),
        *empty_week_reason(timeline),
    )


def week_heading(timeline: "Timeline", week: "Week") -> "Iterator[RenderableType]":
    from rich.text import Text

    yield Text(f"Store {printable(timeline.store_id)}", style="bold", overflow="fold")
    yield Text(
        f"The week before {format_instant(week.now)}, local time of {printable(timeline.timezone)}", overflow="fold"
    )
    if timeline.data_age_seconds is not None:
        yield f"The newest poll was {pipeline.age_in_words(timeline.data_age_seconds)} old."


def day_parts(day: "Day", zone: tzinfo) -> "Iterator[RenderableType]":
    from rich.text import Text

    sums = ", ".join(f"{status} {format_length(day.total(status))}" for status in STATUSES)
    yield Text(f"\n{day.date:%a} {day.date.day} {day.date:%b %Y}: {sums}", style="bold")
    if day.change_utc is not None and day.shift_minutes is not None:
        way = "forward" if day.shift_minutes > 0 else "back"
        yield f"  The clocks go {way} by {format_duration(60 * abs(day.shift_minutes))}."
    if not day.stretches:
        yield "  closed"
        return
    table = stretch_table()
    for stretch in day.stretches:
        span = f"{time_on_day(stretch.start_utc, day, zone)} – {time_on_day(stretch.end_utc, day, zone)}"
        because = "" if stretch.status == "closed" else rests_on(stretch, day.start_utc, zone)
        colour = STATUS_COLOURS[stretch.status]
        table.add_row(span, stretch.status, format_length(stretch.length), because, style=colour)
    yield table


def outage_parts(outages: "Iterable[Stretch]", zone: tzinfo) -> "Iterator[RenderableType]":
    from rich.text import Text

    # A day shows only its part of an outage that goes past midnight; here each has its whole length.
    table = stretch_table()
    for outage in outages:
        start, end = outage.start_utc.astimezone(zone), outage.end_utc.astimezone(zone)
        until = f"{end:%H:%M:%S}" if end.date() == start.date() else f"{format_day(end)} {end:%H:%M:%S}"
        span = f"{format_day(start)} {start:%H:%M:%S} – {until}"
        table.add_row(span, "down", format_length(outage.length), style=STATUS_COLOURS["down"])
    if table.row_count:
        yield Text("\nOutages", style="bold")
        yield table


def figure_parts(week: "Week") -> "Iterator[RenderableType]":
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("In the report")
    for status in STATUSES:
        table.add_column(status, justify="right")
    for window, unit in FIGURE_UNITS.items():
        values = (week.figures[kind, window] for kind in ("uptime", "downtime", "unknown"))
        table.add_row(f"last {window}, {unit}", *map(format_figure, values))
    yield ""
    yield table


def empty_week_reason(timeline: "Timeline") -> "Iterator[str]":
    """Why a week has no stretch at all; nothing where it has some."""
    if not timeline.pieces.is_empty():
        return
    hours_unknown = timeline.plan.stores["hours_unknown"]
    if hours_unknown.is_empty():
        yield "No poll of this store lies in the time that is looked at."
    elif hours_unknown.item():
        yield "Its business hours are not known: every row of them was rejected."
    else:
        yield "It has no business time in this week."


def stretch_table() -> "Table":
    from rich.table import Table

    table = Table(box=None, show_header=False, padding=(0, 0, 0, 2))
    table.add_column(min_width=len("00:00:00 – 24:00:00"), overflow="fold")
    table.add_column(min_width=len("unknown"), no_wrap=True)
    table.add_column(min_width=len("23 h 59 min"), no_wrap=True, justify="right")
    table.add_column(overflow="fold")
    return table


def rests_on(stretch: "Stretch", day: datetime, zone: tzinfo) -> str:
    """The polls that a stretch rests on, with the date where it is not that of its day."""
    polls = [poll.astimezone(zone) for poll in stretch.polls]
    if not polls:
        return "no poll in business time"
    if stretch.status == "unknown":
        return "further than max-gap from a poll"
    inside = [poll for poll in polls if stretch.start_utc <= poll <= stretch.end_utc]
    if not inside:  # carried over from the last poll before, which may be of another day
        return f"as polled {format_day(polls[0])} {polls[0]:%H:%M:%S}"
    if len(inside) == 1:
        return f"1 poll, {inside[0]:%H:%M:%S}"
    return f"{len(inside)} polls, {inside[0]:%H:%M:%S} to {inside[-1]:%H:%M:%S}"


def time_on_day(instant: datetime, day: "Day", zone: tzinfo) -> str:
    """A time on the store's clock, with the offset where it occurs twice."""
    if instant == day.end_utc:
        return "24:00:00"  # 00:00:00 would be read as the beginning of the day
    there = instant.astimezone(zone)
    return f"{there:%H:%M:%S} {format_offset(there)}" if is_shown_twice(there) else f"{there:%H:%M:%S}"


def format_length(duration: timedelta) -> str:
    return format_duration(duration.total_seconds())


def format_figure(value: "Decimal | None") -> str:
    return "–" if value is None else str(value)
