"""Columns of dates in, days out: docs/semantics.md, "Hours and zones with dates".

dated          rows of hours or zones with `from_day`, `until_day`
date_reasons   the rules that reject such a row for its dates
"""

from collections.abc import Sequence

import polars as pl

from store_uptime.pipeline.clean.columns import as_text
from store_uptime.pipeline.clean.reasons import Reason
from store_uptime.pipeline.durations import DAY_US
from store_uptime.pipeline.instants import YEAR_1_US, YEAR_10000_US
from store_uptime.pipeline.tables import SPACE

DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
STEPS_OF_A_DAY = {"ms": DAY_US // 1_000, "us": DAY_US, "ns": DAY_US * 1_000}
DATES = {"valid_from": "from_day", "valid_to": "until_day"}


def dated(rows: pl.LazyFrame, kinds: pl.Schema) -> pl.LazyFrame:
    """Rows with `from_day`, `until_day`: int32 since 1970-01-01; null: open, or no date."""
    return rows.with_columns(
        (day(name, kinds) if name in kinds else pl.lit(None, pl.Int32)).alias(column) for name, column in DATES.items()
    )


def date_reasons(kinds: pl.Schema) -> Sequence[tuple[pl.Expr, Reason]]:
    """The rules for the dates of such a row, each with its reason; none where it has no dates."""
    present = [name for name in DATES if name in kinds]
    is_over = [pl.col("until_day") <= pl.col("from_day")] if len(present) == len(DATES) else []
    return [(broken, Reason.BAD_DATE) for broken in (*(is_no_date(name, kinds) for name in present), *is_over)]


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
