"""Instants in, microseconds since 1970 UTC out: docs/semantics.md, "Reading".

poll_instant_us   the column `timestamp_utc`, whether it holds times, text, or numbers that count a unit since 1970
instant_of_text   an instant as text
"""

import polars as pl

from store_uptime.pipeline.clean.columns import as_text
from store_uptime.pipeline.clean.local_times import HOUR_TO_SECOND, MINUTE_US, clock_us
from store_uptime.pipeline.durations import DAY_US, HOUR_US, UNIT_US
from store_uptime.pipeline.instants import YEAR_1_US, YEAR_10000_US
from store_uptime.pipeline.mapping.mapping import AS_NAMED, SourceMapping
from store_uptime.pipeline.tables import SPACE

INSTANT = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]" + HOUR_TO_SECOND + r"(?: ?(?:UTC|Z|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?))?$"
)
COMMON_INSTANT = "%Y-%m-%d %H:%M:%S.%6f UTC"
OFFSET = r"([+-])([0-9]{2}):?([0-9]{2})?$"


def poll_instant_us(kinds: pl.Schema, mapping: SourceMapping = AS_NAMED) -> pl.Expr:
    """`timestamp_utc` in microseconds since 1970 UTC, cut (not rounded) at the microsecond; null: no timestamp."""
    kind, column = kinds["timestamp_utc"], pl.col("timestamp_utc")
    if isinstance(kind, pl.Datetime):
        return of_the_calendar(column.dt.epoch("us"))
    if mapping.timestamp_unit is None:
        return of_the_calendar(instant_of_text(as_text("timestamp_utc", kinds)))
    unit_us = UNIT_US[mapping.timestamp_unit]
    if kind.is_float():
        return of_the_calendar(instant_of_float(column, unit_us))
    text = as_text("timestamp_utc", kinds)
    return of_the_calendar(pl.coalesce(instant_of_digits(text, unit_us), instant_of_text(text)))


def of_the_calendar(us: pl.Expr) -> pl.Expr:
    # An offset leads out of the years 1 to 9999, and a database has more of them: no report can write such an instant.
    return pl.when(us.is_between(YEAR_1_US, YEAR_10000_US, closed="left")).then(us)


def instant_of_float(column: pl.Expr, unit_us: int) -> pl.Expr:
    # Tested before the cast, which raises for what int64 does not hold.
    near = column.is_between(YEAR_1_US // unit_us, YEAR_10000_US // unit_us)
    # Rounded, while text is cut: a float is rarely the exact microsecond, and just below it as often as just above.
    return (pl.when(near).then(column.cast(pl.Float64)) * unit_us).round().cast(pl.Int64)


def instant_of_digits(text: pl.Expr, unit_us: int) -> pl.Expr:
    number_text = text.str.strip_chars(SPACE)
    # 18 digits always fit into int64. The product may not, and would wrap around to another time: so `near`.
    whole = number_text.str.extract(r"^(-?[0-9]{1,18})(?:\.[0-9]+)?$").str.to_integer(strict=False)
    near = whole.is_between(YEAR_1_US // unit_us, YEAR_10000_US // unit_us)
    decimals = len(str(unit_us)) - 1
    part = number_text.str.extract(r"\.([0-9]+)$").str.pad_end(decimals, "0").str.slice(0, decimals)
    part_us = part.str.to_integer(strict=False).fill_null(0)
    # Of -0.5 the whole part is 0, so the sign is taken from the text.
    sign = pl.when(number_text.str.starts_with("-")).then(-1).otherwise(1)
    return pl.when(near).then(whole * unit_us + sign * part_us)


def instant_of_text(text: pl.Expr) -> pl.Expr:
    """An instant in microseconds, of one of the forms in docs/semantics.md, "Reading"; null for any other text."""
    # Nearly every feed has one form throughout, for which Polars has a quick parser. All other text goes through
    # `instant_of_any_form`, and expressions over the nulls that are left cost next to nothing.
    common = text.str.to_datetime(COMMON_INSTANT, time_unit="us", strict=False).dt.epoch("us")
    formed = text.str.contains(INSTANT)
    uncommon = pl.when(common.is_null() | ~formed).then(text).str.strip_chars(SPACE)
    uncommon_formed = pl.when(uncommon.str.contains(INSTANT)).then(uncommon)
    # The pattern must match the common form too: the parser accepts texts that the rules reject.
    return pl.coalesce(pl.when(formed).then(common), instant_of_any_form(uncommon_formed))


def instant_of_any_form(text: pl.Expr) -> pl.Expr:
    day = text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    # The parser accepts the year 0000, which the calendar does not have.
    since_1970 = pl.when(day.dt.year() > 0).then(day.cast(pl.Int64) * DAY_US)
    sign, hours, minutes = (text.str.slice(16).str.extract(OFFSET, group) for group in (1, 2, 3))
    offset = hours.cast(pl.Int64) * HOUR_US + minutes.cast(pl.Int64).fill_null(0) * MINUTE_US
    east = pl.when(sign == "-").then(-offset).otherwise(offset).fill_null(0)
    return since_1970 + clock_us(text.str.slice(11)) - east
