"""The rule in plain Python, as far as the sample needs it: the parts that the scripts of simple_scripts.py share.

In: the sample, as typed files. Out: of each store its business time, and the stretches of it that are up and down.
Times are microseconds since 1970 UTC. docs/semantics.md is the whole rule; tests/test_simple_scripts.py compares.
"""

from collections.abc import Iterable
from datetime import datetime, time, timedelta, tzinfo
from itertools import chain, pairwise
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import polars as pl

SECOND = 1_000_000
HOUR, DAY, WEEK = 3_600 * SECOND, 24 * 3_600 * SECOND, 7 * 24 * 3_600 * SECOND
HORIZON = WEEK + DAY  # before now: the day before the week says what was so when it began
ZONES = available_timezones()


class Poll(NamedTuple):
    """One look at a store."""

    at: int
    is_up: bool


class Hours(NamedTuple):
    """A row of business hours, on each date of a weekday, 0 for Monday."""

    weekday: int
    opens: time
    closes: time


class Store(NamedTuple):
    """What the tables say of a store; one without hours never closes."""

    polls: list[Poll]
    hours: list[Hours]
    zone: str | None


class Feed(NamedTuple):
    """The stores that are polled, by their ids, and now, the newest poll."""

    stores: dict[str, Store]
    now: int


class Interval(NamedTuple):
    """A stretch of business time, its end excluded."""

    opens: int
    closes: int


class Stretch(NamedTuple):
    """Business time of one known status."""

    start: int
    end: int
    is_up: bool


def read(folder: Path) -> Feed:
    """The sample's files: its polls, and the hours and zones that hold now."""
    holds_now = pl.col("valid_to").is_null()
    hours = pl.read_parquet(folder / "menu_hours.parquet").filter(holds_now).drop("valid_from", "valid_to")
    zones = pl.read_parquet(folder / "timezones.parquet").filter(holds_now)
    polls = pl.read_parquet(folder / "store_status.parquet").select(
        "store_id", at=pl.col("timestamp_utc").dt.epoch("us"), is_up=pl.col("status") == "active"
    )
    now = max(polls["at"].to_list())
    recent = polls.filter(pl.col("at") >= now - HORIZON).sort("at", "is_up").rows_by_key("store_id")
    hours_by_store = hours.rows_by_key("store_id")
    zone_by_store = dict(zones.select("store_id", "timezone_str").rows())
    stores = {
        store: Store(
            [Poll(*row) for row in rows], [Hours(*row) for row in hours_by_store[store]], zone_by_store.get(store)
        )
        for store, rows in recent.items()
    }
    return Feed(stores, now)


def zone_of(store: Store) -> ZoneInfo:
    """A store's zone; one that is missing or does not exist is Chicago's."""
    return ZoneInfo(store.zone if store.zone in ZONES else "America/Chicago")


def business_time(hours: Iterable[Hours], zone: tzinfo, now: int) -> list[Interval]:
    """The business intervals of the horizon, in order; 23:59 and 00:00 are not yet joined."""
    if not hours:
        return [Interval(now - HORIZON, now)]
    first = datetime.fromtimestamp((now - HORIZON) / SECOND, zone).date() - timedelta(days=1)
    found: list[Interval] = []
    for date in (first + timedelta(days=number) for number in range(11)):
        for row in (row for row in hours if row.weekday == date.weekday()):
            closing_date = date + timedelta(days=row.closes <= row.opens)
            opens, closes = (
                int(datetime.combine(*local, zone).timestamp()) * SECOND
                for local in ((date, row.opens), (closing_date, row.closes))
            )
            found.append(Interval(max(opens, now - HORIZON), closes))
    return sorted(each for each in found if each.opens < min(each.closes, now))


def joined(intervals: list[Interval]) -> list[Interval]:
    """The same, where those that overlap or are a minute apart, as 23:59 and 00:00, are one."""
    found = intervals[:1]
    for interval in intervals[1:]:
        if interval.opens - found[-1].closes <= 60 * SECOND:
            found[-1] = Interval(found[-1].opens, max(interval.closes, found[-1].closes))
        else:
            found.append(interval)
    return found


def stretches(intervals: list[Interval], polls: list[Poll]) -> list[Stretch]:
    """What the polls say of business time.

    The first poll of an interval reaches back to its opening, each holds until the next, the last until the closing. An
    interval without a poll takes the last one before it, else the first one after it.
    """
    evidence = [polls_inside(interval, polls) for interval in intervals]
    found: list[Stretch] = []
    for number, interval in enumerate(intervals):
        before, after = list(chain(*evidence[:number])), list(chain(*evidence[number + 1 :]))
        seen = evidence[number] or before[-1:] or after[:1]
        if seen:
            edges = [interval.opens, *(poll.at for poll in seen[1:]), interval.closes]
            found += [Stretch(*edge, poll.is_up) for edge, poll in zip(pairwise(edges), seen, strict=True)]
    return found


def polls_inside(interval: Interval, polls: list[Poll]) -> list[Poll]:
    """The polls in an interval, one an instant: the first of them, which says down if any does."""
    found: dict[int, Poll] = {}
    for poll in polls:
        if interval.opens <= poll.at < interval.closes:
            found.setdefault(poll.at, poll)
    return list(found.values())


def time_within(begin: int, end: int, stretches: Iterable[Interval | Stretch]) -> int:
    """How much of a window they fill."""
    return sum(max(0, min(each[1], end) - max(each[0], begin)) for each in stretches)
