"""Raw rows in, the same rows with typed columns and a reason out: docs/semantics.md, "Input".

    judged_polls   + poll_us, active           one row each: reason is null where the row is accepted
    judged_hours   + weekday, start_us, end_us, from_day, until_day
    judged_zones   + zone, from_day, until_day    an empty zone is null, and accepted
    judged_stores  name and attributes as text

The same values give the same figures from every source, whether their columns are text or typed.
"""

from collections.abc import Callable, Mapping

import polars as pl

from store_uptime.pipeline.clean.columns import as_text, storable
from store_uptime.pipeline.clean.dates import date_reasons, dated
from store_uptime.pipeline.clean.ids import id_reasons, with_text_id
from store_uptime.pipeline.clean.instants import poll_instant_us
from store_uptime.pipeline.clean.local_times import local_time_us, weekday
from store_uptime.pipeline.clean.reasons import Reason, first_reason
from store_uptime.pipeline.durations import DAY_US
from store_uptime.pipeline.mapping.mapping import AS_NAMED, SourceMapping
from store_uptime.pipeline.tables import ATTRIBUTE, SPACE, Table

POLL_REASON = "poll_reason"
"""The column of judged polls with the reason that the source gives; `reason` is why a row is rejected."""


def judged_polls(raw: pl.LazyFrame, ahead_us: int | None, mapping: SourceMapping = AS_NAMED) -> pl.LazyFrame:
    """Polls with `poll_us` (int64, since 1970 UTC), `active` (bool) and `reason` (null: accepted).

    A poll later than `ahead_us` is ahead of the clock; None switches that off. Where there is a column `reason`, it
    becomes `poll_reason`.
    """
    kinds = raw.collect_schema()
    source_reason = [storable(as_text("reason", kinds)).alias(POLL_REASON)] if "reason" in kinds else []
    ahead = pl.lit(False) if ahead_us is None else pl.col("poll_us") > ahead_us
    return (
        with_text_id(raw, kinds)
        .with_columns(
            *source_reason,
            poll_us=poll_instant_us(kinds, mapping),
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
    """Hours with `weekday` (int8, 0 = Monday), `start_us`, `end_us` (int64, since midnight), `from_day`, `until_day`
    (see `dated`) and `reason`."""
    kinds = raw.collect_schema()
    return (
        dated(with_text_id(raw, kinds), kinds)
        .with_columns(
            weekday=weekday(as_text("day_of_week", kinds), mapping.monday),
            start_us=local_time_us("start_time_local", kinds),
            end_us=local_time_us("end_time_local", kinds),
        )
        .with_columns(
            reason=first_reason(
                *id_reasons(kinds),
                (pl.col("weekday").is_null(), Reason.BAD_WEEKDAY),
                (pl.col("start_us").is_null() | pl.col("end_us").is_null(), Reason.BAD_TIME),
                # 24:00 may end a shift and not begin one; 24:30 has the form of a time, and is none.
                ((pl.col("start_us") >= DAY_US) | (pl.col("end_us") > DAY_US), Reason.BAD_TIME),
                *date_reasons(kinds),
            )
        )
    )


def judged_zones(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Zones with `zone` (trimmed; null where empty, which is like no row), `from_day`, `until_day` and `reason`."""
    kinds = raw.collect_schema()
    trimmed = as_text("timezone_str", kinds).str.strip_chars(SPACE)
    return (
        dated(with_text_id(raw, kinds), kinds)
        .with_columns(
            zone=pl.when(trimmed != "").then(trimmed),
        )
        .with_columns(reason=first_reason(*id_reasons(kinds), *date_reasons(kinds)))
    )


def judged_stores(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Stores with their name and attributes as text (see `storable`), not yet `trimmed`, and `reason`.

    Several rows of one store are not told apart here.
    """
    kinds = raw.collect_schema()
    attributes = [name for name in kinds if name.startswith(ATTRIBUTE)]
    no_text = [name for name in attributes if kinds[name].is_nested() or kinds[name] in (pl.Object, pl.Duration)]
    described = [name for name in kinds if name == "name" or (name in attributes and name not in no_text)]
    return (
        with_text_id(raw, kinds)
        .drop(no_text)  # a list, for example, is no attribute, and nothing that a report should fail for
        .with_columns(*(storable(as_text(name, kinds)) for name in described), reason=first_reason(*id_reasons(kinds)))
    )


def trimmed(text: pl.Expr) -> pl.Expr:
    """A text without white space around it; null where nothing is left."""
    bare = text.str.strip_chars(SPACE)
    return pl.when(bare != "").then(bare)


def is_active(text: pl.Expr, mapping: SourceMapping) -> pl.Expr:
    words = [*mapping.active, *mapping.inactive]
    # Nearly every status is one of the words as it stands: to trim and lower all of them would cost time on each poll.
    irregular = pl.when(~text.is_in(words)).then(text)
    word = pl.coalesce(irregular.str.strip_chars(SPACE).str.to_lowercase(), text)
    return pl.when(word.is_in(mapping.active)).then(True).when(word.is_in(mapping.inactive)).then(False)


def is_missing(name: str, kinds: pl.Schema) -> pl.Expr:
    if kinds[name].is_temporal() or kinds[name].is_numeric():
        return pl.col(name).is_null()
    # Only the few texts without an instant are trimmed, not those of all polls.
    unread = pl.when(pl.col("poll_us").is_null()).then(as_text(name, kinds))
    return pl.col(name).is_null() | (unread.str.strip_chars(SPACE) == "")


JUDGES: Mapping[Table, Callable[[pl.LazyFrame, SourceMapping], pl.LazyFrame]] = {
    "store_status": lambda raw, mapping: judged_polls(raw, None, mapping),
    "menu_hours": judged_hours,
    "timezones": lambda raw, _: judged_zones(raw),
    "stores": lambda raw, _: judged_stores(raw),
}
