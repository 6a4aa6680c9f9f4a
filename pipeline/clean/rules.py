"""Raw rows in, the same rows with typed columns and a reason out: docs/semantics.md, "Input".

    judged_polls   + poll_us, active           one row each: reason is null where the row is accepted
    judged_hours   + weekday, start_us, end_us
    judged_zones   + zone                      an empty zone is null, and accepted

Text and typed columns are taken alike, so that the same values give the same figures from every source. Regular
expressions decide what is well formed: the parsers of Polars, like those of any database, are kinder than the rules.
"""

from collections.abc import Sequence
from enum import StrEnum

import polars as pl

from store_uptime.pipeline.errors import SourceMismatch
from store_uptime.pipeline.mapping.mapping import AS_NAMED, SourceMapping
from store_uptime.pipeline.options import DAY_US, HOUR_US, SECOND_US, UNIT_US, YEAR_1_US, YEAR_10000_US
from store_uptime.pipeline.tables import SPACE

MINUTE_US = 60 * SECOND_US
SURPLUS = "surplus"  # what a row of CSV holds beyond its header, as a rejects file of ours says it
MISQUOTED = "misquoted"  # a whole line whose quotes are odd; only text that is read line by line has it
BEYOND_HEADER = tuple(f"{SURPLUS} {number}" for number in range(1, 5))  # what it holds there itself; each costs time
FILE, LINE = "file", "line"  # where a row stands; only rows of files have them

HOUR_TO_SECOND = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?"
INSTANT = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]" + HOUR_TO_SECOND + r"(?: ?(?:UTC|Z|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?))?$"
)
USUAL_INSTANT = "%Y-%m-%d %H:%M:%S.%6f UTC"
OFFSET = r"([+-])([0-9]{2}):?([0-9]{2})?$"
TIME_OF_DAY = r"^(?:[01]?[0-9]|2[0-4]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?$"


class Reason(StrEnum):
    """Why a row is rejected: docs/semantics.md, "Rejected rows"."""

    BAD_QUOTES = "bad quotes"
    TOO_MANY_FIELDS = "too many fields"
    MISSING_STORE_ID = "missing store id"
    BAD_STORE_ID = "bad store id"
    MISSING_TIMESTAMP = "missing timestamp"
    BAD_TIMESTAMP = "bad timestamp"
    BAD_STATUS = "bad status"
    BAD_WEEKDAY = "bad weekday"
    BAD_TIME = "bad time"
    AHEAD_OF_THE_CLOCK = "ahead of the clock"


WITHOUT_STORE = (Reason.MISSING_STORE_ID, Reason.BAD_STORE_ID)
"""Such a row says nothing about any store."""


def judged_polls(raw: pl.LazyFrame, ahead_us: int | None, mapping: SourceMapping = AS_NAMED) -> pl.LazyFrame:
    """Polls with `poll_us` (int64, since 1970 UTC), `active` (bool) and `reason` (null: accepted).

    A poll later than `ahead_us` is ahead of the clock; None switches that off.
    """
    kinds = raw.collect_schema()
    ahead = pl.lit(False) if ahead_us is None else pl.col("poll_us") > ahead_us
    return (
        with_text_id(raw, kinds)
        .with_columns(
            poll_us=instant(kinds, mapping),
            active=is_active(as_text("status", kinds), mapping),
        )
        .with_columns(
            reason=first_reason(
                *id_reasons(kinds),
                (is_missing("timestamp_utc", kinds), Reason.MISSING_TIMESTAMP),
                (pl.col("poll_us").is_null(), Reason.BAD_TIMESTAMP),
                (pl.col("active").is_null(), Reason.BAD_STATUS),
                (ahead, Reason.AHEAD_OF_THE_CLOCK),
            )
        )
    )


def judged_hours(raw: pl.LazyFrame, mapping: SourceMapping = AS_NAMED) -> pl.LazyFrame:
    """Hours with `weekday` (int8, 0 = Monday), `start_us`, `end_us` (int64, since midnight) and `reason`."""
    kinds = raw.collect_schema()
    return (
        with_text_id(raw, kinds)
        .with_columns(
            weekday=weekday(as_text("day_of_week", kinds), mapping.monday),
            start_us=time_of_day("start_time_local", kinds),
            end_us=time_of_day("end_time_local", kinds),
        )
        .with_columns(
            reason=first_reason(
                *id_reasons(kinds),
                (pl.col("weekday").is_null(), Reason.BAD_WEEKDAY),
                (pl.col("start_us").is_null() | pl.col("end_us").is_null(), Reason.BAD_TIME),
                ((pl.col("start_us") >= DAY_US) | (pl.col("end_us") > DAY_US), Reason.BAD_TIME),
            )
        )
    )


