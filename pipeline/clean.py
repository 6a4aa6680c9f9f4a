"""Raw rows in, the same rows with typed columns and a reason out: docs/semantics.md, "Input".

    judged_polls   + poll_us, active           one row each: reason is null where the row is accepted
    judged_hours   + weekday, start_us, end_us
    judged_zones   + zone                      an empty zone is null, and accepted

Text and typed columns are taken alike, so that the same values give the same figures from every source. Regular
expressions decide what is well formed: the parsers of Polars, like those of any database, are kinder than the rules.
"""

from collections.abc import Sequence

import polars as pl

from pipeline.errors import SourceMismatch
from pipeline.options import DAY_US, HOUR_US, SECOND_US
from pipeline.tables import SPACE

MINUTE_US = 60 * SECOND_US
YEAR_1_US, YEAR_10000_US = -62_135_596_800 * SECOND_US, 253_402_300_800 * SECOND_US
SURPLUS = "surplus"  # what a CSV row holds beyond its header; only CSV has it
LINE = "line"

HOUR_TO_SECOND = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?"
INSTANT = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]" + HOUR_TO_SECOND + r"(?: ?(?:UTC|Z|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?))?$"
)
USUAL_INSTANT = "%Y-%m-%d %H:%M:%S.%6f UTC"
OFFSET = r"([+-])([0-9]{2}):?([0-9]{2})?$"
TIME_OF_DAY = r"^(?:[01][0-9]|2[0-4]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?$"


def judged_polls(raw: pl.LazyFrame, ahead_us: int | None) -> pl.LazyFrame:
    """Polls with `poll_us` (int64, since 1970 UTC), `active` (bool) and `reason` (null: accepted).

    A poll later than `ahead_us` is ahead of the clock; None switches that off.
    """
    kinds = raw.collect_schema()
    ahead = pl.lit(False) if ahead_us is None else pl.col("poll_us") > ahead_us
    return (
        with_text_id(raw, kinds)
        .with_columns(
            poll_us=instant(pl.col("timestamp_utc"), kinds["timestamp_utc"]),
            active=is_active(pl.col("status"), kinds["status"]),
        )
        .with_columns(
            reason=first_reason(
                *id_reasons(kinds),
                (is_missing(pl.col("timestamp_utc"), kinds["timestamp_utc"]), "missing timestamp"),
                (pl.col("poll_us").is_null(), "bad timestamp"),
                (pl.col("active").is_null(), "bad status"),
                (ahead, "ahead of the clock"),
            )
        )
    )


