"""A `Period`, now and the clocks of the stores in; its periods on each clock out: docs/semantics.md, "Periods".

whole_period     the dates or instants that a period means
period_parts     what it is cut into on a clock
hour_cells       the hours of the week on a clock

Dates are days since 1970.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

import polars as pl

from store_uptime.pipeline.calendar.clocks import (
    NEAR,
    Clock,
    date_of,
    days_of,
    first_instants,
    local_date,
    offsets_near,
    weekday_of,
)
from store_uptime.pipeline.durations import DAY_US, HOUR_US, is_duration, microseconds, parse_duration
from store_uptime.pipeline.instants import instant_us, iso
from store_uptime.pipeline.periods import CALENDAR, RELATIVE, By, Period, first_date

DAY = pl.col("day")
Unit = Literal["day", "week", "month", "quarter", "year"]
PART = {"number": pl.UInt32(), "period": pl.String(), "start_us": pl.Int64(), "end_us": pl.Int64()}


@dataclass(frozen=True)
class Whole:
    """From when to when, the end excluded: dates on each clock, or instants in microseconds since 1970."""

    start: date | int
    end: date | int

    def __str__(self) -> str:
        """As `period` has it, where that is the same on all clocks."""
        if isinstance(self.start, date) and isinstance(self.end, date):
            return whole_name(self.start, self.end)
        return f"{edge_text(self.start)}/{edge_text(self.end)}"


def whole_period(period: Period, now_us: int, clocks: Sequence[Clock]) -> Whole:
    """The dates or instants of a period. clocks: of all stores, or the one that was given.

    Raises ValueError where the end is not after the start.
    """
    if period.name is None:
        end = now_us if period.end is None else edge(period.end)
        return checked(Whole(edge(str(period.start)), end), now_us)
    if is_duration(period.name):
        return Whole(now_us - microseconds(parse_duration(period.name)), now_us)
    if period.name in RELATIVE:
        return relative_period(period.name, min(local_date(clock, now_us) for clock in clocks))
    parts = CALENDAR.fullmatch(period.name)
    if parts is None:
        raise ValueError(f"{period.name!r} is no period")
    start = first_date(parts)
    return Whole(start, next_beginning(start, unit_of(parts)))


def checked(whole: Whole, now_us: int) -> Whole:
    """The same, if its end is after its start, as far as that is the same on all clocks. Raises ValueError."""
    start, end = (us if isinstance(us, int) else days_of(us) * DAY_US for us in (whole.start, whole.end))
    slack_us = 0 if type(whole.start) is type(whole.end) else NEAR * DAY_US
    if end + slack_us <= start:
        until = "now, " if whole.end == now_us else ""
        raise ValueError(f"the end ({until}{edge_text(whole.end)}) is not after the start ({edge_text(whole.start)})")
    return whole


def relative_period(name: str, current: date) -> Whole:
    """current: the earliest date that any clock has at now, so that all before it are over everywhere."""
    if name in {"today", "yesterday"}:
        start = current if name == "today" else current - timedelta(days=1)
        return Whole(start, start + timedelta(days=1))
    which, _, unit_name = name.partition("-")
    unit: Unit = "week" if unit_name == "week" else "month" if unit_name == "month" else "quarter"
    start = beginning(current, unit)
    if which == "last":
        return Whole(beginning(start - timedelta(days=1), unit), start)
    return Whole(start, next_beginning(start, unit))


def period_parts(whole: Whole, by: By | None, clock: Clock) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The periods on a clock: number (uint32, in order of time), period, start_us, end_us; and their stretches: number,
    from_us, until_us, in order: nearly always one each.

    A period without an instant has no row.
    """
    dates = dates_near(whole, clock)
    start_us, end_us = (edge_us(one, dates) for one in (whole.start, whole.end))
    if by is None:
        label = name_of(whole, start_us, end_us, dates)
        named = pl.DataFrame([(0, label, start_us, end_us)], schema=PART, orient="row").filter(
            pl.col("start_us") < pl.col("end_us")
        )
        return named, named.select("number", from_us="start_us", until_us="end_us")
    natural = hours_of_dates(dates, clock) if by == "hour" else grouped_dates(dates, by)
    cut = natural.with_columns(
        from_us=pl.col("from_us").clip(start_us), until_us=pl.col("until_us").clip(upper_bound=end_us)
    ).filter(pl.col("from_us") < pl.col("until_us"))
    whole_part = pl.col("natural_from") == pl.col("start_us"), pl.col("natural_until") == pl.col("end_us")
    parts = (
        natural.group_by("key", maintain_order=True)
        .agg(pl.col("label").first(), natural_from=pl.col("from_us").min(), natural_until=pl.col("until_us").max())
        .join(
            cut.group_by("key").agg(start_us=pl.col("from_us").min(), end_us=pl.col("until_us").max()),
            on="key",
            maintain_order="left",
        )
        .sort("start_us", "key")
        .with_row_index("number")
        .with_columns(is_whole=pl.all_horizontal(whole_part))
    )
    cut_labels = [
        row["label"] if row["is_whole"] else range_name(row["start_us"], row["end_us"], dates)
        for row in parts.iter_rows(named=True)
    ]
    named = parts.with_columns(pl.Series("period", cut_labels, pl.String)).select(*PART)
    stretches = cut.join(parts.select("key", "number"), on="key").sort("number", "from_us")
    return named, merged_stretches(stretches.select("number", "from_us", "until_us"))


