"""Weekdays and times of day in, numbers out: docs/semantics.md, "Reading".

local_time_us   microseconds since local midnight
weekday         0 = Monday … 6 = Sunday
"""

import polars as pl

from store_uptime.pipeline.clean.columns import as_text
from store_uptime.pipeline.durations import HOUR_US, SECOND_US
from store_uptime.pipeline.tables import SPACE

MINUTE_US = 60 * SECOND_US
HOUR_TO_SECOND = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?"
TIME_OF_DAY = r"^(?:[01]?[0-9]|2[0-4]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?$"


def local_time_us(name: str, kinds: pl.Schema) -> pl.Expr:
    """Microseconds since local midnight, 24:00 included, or null."""
    if kinds[name] == pl.Time:
        return pl.col(name).cast(pl.Int64) // 1_000  # Polars counts a time of day in nanoseconds
    text = as_text(name, kinds).str.strip_chars(SPACE)
    two_digit_hour = pl.when(text.str.contains("^[0-9]:")).then("0" + text).otherwise(text)
    return pl.when(text.str.contains(TIME_OF_DAY)).then(clock_us(two_digit_hour))


def clock_us(text: pl.Expr) -> pl.Expr:
    """Microseconds of well-formed `HH:MM[:SS[.f…]]` at the start of a text, cut at the microsecond."""
    seconds = text.str.extract("^.{5}:([0-9]{2})")
    fraction = text.str.extract(r"^.{8}\.([0-9]{1,6})").str.pad_end(6, "0")
    return (
        two_digits(text, 0) * HOUR_US
        + two_digits(text, 3) * MINUTE_US
        + seconds.cast(pl.Int64).fill_null(0) * SECOND_US
        + fraction.cast(pl.Int64).fill_null(0)
    )


def two_digits(text: pl.Expr, at: int) -> pl.Expr:
    return text.str.slice(at, 2).str.to_integer(strict=False)


def weekday(text: pl.Expr, monday: int) -> pl.Expr:
    """0 = Monday … 6 = Sunday, or null; `monday` is what the source counts it as."""
    digit = text.str.strip_chars(SPACE).str.extract(f"^([{monday}-{monday + 6}])$")
    return digit.cast(pl.Int8) - monday
