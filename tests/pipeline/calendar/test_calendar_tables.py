"""Openings and closings around clock changes: tests/pipeline/calendar/*.csv, worked out by hand.

Each row stands for itself: one weekly row of hours, and what it means on that date. The zone rules are the published
ones (the comments of the tz database); neither our code nor Python's zoneinfo made these tables.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from store_uptime.pipeline.calendar.intervals import pattern_spans
from store_uptime.pipeline.options import Horizon
from tests.support import reference

Interval = tuple[int, int]
WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
ZONES = {
    "apia_2011": "Pacific/Apia",
    "beirut_2023": "Asia/Beirut",
    "casablanca_2024": "Africa/Casablanca",
    "chatham_2024": "Pacific/Chatham",
    "dublin_2024": "Europe/Dublin",
    "kolkata_2024": "Asia/Kolkata",
    "lord_howe_2024": "Australia/Lord_Howe",
    "new_york_2024": "America/New_York",
}
TABLES = sorted((Path(__file__).parent).glob("*.csv"))


@dataclass(frozen=True)
class Line:
    """A line of a table: times of day in microseconds, and the interval expected, if any."""

    day: date
    zone: str
    start_us: int
    end_us: int
    expected: list[Interval]

    @property
    def around(self) -> Interval:
        """From three days before the date to three days after it: no other date with that weekday."""
        noon = reference.micros(datetime(self.day.year, self.day.month, self.day.day, 12, tzinfo=UTC))
        return noon - 3 * reference.DAY, noon + 3 * reference.DAY


def time_us(text: str) -> int:
    hours, minutes, seconds = (*map(int, text.split(":")), 0)[:3]
    return timedelta(hours=hours, minutes=minutes, seconds=seconds) // timedelta(microseconds=1)


def line_of(table: str, row: dict[str, str]) -> Line:
    day = date.fromisoformat(row["date"])
    assert WEEKDAYS[day.weekday()] == row["weekday"]
    ends = [reference.micros(datetime.fromisoformat(text)) for text in (row["open_utc"], row["close_utc"]) if text]
    expected = [(ends[0], ends[1])] if ends else []
    return Line(day, ZONES[table], time_us(row["start_local"]), time_us(row["end_local"]), expected)


def lines() -> list[object]:
    """All lines of all tables, each with a readable name."""
    return [
        pytest.param(line_of(path.stem, row), id=f"{path.stem} {row['date']} {row['start_local']}-{row['end_local']}")
        for path in TABLES
        for row in csv.DictReader(path.read_text().splitlines())
    ]


def by_pipeline(line: Line) -> list[Interval]:
    patterns = pl.DataFrame(
        [(0, line.zone, line.day.weekday(), line.start_us, line.end_us)],
        schema={"pattern": pl.UInt32, "zone": pl.String, "weekday": pl.Int8, "start_us": pl.Int64, "end_us": pl.Int64},
        orient="row",
    ).with_columns(from_day=pl.lit(-1_000_000, pl.Int32), until_day=pl.lit(1_000_000, pl.Int32))  # all dates
    return pattern_spans(patterns, Horizon(*line.around)).select("open_us", "close_us").rows()


def by_reference(line: Line) -> list[Interval]:
    hours = [reference.Hours(line.day.weekday(), line.start_us, line.end_us)]
    first, last = line.around
    found = reference.business_intervals(hours, line.zone, first, last)
    return [(open_us, close_us) for open_us, close_us in found if open_us <= last]


@pytest.mark.parametrize("line", lines())
@pytest.mark.parametrize("intervals", [by_pipeline, by_reference])
def test_hours_around_a_clock_change_mean_what_the_table_says(
    intervals: Callable[[Line], list[Interval]], line: Line
) -> None:
    assert intervals(line) == line.expected


def test_every_table_has_its_zone() -> None:
    assert [path.stem for path in TABLES] == list(ZONES)
