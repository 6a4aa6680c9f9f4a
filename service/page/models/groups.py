"""What /trends shows of the groups of the newest report: the days of its week, and its incidents.

group_week  the groups as a tree, each with its days, and the incidents of all of them
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from store_uptime import pipeline
from store_uptime.service.page.charts import Tick
from store_uptime.service.page.freshness import freshness
from store_uptime.service.page.humanize import MINUTE, format_day, format_duration, format_percent
from store_uptime.service.page.models.fleet import newest_poll_us
from store_uptime.service.registry.reports import StoredFleet

if TYPE_CHECKING:
    import polars as pl

MOST_ROWS = 300
MOST_INCIDENTS, NUMBERED_INCIDENTS = 50, 9
LEAST_DISTANCE = 1.5  # of marks, in percent of the strip
STRIP_HEIGHT = 20
HIGHEST = 25.0
"""The share down, in percent, of the highest days. Heights are by its root: most days have little."""
LEVELS = 5
NO_VALUE = "(none)"
Key = tuple[str, ...]
DayRow = dict[str, Any]
"""A row of `pipeline.group_days`, by column."""


@dataclass(frozen=True)
class DayCell:
    """A day of a group. x: where it is drawn, in percent of the strip; height: how high, in pixels, above 0 for any
    time down; shape: closed, unknown or level-0 to level-5; said: the same in words."""

    x: float
    height: int
    shape: str
    said: str


@dataclass(frozen=True)
class GroupRow:
    """A group of the tree. depth: 0 for all stores; key: its values; number, parent: of its row, None at the root;
    percent: its uptime of the week."""

    depth: int
    key: Key
    number: int
    parent: int | None
    stores: int
    open_now: int
    down_now: int
    percent: float | None
    days: list[DayCell]


@dataclass(frozen=True)
class Incident:
    """Many stores of a group that went down together. attribute: nothing for all stores; start, end: their first and
    last onset; x: where it is drawn, in percent of the strip, None where it is not; query: what chooses the stores of
    the group in an address."""

    number: int
    attribute: str
    value: str
    start: datetime
    end: datetime
    stores: int
    open: int
    percent: float
    x: float | None
    query: dict[str, str]


@dataclass(frozen=True)
class GroupWeek:
    """down_word: when the stores are down that are down now. dates: the days of the strips, and in percent where each
    is drawn; step: how wide one is; marks: where incidents are drawn, and their numbers; left, incidents_left: how many
    are not shown."""

    down_word: str
    dates: list[Tick]
    step: float
    marks: list[Tick]
    rows: list[GroupRow]
    left: int
    incidents: list[Incident]
    incidents_left: int


def group_week(stored: StoredFleet, by: Key) -> GroupWeek:
    """The groups of a report by some attributes. Raises UnknownAttribute."""
    report = pipeline.restore(stored.figures, lanes=stored.lanes, attributes=stored.attributes)
    found = [pipeline.group_days(report, by[:depth]) for depth in range(len(by) + 1)]
    dates = found[0]["date"].unique().sort().to_list()
    rows = tree_rows(found, dates)
    incidents = drawn_incidents(pipeline.incidents(report, by), dates)
    return GroupWeek(
        down_word=freshness(report, newest_poll_us(stored.figures)).down_word,
        dates=[Tick(place(number, dates), f"{day:%a} {day.day}") for number, day in enumerate(dates)],
        step=place(1, dates),
        marks=marks_of(incidents),
        rows=rows[:MOST_ROWS],
        left=max(0, len(rows) - MOST_ROWS),
        incidents=incidents[:MOST_INCIDENTS],
        incidents_left=max(0, len(incidents) - MOST_INCIDENTS),
    )


def place(day: float, dates: Sequence[date]) -> float:
    """Where a day is drawn, in percent of the strip; day: its number, and a part of it."""
    return round(100 * day / len(dates), 2)


def tree_rows(found: "Sequence[pl.DataFrame]", dates: Sequence[date]) -> list[GroupRow]:
    """The groups of all levels, each above its own, the worst first. found: `pipeline.group_days` of each level."""
    days = days_by_group(found)
    percent_of = {key: each[0]["uptime_percent_week"] for key, each in days.items()}
    inner: dict[Key, list[Key]] = defaultdict(list)
    for key in sorted(days, key=lambda key: (percent_of[key] is None, percent_of[key], key)):
        if key:
            inner[key[:-1]].append(key)
    rows: list[GroupRow] = []

    def add(key: Key, parent: int | None) -> None:
        number = len(rows)
        rows.append(group_row(key, number, parent, percent_of[key], days[key], dates))
        for each in inner[key]:
            add(each, number)

    add((), None)
    return rows


def days_by_group(found: "Sequence[pl.DataFrame]") -> dict[Key, list[DayRow]]:
    """The days of each group of each level. found: `pipeline.group_days` of each level, that of all stores first."""
    days: dict[Key, list[DayRow]] = defaultdict(list)
    for depth, table in enumerate(found):
        # Not by their names: one that another column has, too, is written longer.
        names = table.columns[:depth]
        for row in table.iter_rows(named=True):
            days[tuple(row[name] for name in names)].append(row)
    return days


def group_row(
    key: Key, number: int, parent: int | None, percent: float | None, days: Sequence[DayRow], dates: Sequence[date]
) -> GroupRow:
    first = days[0]
    cells = {row["date"]: row for row in days}
    return GroupRow(
        depth=len(key),
        key=key,
        number=number,
        parent=parent,
        stores=first["stores"],
        open_now=first["open_now"],
        down_now=first["down_now"],
        percent=percent,
        days=[day_cell(place(number, dates), day, cells.get(day)) for number, day in enumerate(dates)],
    )


def day_cell(x: float, day: date, row: DayRow | None) -> DayCell:
    name = format_day(datetime.combine(day, time()))
    if row is None or not row["open_minutes"]:
        return DayCell(x, 0, "closed", f"{name}: closed")
    if row["unknown_minutes"] == row["open_minutes"]:
        return DayCell(x, STRIP_HEIGHT // 2, "unknown", f"{name}: unknown")
    share = 100 * row["down_minutes"] / (row["open_minutes"] - row["unknown_minutes"])
    part = math.sqrt(min(share, HIGHEST) / HIGHEST)
    level = math.ceil(part * LEVELS)
    down = f"uptime {format_percent(row['uptime_percent'])}, down {format_duration(MINUTE * row['down_minutes'])}"
    unknown = f", unknown {format_duration(MINUTE * row['unknown_minutes'])}" if row["unknown_minutes"] else ""
    return DayCell(x, max(2, round(part * STRIP_HEIGHT)) if level else 0, f"level-{level}", f"{name}: {down}{unknown}")


def drawn_incidents(found: "pl.DataFrame", dates: Sequence[date]) -> list[Incident]:
    """The incidents in their order, the first of them with a place on the strips."""
    return [
        Incident(
            number=number,
            attribute=row["attribute"],
            value=row["value"],
            start=row["start_utc"],
            end=row["end_utc"],
            stores=row["stores"],
            open=row["open"],
            percent=row["share_percent"],
            x=incident_x(row["start_utc"], dates) if number <= NUMBERED_INCIDENTS else None,
            query=query_of(row["attribute"], row["value"]),
        )
        for number, row in enumerate(found.head(MOST_INCIDENTS + 1).iter_rows(named=True), 1)
    ]


def marks_of(incidents: Sequence[Incident]) -> list[Tick]:
    """Where incidents are drawn, those that would cover each other under one mark."""
    marks: list[tuple[float, list[int]]] = []
    drawn = ((incident.x, incident.number) for incident in incidents if incident.x is not None)
    for x, number in sorted(drawn):
        if marks and x - marks[-1][0] < LEAST_DISTANCE:
            marks[-1] = (marks[-1][0], [*marks[-1][1], number])
        else:
            marks.append((x, [number]))
    return [Tick(x, ", ".join(map(str, sorted(numbers)))) for x, numbers in marks]


def query_of(attribute: str, value: str) -> dict[str, str]:
    """What chooses the stores of a group in an address."""
    match attribute:
        case "":
            return {}
        case "zone":
            return {"zone": value}
        case _:
            return {"only": f"{attribute}={'' if value == NO_VALUE else value}"}


def incident_x(instant: datetime, dates: Sequence[date]) -> float:
    """Where an instant is on the strips; the days there are those of each store, this is by the clock of UTC."""
    since = instant - datetime.combine(dates[0], time(), UTC)
    return place(since / timedelta(days=1), dates)
