"""A week of five stores whose figures can be reckoned by hand, and reports whose lanes are written by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import polars as pl

from store_uptime.pipeline import Options, Report, build_report_with_lanes
from tests.support.feeds import HOURS, POLLS, ZONES, frames, lines

NOW = datetime(2024, 10, 14, 12, tzinfo=UTC)  # a Monday
OPTIONS = Options(now=NOW)
WEEK_START = datetime(2024, 10, 7, 12, tzinfo=UTC)
POLLED = (
    *("a,2024-10-14 10:00:00,active", "a,2024-10-14 11:00:00,inactive", "a,2024-10-14 11:30:00,inactive"),
    *("b,2024-10-13 12:00:00,active", "b,2024-10-13 13:00:00,inactive", "b,2024-10-13 23:00:00,active"),
    "c,2024-10-14 11:00:00,inactive",
    "d,2024-10-13 00:00:00,inactive",
    "e,2024-10-14 09:00:00,active",
)
OPENED = ("a,0,10:00,13:00", "b,6,00:00,00:00", "c,9,06:00,11:00", "e,0,10:00,13:00")
IN_ZONE = (*(f"{store},UTC" for store in "abce"), "d,Asia/Kolkata")
FEED = frames(lines(POLLS, *POLLED), lines(HOURS, *OPENED), lines(ZONES, *IN_ZONE))
"""a is down from 11:00 on, and was up by a poll of the Monday after in the first hour of the week.
b is open on Sunday: up to 13:00, carried to 10:00; down to 23:00, carried from 15:00 to 21:00; then up.
c has unknown hours. d is never closed and down all the week, carried but around its poll. Of e nothing is known."""
ATTRIBUTES = pl.DataFrame(
    {"store_id": ["a", "b", "d"], "name": ["A", "B", None], "brand": ["North", "North", None], "date": ["x", "y", "x"]}
)


@cache
def five_stores(options: Options = OPTIONS) -> Report:
    """Their report, with attributes."""
    return replace(build_report_with_lanes(FEED, options), attributes=ATTRIBUTES)


def always_open(zone: str, now: datetime) -> Report:
    """The report of a store that is never closed, and up."""
    poll = f"a,{now:%Y-%m-%d %H:%M:%S},active"
    return build_report_with_lanes(frames(lines(POLLS, poll), zones=lines(ZONES, f"a,{zone}")), Options(now=now))


@cache
def stores_alike(number: int) -> Report:
    """The report of so many stores."""
    polls = (f"{store:03},2024-10-14 11:00:00,active" for store in range(number))
    return build_report_with_lanes(frames(lines(POLLS, *polls)), OPTIONS)


def with_lanes(lanes: Sequence[Sequence[tuple[int, int]]], cities: Mapping[int, str] | None = None) -> Report:
    """A report of so many stores, each with these changes."""
    report = stores_alike(len(lanes))
    changes = [(store, minute, status) for store, lane in enumerate(lanes) for minute, status in lane]
    schema = {"store": pl.UInt32, "minute": pl.UInt16, "status": pl.UInt8}
    attributes = None
    if cities is not None:
        named = {"store_id": [f"{number:03}" for number in cities], "name": None, "city": list(cities.values())}
        attributes = pl.DataFrame(named, schema=dict.fromkeys(named, pl.String))
    return replace(report, lanes=pl.DataFrame(changes, schema, orient="row"), attributes=attributes)
