"""Store by store in plain Python: an indexed query for the polls of each store, a loop over its business hours.

    python benches/peers/per_store.py URL FILE

What can be shared is: hours and zones are read once, queries go out a hundred at a time (libpq's pipeline mode), a
wall-clock time becomes UTC once for all stores of a zone, and each core has a process. Exact on a clean sample. What
`store-uptime report` does and this does not:

- no rejects, no counts, no lists, no summary; a bad status is inactive, and an hours row without its times is skipped
- a store whose hours rows are all bad is closed here, and has unknown hours in the report
- zones are the machine's own files where it has them, and only then `tzdata`
- no max-gap, no lookback of another length, no single store; no snapshot over the queries
- the newest poll is taken as now, however far ahead of the clock it is
"""

import csv
import os
import sys
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from itertools import chain, pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg

SECOND = 1_000_000  # all times are microseconds, those without a zone since 1970 UTC
HOUR = 3_600 * SECOND
WINDOWS = (HOUR, 24 * HOUR, 168 * HOUR)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
QUERIES_AT_ONCE = 100
UNITS = ("hour(minutes)", "day(hours)", "week(hours)")
COLUMNS = ["store_id", *(f"{what}_last_{unit}" for what in ("uptime", "downtime") for unit in UNITS)]

NEWEST = "select max(timestamp_utc) from store_status"
STORES = 'select distinct store_id collate "C" from store_status where timestamp_utc >= %s order by 1'
ZONES = "select store_id, timezone_str from timezones"
HOURS = """
select store_id, day_of_week, (extract(epoch from start_time_local) * 1000000)::int8,
       (extract(epoch from end_time_local) * 1000000)::int8
from menu_hours
"""
POLLS = """
select (extract(epoch from timestamp_utc) * 1000000)::int8, status = 'active'
from store_status
where store_id = %s and timestamp_utc >= %s
order by timestamp_utc, status
"""

Shift = tuple[int, int, int]
Interval = tuple[int, int]
Piece = tuple[int, int, bool | None]