def hour_cells(start_us: int, end_us: int, clock: Clock) -> pl.DataFrame:
    """The hours of the week on a clock from one instant to another: weekday, hour (int8), from_us, until_us; in order,
    without gap or overlap."""
    hours = hours_of_dates(dates_near(Whole(start_us, end_us), clock), clock)
    return (
        hours.with_columns(
            pl.col("from_us").clip(start_us),
            pl.col("until_us").clip(upper_bound=end_us),
            weekday=weekday_of(DAY),
        )
        .filter(pl.col("from_us") < pl.col("until_us"))
        .sort("from_us")
        .select("weekday", pl.col("hour").cast(pl.Int8), "from_us", "until_us")
    )


def dates_near(whole: Whole, clock: Clock) -> pl.DataFrame:
    """`first_instants` of every date that a period touches on a clock, and so many around it that months are whole."""
    first, last = (days_of(one) if isinstance(one, date) else one // DAY_US for one in (whole.start, whole.end))
    return first_instants(clock, first - NEAR - 31, last + NEAR + 31)


def hours_of_dates(dates: pl.DataFrame, clock: Clock) -> pl.DataFrame:
    """The hours of dates: key (int64), label, day, hour, from_us, until_us. What a date has before its first or after
    its last hour belongs to these."""
    first, last = int(dates["day"][0]), int(dates["day"][-1])
    on_wall = pl.col("from_us") + pl.col("offset_us"), pl.col("until_us") + pl.col("offset_us")
    hour = pl.col("wall_hour") - 24 * pl.col("day")
    begins = pl.col("wall_hour") * HOUR_US - pl.col("offset_us")
    return (
        dates.join(offsets_near(clock, first, last), on="zone")
        .with_columns(
            from_us=pl.max_horizontal("from_us", "from_utc_us"), until_us=pl.min_horizontal("until_us", "until_utc_us")
        )
        .filter(pl.col("from_us") < pl.col("until_us"))
        .with_columns(wall_hour=pl.int_ranges(on_wall[0] // HOUR_US, (on_wall[1] - 1) // HOUR_US + 1))
        .explode("wall_hour")
        .with_columns(
            hour=hour.clip(0, 23),
            from_us=pl.max_horizontal("from_us", begins),
            until_us=pl.min_horizontal("until_us", begins + HOUR_US),
        )
        .with_columns(
            key=24 * pl.col("day") + pl.col("hour"),
            label=pl.format("{}T{}", date_text("day"), pl.col("hour").cast(pl.String).str.zfill(2)),
        )
        .select("key", "label", "day", "hour", "from_us", "until_us")
        .sort("from_us")
    )


def grouped_dates(dates: pl.DataFrame, by: By) -> pl.DataFrame:
    """Dates as days, weeks or months: key, label, from_us, until_us; whole ones are whole here."""
    first = {"day": DAY, "week": DAY - weekday_of(DAY), "month": first_of_month("day")}[by]
    label = {
        "day": date_text("key"),
        "week": as_date("key").dt.strftime("%G-W%V"),
        "month": as_date("key").dt.strftime("%Y-%m"),
    }[by]
    return (
        dates.filter(pl.col("from_us") < pl.col("until_us"))
        .group_by(key=first, maintain_order=True)
        .agg(pl.col("from_us").min(), pl.col("until_us").max())
        .with_columns(label=label)
    )


def merged_stretches(stretches: pl.DataFrame) -> pl.DataFrame:
    """Stretches that touch as one: a repeated hour is one of two hours."""
    touches = (pl.col("number") == pl.col("number").shift()) & (pl.col("from_us") == pl.col("until_us").shift())
    return (
        stretches.with_columns(stretch=(~touches.fill_null(False)).cum_sum())
        .group_by("stretch", maintain_order=True)
        .agg(pl.col("number").first(), pl.col("from_us").first(), pl.col("until_us").last())
        .drop("stretch")
    )


def name_of(whole: Whole, start_us: int, end_us: int, dates: pl.DataFrame) -> str:
    if isinstance(whole.start, date) and isinstance(whole.end, date):
        return whole_name(whole.start, whole.end)
    return range_name(start_us, end_us, dates)


def whole_name(start: date, end: date) -> str:
    """The name of the dates from one to another: their unit, else both."""
    units: tuple[Unit, ...] = ("day", "week", "month", "quarter", "year")
    named = (unit for unit in units if beginning(start, unit) == start and next_beginning(start, unit) == end)
    unit = next(named, None)
    return f"{start}/{end}" if unit is None else unit_name(start, unit)


def range_name(start_us: int, end_us: int, dates: pl.DataFrame) -> str:
    """Both ends: as dates where both are beginnings of dates, else as instants."""
    found = [dates.filter(pl.col("from_us") < pl.col("until_us"), from_us=us)["day"] for us in (start_us, end_us)]
    if all(days.len() for days in found):
        return whole_name(*(date_of(int(days[0])) for days in found))
    return f"{iso(start_us)}/{iso(end_us)}"


def unit_name(start: date, unit: Unit) -> str:
    match unit:
        case "day":
            return start.isoformat()
        case "week":
            year, week, _ = start.isocalendar()
            return f"{year:04}-W{week:02}"
        case "month":
            return f"{start.year:04}-{start.month:02}"
        case "quarter":
            return f"{start.year:04}-Q{(start.month + 2) // 3}"
        case "year":
            return f"{start.year:04}"


def beginning(day: date, unit: Unit) -> date:
    """The first date of the unit that a date lies in."""
    match unit:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return date(day.year, day.month - (day.month - 1) % 3, 1)
        case "year":
            return date(day.year, 1, 1)


def next_beginning(start: date, unit: Unit) -> date:
    """The first date after the unit that begins with a date."""
    longest = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[unit]
    return beginning(start + timedelta(days=longest), unit)


def unit_of(parts: re.Match[str]) -> Unit:
    found = parts.groupdict()
    units: tuple[Unit, ...] = ("day", "week", "month", "quarter")
    return next((unit for unit in units if found[unit] is not None), "year")


def edge(text: str) -> date | int:
    """A date or an instant, as `Period` has them."""
    return instant_us(datetime.fromisoformat(text)) if "T" in text else date.fromisoformat(text)


def edge_us(one: date | int, dates: pl.DataFrame) -> int:
    return one if isinstance(one, int) else int(dates.filter(day=days_of(one))["from_us"][0])


def edge_text(one: date | int) -> str:
    return iso(one) if isinstance(one, int) else one.isoformat()


def all_us(whole: Whole, clocks: Iterable[Clock]) -> tuple[int, int]:
    """The first and the last instant of a period on any of some clocks."""
    ends = []
    for clock in clocks:
        dates = dates_near(whole, clock)
        ends.append([edge_us(one, dates) for one in (whole.start, whole.end)])
    return min(start for start, _ in ends), max(end for _, end in ends)


def as_date(day: str) -> pl.Expr:
    return pl.col(day).cast(pl.Int32).cast(pl.Date)


def date_text(day: str) -> pl.Expr:
    return as_date(day).dt.strftime("%Y-%m-%d")


def first_of_month(day: str) -> pl.Expr:
    return as_date(day).dt.month_start().cast(pl.Int32).cast(pl.Int64)