def judged_hours(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Hours with `weekday` (int8, 0 = Monday), `start_us`, `end_us` (int64, since midnight) and `reason`."""
    kinds = raw.collect_schema()
    return (
        with_text_id(raw, kinds)
        .with_columns(
            weekday=weekday(pl.col("day_of_week"), kinds["day_of_week"]),
            start_us=time_of_day(pl.col("start_time_local"), kinds["start_time_local"]),
            end_us=time_of_day(pl.col("end_time_local"), kinds["end_time_local"]),
        )
        .with_columns(
            reason=first_reason(
                *id_reasons(kinds),
                (pl.col("weekday").is_null(), "bad weekday"),
                (pl.col("start_us").is_null() | pl.col("end_us").is_null(), "bad time"),
                ((pl.col("start_us") >= DAY_US) | (pl.col("end_us") > DAY_US), "bad time"),
            )
        )
    )


def judged_zones(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Zones with `zone` (trimmed; null where empty, which is like no row) and `reason`."""
    kinds = raw.collect_schema()
    trimmed = pl.col("timezone_str").cast(pl.String).str.strip_chars(SPACE)
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


def first_reason(*rules: tuple[pl.Expr, str]) -> pl.Expr:
    """The word of the first rule that is true of a row, or null."""
    return pl.coalesce(pl.when(broken).then(pl.lit(word)) for broken, word in rules)


def with_text_id(raw: pl.LazyFrame, kinds: pl.Schema) -> pl.LazyFrame:
    """The rows with their store id as text: a whole number in a Parquet file is its digits."""
    if kinds["store_id"] == pl.String:
        return raw
    return raw.with_columns(pl.col("store_id").cast(pl.String))


def id_reasons(kinds: pl.Schema) -> Sequence[tuple[pl.Expr, str]]:
    """What can be wrong with any row: fields beyond the header, no id, or an id that no file can carry."""
    store_id = pl.col("store_id")
    surplus = [(pl.col(SURPLUS).is_not_null(), "too many fields")] if SURPLUS in kinds else []
    return [
        *surplus,
        (store_id.is_null() | (store_id == ""), "missing store id"),
        # U+FFFD is what unreadable bytes become: two such ids would be one.
        (store_id.str.contains("[\x00\ufffd]"), "bad store id"),
    ]


def is_missing(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """Null, or no text at all."""
    return column.is_null() | (column == "") if kind == pl.String else column.is_null()


def is_active(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """True, false, or null where the status is neither of the two words."""
    if kind == pl.Boolean:
        return column
    text = column.cast(pl.String)
    odd = pl.when(~text.is_in(["active", "inactive"])).then(text)  # nearly always null, which nothing is done with
    word = pl.coalesce(odd.str.strip_chars(SPACE).str.to_lowercase(), text)
    return pl.when(word == "active").then(True).when(word == "inactive").then(False)


def instant(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """Microseconds since 1970 UTC, cut (not rounded) at the microsecond; null where it is no timestamp."""
    if kind == pl.String:
        return of_the_calendar(instant_of_text(column))
    if isinstance(kind, pl.Datetime):
        return of_the_calendar(column.dt.epoch("us"))
    raise SourceMismatch("timestamp_utc", f"the column is of type {kind}", "a report needs timestamps or text")


def of_the_calendar(us: pl.Expr) -> pl.Expr:
    """Instants in the years 1 to 9999; others, where an offset or a database leads, are null."""
    return pl.when(us.is_between(YEAR_1_US, YEAR_10000_US, closed="left")).then(us)


def instant_of_text(text: pl.Expr) -> pl.Expr:
    """An instant of one of the forms in docs/semantics.md, "Reading", or null.

    Nearly all are of one form, for which Polars has a quick parser; what is not is null to it, and the others to the
    rest, which costs next to nothing.
    """
    usual = text.str.to_datetime(USUAL_INSTANT, time_unit="us", strict=False).dt.epoch("us")
    odd = pl.when(usual.is_null()).then(text)
    return pl.when(text.str.contains(INSTANT)).then(pl.coalesce(usual, instant_of_any_form(odd)))


def instant_of_any_form(text: pl.Expr) -> pl.Expr:
    """The instant of a well-formed text."""
    day = text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    since_1970 = pl.when(day.dt.year() > 0).then(day.cast(pl.Int64) * DAY_US)
    sign, hours, minutes = (text.str.slice(19).str.extract(OFFSET, group) for group in (1, 2, 3))
    offset = hours.cast(pl.Int64) * HOUR_US + minutes.cast(pl.Int64).fill_null(0) * MINUTE_US
    east = pl.when(sign == "-").then(-offset).otherwise(offset).fill_null(0)
    return since_1970 + clock_us(text.str.slice(11)) - east


def time_of_day(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """Microseconds since local midnight, 24:00 included, or null."""
    if kind == pl.String:
        return pl.when(column.str.contains(TIME_OF_DAY)).then(clock_us(column))
    if kind == pl.Time:
        return column.cast(pl.Int64) // 1_000
    raise SourceMismatch("menu_hours", f"a time column is of type {kind}", "a report needs times of day or text")


def clock_us(text: pl.Expr) -> pl.Expr:
    """Microseconds of well-formed `HH:MM[:SS[.f…]]` at the start of a text, cut at the microsecond."""
    fraction = text.str.extract(r"^.{8}\.([0-9]{1,6})").str.pad_end(6, "0")
    return (
        number(text, 0) * HOUR_US
        + number(text, 3) * MINUTE_US
        + number(text, 6).fill_null(0) * SECOND_US
        + fraction.cast(pl.Int64).fill_null(0)
    )


def number(text: pl.Expr, at: int) -> pl.Expr:
    """The two digits at a place, or null where they are not there."""
    return text.str.slice(at, 2).str.to_integer(strict=False)


def weekday(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """0 = Monday … 6 = Sunday, or null."""
    day = column.str.extract("^([0-6])$") if kind == pl.String else column
    number_of_day = day.cast(pl.Int8, strict=False)
    return pl.when(number_of_day.is_between(0, 6)).then(number_of_day)
