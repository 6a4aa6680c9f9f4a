"""Columns of dates in, days out: docs/semantics.md, "Hours and zones with dates".

day          a date as days since 1970-01-01, null where it is none
is_no_date   whether a value is neither empty nor a date
dated        rows of hours or zones with `from_day`, `until_day`
DATE_RULES   what rejects such a row
"""

import polars as pl

from store_uptime.pipeline.clean.columns import as_text
from store_uptime.pipeline.clean.reasons import Reason
from store_uptime.pipeline.durations import DAY_US
from store_uptime.pipeline.instants import YEAR_1_US, YEAR_10000_US
from store_uptime.pipeline.tables import SPACE

DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
STEPS_OF_A_DAY = {"ms": DAY_US // 1_000, "us": DAY_US, "ns": DAY_US * 1_000}
DATES = {"valid_from": "from_day", "valid_to": "until_day"}
IS_BAD = "is_bad_date"


def dated(rows: pl.LazyFrame, kinds: pl.Schema) -> pl.LazyFrame:
    """Rows with `from_day`, `until_day` (int32 since 1970-01-01; null: open), and whether one of them is no date."""
    present = [name for name in DATES if name in kinds]
    from_day, until_day = (pl.col(day) for day in DATES.values())
    bad = [is_no_date(name, kinds) for name in present]
    return rows.with_columns(
        (day(name, kinds) if name in present else pl.lit(None, pl.Int32)).alias(column)
        for name, column in DATES.items()
    ).with_columns(pl.any_horizontal(*bad, (until_day <= from_day).fill_null(False)).alias(IS_BAD))


def day(name: str, kinds: pl.Schema) -> pl.Expr:
    """The days since 1970-01-01 of a date, int32; null for anything else."""
    kind, column = kinds[name], pl.col(name)
    if kind == pl.Date:
        return in_calendar(column.to_physical())
    if isinstance(kind, pl.Datetime):
        # Of a time with a zone the date is that of its own clock. Numbers, since Polars panics at a time that its
        # calendar does not have.
        steps = (column.dt.replace_time_zone(None) if kind.time_zone else column).to_physical()
        return in_calendar(
            pl.when(steps % STEPS_OF_A_DAY[kind.time_unit] == 0).then(steps) // STEPS_OF_A_DAY[kind.time_unit]
        )
    text = date_text(name, kinds)
    date = pl.when(text.str.contains(DATE)).then(text).str.to_date("%Y-%m-%d", strict=False)
    return in_calendar(date.to_physical())


def is_no_date(name: str, kinds: pl.Schema) -> pl.Expr:
    """Whether a value is neither empty nor a date."""
    is_there = pl.col(name).is_not_null() if kinds[name].is_temporal() else date_text(name, kinds).fill_null("") != ""
    return is_there & day(name, kinds).is_null()


def date_text(name: str, kinds: pl.Schema) -> pl.Expr:
    return as_text(name, kinds).str.strip_chars(SPACE)


def in_calendar(days: pl.Expr) -> pl.Expr:
    # Polars has years before 1 and after 9999, which Python's calendar, and so that of zones, does not have.
    years = days.is_between(YEAR_1_US // DAY_US, YEAR_10000_US // DAY_US, closed="left")
    return pl.when(years).then(days).cast(pl.Int32)


DATE_RULES = ((pl.col(IS_BAD), Reason.BAD_DATE),)
