"""Cleaned tables in, warnings out, for reports and loads: docs/semantics.md, "Warnings".

unlikely_times          polls at an unlikely time
rejected_rows_warning   many rows of one table rejected
weekdays_from_one       Sunday as 7 where 6 is meant
unreadable_text         names or attributes that are not UTF-8
spreadsheet_ids         ids that a spreadsheet has probably changed
"""

from collections.abc import Iterator, Mapping

import polars as pl

from store_uptime.pipeline.clean.columns import FILE, LINE, SURPLUS
from store_uptime.pipeline.clean.reasons import Reason
from store_uptime.pipeline.clean.remedies import remedy
from store_uptime.pipeline.clean.split import TableCounts
from store_uptime.pipeline.data_warnings import (
    BadValue,
    DataWarning,
    RejectedRows,
    SourceRemark,
    SpreadsheetIds,
    UnlikelyTimes,
    WeekdaysFromOne,
)
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.mapping.time_units import is_unlikely, other_unit
from store_uptime.pipeline.tables import SPACE
from store_uptime.pipeline.text import most_frequent_first

# The thresholds are those of docs/semantics.md, "Warnings".
MANY_PERCENT = 1
HALF = 2  # fewer than half: HALF * some < all

SPREADSHEET_ID = r"^[0-9](?:\.[0-9]+)?[Ee]\+[0-9]{2,}$|^[0-9]+\.0$"
BAD_COLUMNS: Mapping[str, tuple[str, ...]] = {
    Reason.BAD_QUOTES: (SURPLUS,),
    Reason.TOO_MANY_FIELDS: (SURPLUS,),
    Reason.MISSING_STORE_ID: ("store_id",),
    Reason.BAD_STORE_ID: ("store_id",),
    Reason.MISSING_TIMESTAMP: ("timestamp_utc",),
    Reason.BAD_TIMESTAMP: ("timestamp_utc",),
    Reason.AHEAD_OF_THE_CLOCK: ("timestamp_utc",),
    Reason.BAD_STATUS: ("status",),
    Reason.BAD_WEEKDAY: ("day_of_week",),
    Reason.BAD_TIME: ("start_time_local", "end_time_local"),
    Reason.BAD_DATE: ("valid_from", "valid_to"),
    Reason.SEVERAL_ROWS: ("store_id",),
}


def unreadable_text(value: BadValue | None) -> Iterator[SourceRemark]:
    """The remark on a value of stores that could not be read: see `unreadable_value`."""
    if value is not None:
        yield SourceRemark(f"Stores have text that cannot be read, the first {value}: is its file UTF-8?")


def unlikely_times(newest_us: int, mapping: SourceMapping) -> Iterator[UnlikelyTimes]:
    """The warning for polls at an unlikely time. newest_us: the newest one, or now."""
    if is_unlikely(newest_us):
        unit = mapping.timestamp_unit
        yield UnlikelyTimes(newest_us, unit, other_unit(newest_us, unit))


def rejected_rows_warning(
    table: str, counts: TableCounts, rejected: pl.DataFrame, mapping: SourceMapping
) -> Iterator[RejectedRows]:
    """The warning where many rows of a table were rejected, or nothing.

    table: polls, hours or zones. counts: of all rows. rejected: those rows or some of them, as `as_it_was` returns
    them: file, line, reason, and the raw columns as text. mapping: the one that the rows were read by; where at least
    half of the polls were rejected for one reason, the warning says which change of it would help.
    """
    number = sum(counts.rejected.values())
    if is_many(number, counts.read):
        reason, times = commonest(counts.rejected)
        example = example_of(rejected, reason)
        is_half = table == "polls" and HALF * times >= counts.read
        mended = remedy(rejected.filter(reason=reason), mapping if counts.accepted else None) if is_half else ""
        yield RejectedRows(table, number, counts.read, reason, times, example, mended)


def is_many(number: int, of: int) -> bool:
    """Whether that is more than docs/semantics.md allows without a warning."""
    return 100 * number > MANY_PERCENT * of


def commonest(reasons: Mapping[str, int]) -> tuple[str, int]:
    """The most frequent reason, and how many rows have it; of equal ones the first by name."""
    return next(iter(most_frequent_first(reasons).items()))


def example_of(rejected: pl.DataFrame, reason: str) -> BadValue | None:
    """The bad value of the first row that was rejected for a reason."""
    columns = [column for column in BAD_COLUMNS[reason] if column in rejected.columns]  # a date may be alone
    rows = rejected.lazy().filter(reason=reason).sort(FILE, LINE, *columns, nulls_last=True).head(1).collect()
    if rows.is_empty():
        return None
    row = rows.row(0, named=True)
    return BadValue(tuple((column, row[column]) for column in columns), row[FILE], row[LINE])


def weekdays_from_one(rejected: pl.DataFrame, has_monday: bool) -> Iterator[DataWarning]:
    """The warning that Sunday seems to be 7. With a mapping where Monday is 1, 7 is no bad weekday.

    rejected: rows of hours. has_monday: whether an accepted one is of weekday 0.
    """
    day = pl.col("day_of_week").str.strip_chars(SPACE)
    bad = rejected.filter(day.is_in(["0", "7"])).select(day, "reason")
    has_seven = not bad.filter(day_of_week="7", reason=Reason.BAD_WEEKDAY).is_empty()
    if has_seven and not has_monday and "0" not in bad["day_of_week"]:
        yield WeekdaysFromOne()


def spreadsheet_ids(every: pl.DataFrame, ids: Mapping[str, pl.LazyFrame]) -> Iterator[DataWarning]:
    """The warning that a spreadsheet has probably changed ids. every: distinct store_id; ids: those of each table."""
    damaged = pl.col("store_id").str.contains(SPREADSHEET_ID)
    if every.filter(damaged).is_empty():  # as in nearly every feed: then the tables need not be looked at
        return
    rows = {name: table.filter(damaged).select("store_id").collect() for name, table in ids.items()}
    found = {name: table for name, table in rows.items() if not table.is_empty()}
    if found:
        distinct = pl.concat(found.values())["store_id"].unique().sort()
        yield SpreadsheetIds(tuple(found), distinct.len(), distinct[0])
