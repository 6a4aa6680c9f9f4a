"""What /trends shows of the groups of the newest report: the days of its week, and its incidents.

group_week  the groups as a tree, each with its days, and the incidents of all of them
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from store_uptime import pipeline
from store_uptime.service.page.humanize import MINUTE, format_day, format_duration, format_percent
from store_uptime.service.registry.reports import StoredFleet

if TYPE_CHECKING:
    import polars as pl

MOST_ROWS = 300
MOST_INCIDENTS, NUMBERED_INCIDENTS = 50, 9
CELL_WIDTH, CELL_GAP, STRIP_HEIGHT = 26, 2, 20
LEVELS = (0.0, 1.0, 2.0, 5.0, 10.0, 25.0, 50.0)
"""From which share down, in percent, a day is drawn a level higher. Not in proportion: most days have little."""
NO_VALUE = "(none)"
Key = tuple[str, ...]
DayRow = dict[str, Any]
"""A row of `pipeline.group_days`, by column."""


@dataclass(frozen=True)
class DayCell:
    """A day of a group. x: where it is drawn; height: how high, above 0 for any time down; shape: closed, unknown or
    level-0 to level-7; said: the same in words."""

    x: int
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
    has_groups: bool
    stores: int
    open_now: int
    down_now: int
    percent: float | None
    days: list[DayCell]


@dataclass(frozen=True)
class Incident:
    """Many stores of a group that went down together. attribute: nothing for all stores; start, end: their first and
    last onset; x: where it is drawn, None where it is not; query: what chooses the
    stores of the group in an address."""

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
    """dates: the days of the strips; cell, width: of a day and of a strip; left: how many rows are not shown, so for
    incidents."""

    dates: list[str]
    cell: int
    width: int
    rows: list[GroupRow]
    left: int
    incidents: list[Incident]
    incidents_left: int


def group_week(stored: StoredFleet, by: Key) -> GroupWeek:
    """The groups of a report by some attributes. Raises UnknownAttribute."""
    report = pipeline.restore(stored.figures, lanes=stored.lanes, attributes=stored.attributes)
    found = {depth: pipeline.group_days(report, by[:depth]) for depth in range(len(by) + 1)}
    dates = found[0]["date"].unique().sort().to_list()
    rows = tree_rows(found, by, dates)
    incidents = drawn_incidents(pipeline.incidents(report, by), dates)
    return GroupWeek(
        dates=[format_day(datetime.combine(day, time())) for day in dates],
        cell=CELL_WIDTH,
        width=len(dates) * CELL_WIDTH,
        rows=rows[:MOST_ROWS],
        left=max(0, len(rows) - MOST_ROWS),
        incidents=incidents[:MOST_INCIDENTS],
        incidents_left=max(0, len(incidents) - MOST_INCIDENTS),
    )


def tree_rows(found: "dict[int, pl.DataFrame]", by: Key, dates: Sequence[date]) -> list[GroupRow]:
    """The groups of all levels, each above its own, the worst first. found: `pipeline.group_days` by depth."""
    days: dict[Key, list[DayRow]] = {}
    children: dict[Key, list[Key]] = defaultdict(list)
    for depth, table in found.items():
        for row in table.iter_rows(named=True):
            key = tuple(
                list(row.values())[:depth]
            )  # not by name: where one is as another column's it is written longer
            if key not in days and depth:
                children[key[:-1]].append(key)
            days.setdefault(key, []).append(row)
    rows: list[GroupRow] = []

    def add(key: Key, parent: int | None) -> None:
        number, below = len(rows), children.get(key, [])
        rows.append(group_row(key, number, parent, bool(below), days[key], dates))
        for each in sorted(below, key=lambda key: worst_first(days[key])):
            add(each, number)

    if () in days:
        add((), None)
    return rows


def group_row(
    key: Key, number: int, parent: int | None, has_groups: bool, days: Sequence[DayRow], dates: Sequence[date]
) -> GroupRow:
    first = days[0]
    cells = {row["date"]: row for row in days}
    return GroupRow(
        depth=len(key),
        key=key,
        number=number,
        parent=parent,
        has_groups=has_groups,
        stores=first["stores"],
        open_now=first["open_now"],
        down_now=first["down_now"],
        percent=week_percent(days),
        days=[day_cell(number, day, cells.get(day)) for number, day in enumerate(dates)],
    )


def week_percent(days: Sequence[DayRow]) -> float | None:
    """The uptime of some days in percent of their known time; None where nothing is known."""
    down = sum(row["down_minutes"] for row in days)
    up = sum(row["open_minutes"] - row["unknown_minutes"] for row in days) - down
    if not up + down:
        return None
    # As everywhere, 100.00 and 0.00 only where nothing was down or up.
    least, most = 0.01 if up else 0.0, 99.99 if down else 100.0
    return min(max(round(100 * up / (up + down), 2), least), most)


def worst_first(days: Sequence[DayRow]) -> tuple[bool, float]:
    found = week_percent(days)
    return (found is None, found or 0.0)


def day_cell(number: int, day: date, row: DayRow | None) -> DayCell:
    x, name = number * CELL_WIDTH, format_day(datetime.combine(day, time()))
    if row is None or not row["open_minutes"]:
        return DayCell(x, 0, "closed", f"{name}: closed")
    if row["unknown_minutes"] == row["open_minutes"]:
        return DayCell(x, STRIP_HEIGHT // 2, "unknown", f"{name}: unknown")
    share = 100 * row["down_minutes"] / (row["open_minutes"] - row["unknown_minutes"])
    level = sum(share > least for least in LEVELS)
    down = f"uptime {format_percent(row['uptime_percent'])}, down {format_duration(MINUTE * row['down_minutes'])}"
    unknown = f", unknown {format_duration(MINUTE * row['unknown_minutes'])}" if row["unknown_minutes"] else ""
    return DayCell(x, 3 * level - 1 if level else 0, f"level-{level}", f"{name}: {down}{unknown}")


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
    return round(CELL_WIDTH * (since / timedelta(days=1)), 1)