def judged_zones(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Zones with `zone` (trimmed; null where empty, which is like no row) and `reason`."""
    kinds = raw.collect_schema()
    trimmed = as_text("timezone_str", kinds).str.strip_chars(SPACE)
    return with_text_id(raw, kinds).with_columns(
        zone=pl.when(trimmed != "").then(trimmed),
        reason=first_reason(*id_reasons(kinds)),
    )


def accepted(judged: pl.LazyFrame) -> pl.LazyFrame:
    """The rows without a reason against them."""
    return judged.filter(pl.col("reason").is_null())


def rejected(judged: pl.LazyFrame) -> pl.LazyFrame:
    """The rows that have a reason: line number where there is one, reason, and the row as it was."""
    return judged.filter(pl.col("reason").is_not_null())


def first_reason(*rules: tuple[pl.Expr, Reason]) -> pl.Expr:
    """The first reason whose rule is true of a row, or null."""
    return pl.coalesce(pl.when(broken).then(pl.lit(reason.value)) for broken, reason in rules)


def with_text_id(raw: pl.LazyFrame, kinds: pl.Schema) -> pl.LazyFrame:
    """The rows with their store id as text: a whole number in a Parquet file is its digits."""
    kind = kinds["store_id"]
    if kind == pl.String:
        return raw
    if kind.is_float():
        raise SourceMismatch(
            "store_id",
            f"the column is of type {kind}, in which long ids lose digits",
            "write ids as text or whole numbers",
        )
    return raw.with_columns(as_text("store_id", kinds))


def as_text(name: str, kinds: pl.Schema) -> pl.Expr:
    """A column as the text that a CSV file would hold; a whole number has no decimals, whatever its type."""
    kind, column = kinds[name], pl.col(name)
    if kind == pl.String:
        return column
    if kind.is_nested() or kind in (pl.Object, pl.Duration):
        raise SourceMismatch(
            name, f"the column is of type {kind}", "it must be text, or a type that can be written as text"
        )
    text = column.cast(pl.String)
    return text.str.replace(r"\.0+$", "") if kind.is_float() or kind.is_decimal() else text


def id_reasons(kinds: pl.Schema) -> Sequence[tuple[pl.Expr, Reason]]:
    """What can be wrong with any row: its quotes, fields beyond the header, no id, or one that no file can carry."""
    store_id = pl.col("store_id")
    further = [pl.col(name) != "" for name in surplus_fields(kinds)]
    return [
        *([(pl.col(MISQUOTED).is_not_null(), Reason.BAD_QUOTES)] if MISQUOTED in kinds else []),
        *([(pl.any_horizontal(further), Reason.TOO_MANY_FIELDS)] if further else []),
        (store_id.is_null() | (store_id == ""), Reason.MISSING_STORE_ID),
        # U+FFFD is what unreadable bytes become: two such ids would be one.
        (store_id.str.contains("[\x00\ufffd]"), Reason.BAD_STORE_ID),
    ]


def surplus_fields(kinds: pl.Schema) -> list[str]:
    """The columns with what a row has beyond its header, or all of it where its quotes are odd; only text has them."""
    return [name for name in (SURPLUS, MISQUOTED, *BEYOND_HEADER) if name in kinds]


def surplus(kinds: pl.Schema) -> pl.Expr:
    """The column `surplus`: what a row has beyond its header, with commas between; null where that is nothing."""
    fields = [pl.col(name).fill_null("") for name in surplus_fields(kinds)]
    text = pl.concat_str(fields, separator=",").str.strip_chars_end(",") if fields else pl.lit("")
    return pl.when(text != "").then(text).alias(SURPLUS)


def is_missing(name: str, kinds: pl.Schema) -> pl.Expr:
    """Null, or no text but spaces; only rows without an instant are looked at, so that the others are not trimmed."""
    if kinds[name].is_temporal() or kinds[name].is_numeric():
        return pl.col(name).is_null()
    unread = pl.when(pl.col("poll_us").is_null()).then(as_text(name, kinds))
    return pl.col(name).is_null() | (unread.str.strip_chars(SPACE) == "")


def is_active(text: pl.Expr, mapping: SourceMapping) -> pl.Expr:
    """True, false, or null where the status is none of the words."""
    words = [*mapping.active, *mapping.inactive]
    odd = pl.when(~text.is_in(words)).then(text)  # nearly always null, which nothing is done with
    word = pl.coalesce(odd.str.strip_chars(SPACE).str.to_lowercase(), text)
    return pl.when(word.is_in(mapping.active)).then(True).when(word.is_in(mapping.inactive)).then(False)


def instant(kinds: pl.Schema, mapping: SourceMapping = AS_NAMED) -> pl.Expr:
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
    """Instants in the years 1 to 9999; others, where an offset or a database leads, are null."""
    return pl.when(us.is_between(YEAR_1_US, YEAR_10000_US, closed="left")).then(us)


def instant_of_float(column: pl.Expr, unit_us: int) -> pl.Expr:
    """The instant of a number of units since 1970, rounded to the microsecond: a float has no exact one."""
    near = column.is_between(YEAR_1_US // unit_us, YEAR_10000_US // unit_us)
    return (pl.when(near).then(column.cast(pl.Float64)) * unit_us).round().cast(pl.Int64)


def instant_of_digits(text: pl.Expr, unit_us: int) -> pl.Expr:
    """The instant of a number of units since 1970 that is written out; null where it is none."""
    number_text = text.str.strip_chars(SPACE)
    whole = number_text.str.extract(r"^(-?[0-9]{1,18})(?:\.[0-9]+)?$").str.to_integer(strict=False)
    near = whole.is_between(YEAR_1_US // unit_us, YEAR_10000_US // unit_us)
    decimals = len(str(unit_us)) - 1
    part = number_text.str.extract(r"\.([0-9]+)$").str.pad_end(decimals, "0").str.slice(0, decimals)
    part_us = part.str.to_integer(strict=False).fill_null(0)
    sign = pl.when(number_text.str.starts_with("-")).then(-1).otherwise(1)
    return pl.when(near).then(whole * unit_us + sign * part_us)


def instant_of_text(text: pl.Expr) -> pl.Expr:
    """An instant of one of the forms in docs/semantics.md, "Reading", or null.

    Nearly all are of one form, for which Polars has a quick parser; what is not is null to it, and the others to the
    rest, which costs next to nothing.
    """
    usual = text.str.to_datetime(USUAL_INSTANT, time_unit="us", strict=False).dt.epoch("us")
    formed = text.str.contains(INSTANT)
    odd = pl.when(usual.is_null() | ~formed).then(text).str.strip_chars(SPACE)
    odd_formed = pl.when(odd.str.contains(INSTANT)).then(odd)
    return pl.coalesce(pl.when(formed).then(usual), instant_of_any_form(odd_formed))


def instant_of_any_form(text: pl.Expr) -> pl.Expr:
    """The instant of a well-formed text."""
    day = text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    since_1970 = pl.when(day.dt.year() > 0).then(day.cast(pl.Int64) * DAY_US)
    sign, hours, minutes = (text.str.slice(16).str.extract(OFFSET, group) for group in (1, 2, 3))
    offset = hours.cast(pl.Int64) * HOUR_US + minutes.cast(pl.Int64).fill_null(0) * MINUTE_US
    east = pl.when(sign == "-").then(-offset).otherwise(offset).fill_null(0)
    return since_1970 + clock_us(text.str.slice(11)) - east


def time_of_day(name: str, kinds: pl.Schema) -> pl.Expr:
    """Microseconds since local midnight, 24:00 included, or null."""
    if kinds[name] == pl.Time:
        return pl.col(name).cast(pl.Int64) // 1_000
    text = as_text(name, kinds).str.strip_chars(SPACE)
    two_digit_hour = pl.when(text.str.contains("^[0-9]:")).then("0" + text).otherwise(text)
    return pl.when(text.str.contains(TIME_OF_DAY)).then(clock_us(two_digit_hour))


def clock_us(text: pl.Expr) -> pl.Expr:
    """Microseconds of well-formed `HH:MM[:SS[.f…]]` at the start of a text, cut at the microsecond."""
    seconds = text.str.extract("^.{5}:([0-9]{2})")
    fraction = text.str.extract(r"^.{8}\.([0-9]{1,6})").str.pad_end(6, "0")
    return (
        number(text, 0) * HOUR_US
        + number(text, 3) * MINUTE_US
        + seconds.cast(pl.Int64).fill_null(0) * SECOND_US
        + fraction.cast(pl.Int64).fill_null(0)
    )


def number(text: pl.Expr, at: int) -> pl.Expr:
    """The two digits at a place, or null where they are not there."""
    return text.str.slice(at, 2).str.to_integer(strict=False)


def weekday(text: pl.Expr, monday: int) -> pl.Expr:
    """0 = Monday … 6 = Sunday, or null; `monday` is what the source counts it as."""
    digit = text.str.strip_chars(SPACE).str.extract(f"^([{monday}-{monday + 6}])$")
    return digit.cast(pl.Int8) - monday
