"""What the end of a Parquet file says of the times of its polls.

span_of     the first and the last of them, where that is known of all its rows
is_needed   whether a file can have a row that exists for a horizon
"""

from typing import NamedTuple

from store_uptime.pipeline.instants import YEAR_1_US, YEAR_10000_US
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.source.folder.data_file import DataFile, Instant

COLUMN = "timestamp_utc"
TYPED = "Datetime("


class Span(NamedTuple):
    """The first and the last instant of a file's polls, in microseconds, cut."""

    first_us: int
    last_us: int


def time_column(file: DataFile, mapping: SourceMapping) -> str | None:
    """The name of the column with the times of polls, if Polars reads it as times that are typed."""
    name = (file.columns("store_status", mapping) or {}).get(COLUMN)
    types = dict(zip(file.header, file.types, strict=True)) if file.for_polars and file.types else {}
    return name if name is not None and types.get(name, "").startswith(TYPED) else None


def newest_instant(file: DataFile, mapping: SourceMapping) -> Instant | None:
    """The greatest instant of a file's polls; None where its end does not tell it, or it has none."""
    return file.maxima.get(time_column(file, mapping) or "")


def is_without_times(file: DataFile, mapping: SourceMapping) -> bool:
    """Whether all rows of a file lack a time, or there are none."""
    return file.rows is not None and file.rows == file.nulls.get(time_column(file, mapping) or "")


def span_of(file: DataFile, mapping: SourceMapping) -> Span | None:
    """The span of a file's polls; None where its end does not tell it of every row: of nulls, too."""
    name = time_column(file, mapping) or ""
    first, last = file.minima.get(name), file.maxima.get(name)
    if file.rows is None or file.nulls.get(name) != 0 or first is None or last is None:
        return None
    return Span(first.us, last.us)


def is_needed(file: DataFile, horizon: Horizon, mapping: SourceMapping) -> bool:
    """Whether a file may have a poll of the horizon, or a row that a run rejects; all others are outside."""
    # As `clean.polls.exists` has it: a row outside exists only where its time is unreadable or ahead of the clock.
    # What else may be wrong with it, a bad status for example, does not count there either.
    span = span_of(file, mapping)
    if span is None or span.first_us < YEAR_1_US:
        return True
    ahead_us = YEAR_10000_US if horizon.ahead_us is None else min(horizon.ahead_us + 1, YEAR_10000_US)
    return span.last_us >= ahead_us or (span.first_us <= horizon.now_us and span.last_us >= horizon.start_us)