def main(url: str, out: Path) -> None:
    """Ask which stores there are, share them out, write."""
    with psycopg.connect(url) as connection:
        ((newest,),) = connection.execute(NEWEST)
        stores = [store for (store,) in connection.execute(STORES, [newest - timedelta(hours=192)])]
    cores = os.cpu_count() or 1
    step = -(-len(stores) // cores)
    shares = [stores[first : first + step] for first in range(0, len(stores), step)]
    with ProcessPoolExecutor(cores) as pool, out.open("w", encoding="utf-8", newline="") as file:
        rows = chain.from_iterable(pool.map(partial(figures, url, newest), shares))
        csv.writer(file, lineterminator="\n").writerows(chain([COLUMNS], rows))


def figures(url: str, newest: datetime, stores: Sequence[str]) -> list[list[str]]:
    """The rows of some stores."""
    now = (newest - EPOCH) // timedelta(microseconds=1)
    with psycopg.connect(url) as connection:
        zones, hours = known_zones(connection), weekly_hours(connection)
        return [
            [store, *written(pieces(intervals(zones.get(store, "America/Chicago"), hours.get(store), now), polls), now)]
            for store, polls in polls_of_each(connection, stores, newest - timedelta(hours=192))
        ]


def known_zones(connection: psycopg.Connection) -> dict[str, str]:
    """The zone of each store that has one: the first known one in byte order, where there are several."""
    named = [(store, zone.strip()) for store, zone in connection.execute(ZONES) if zone]
    return {store: zone for store, zone in sorted(named, reverse=True) if is_known(zone)}


@cache
def is_known(zone: str) -> bool:
    """Whether there are rules for a zone of this name."""
    try:
        ZoneInfo(zone)
    except (OSError, KeyError, ValueError):
        return False
    return True


def weekly_hours(connection: psycopg.Connection) -> dict[str, list[Shift]]:
    """The rows of hours of each store that has any."""
    hours: dict[str, list[Shift]] = defaultdict(list)
    for store, weekday, start, end in connection.execute(HOURS):
        hours[store] += [] if weekday is None else [(weekday, start, end)]
    return hours


def polls_of_each(
    connection: psycopg.Connection, stores: Sequence[str], oldest: datetime
) -> Iterator[tuple[str, dict[int, bool]]]:
    """Each store with its polls in order, one per instant: the last of them counts, and 'inactive' is sorted last."""
    for first in range(0, len(stores), QUERIES_AT_ONCE):
        some = stores[first : first + QUERIES_AT_ONCE]
        with connection.pipeline():
            answers = [connection.execute(POLLS, [store, oldest], prepare=True, binary=True) for store in some]
        for store, answer in zip(some, answers, strict=True):
            yield store, dict(answer)


def intervals(zone: str, hours: Sequence[Shift] | None, now: int) -> list[Interval]:
    """When a store is open, in UTC and in order, what overlaps or nearly touches as one."""
    earliest = now - 192 * HOUR
    if hours is None:
        return [(earliest, now + 1)]
    merged: list[Interval] = []
    for opens, closes in sorted(chain.from_iterable(shifts(zone, shift, now) for shift in hours)):
        if merged and opens <= merged[-1][1] + 60 * SECOND:
            merged[-1] = merged[-1][0], max(merged[-1][1], closes)
        else:
            merged.append((opens, closes))
    return [(max(opens, earliest), closes) for opens, closes in merged if closes > earliest and opens <= now]


@cache
def shifts(zone: str, shift: Shift, now: int) -> list[Interval]:
    """A row of hours on each date that may matter, less what a change of clocks leaves without length."""
    weekday, start, end = shift
    midnight = EPOCH.replace(tzinfo=None) + timedelta(days=now // (24 * HOUR))
    dates = [day for before in range(11, -3, -1) if (day := midnight - timedelta(days=before)).weekday() == weekday]
    overnight = timedelta(days=end <= start)
    spans = [(in_utc(zone, day, start), in_utc(zone, day + overnight, end)) for day in dates]
    return [(opens, closes) for opens, closes in spans if opens < closes]


@cache
def in_utc(zone: str, midnight: datetime, clock: int) -> int:
    """The first of two, and with the offset from before a gap: `fold` is 0."""
    wall = midnight + timedelta(microseconds=clock)
    return (wall.replace(tzinfo=ZoneInfo(zone)) - EPOCH) // timedelta(microseconds=1)


def pieces(opened: Sequence[Interval], polls: dict[int, bool]) -> list[Piece]:
    """Business time with the status that it has, None where a store has no poll inside business time."""
    instants, statuses = list(polls), list(polls.values())
    known: list[Piece] = []
    silent: list[Interval] = []  # before the first poll inside business time
    for opens, closes in opened:
        first, until = bisect_left(instants, opens), bisect_left(instants, closes)
        if first < until:
            bounds = [opens, *instants[first + 1 : until], closes]
            known += [(*bound, active) for bound, active in zip(pairwise(bounds), statuses[first:until], strict=True)]
        elif known:
            known.append((opens, closes, known[-1][2]))
        else:
            silent.append((opens, closes))
    return known + [(*interval, known[0][2] if known else None) for interval in silent]


def written(known: Sequence[Piece], now: int) -> list[str]:
    """The six figures: up in each window, down in each window."""
    up, down = [0, 0, 0], [0, 0, 0]
    unknown = [False, False, False]
    for begins, ends, active in known:
        for window, length in enumerate(WINDOWS):
            inside = min(ends, now) - max(begins, now - length)
            if inside <= 0:
                continue
            if active is None:
                unknown[window] = True
            else:
                (up if active else down)[window] += inside
    units = (HOUR // 60, HOUR, HOUR)
    return [
        "" if empty else f"{round(length * 100 / unit) / 100:.2f}"
        for lengths in (up, down)
        for length, unit, empty in zip(lengths, units, unknown, strict=True)
    ]


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
