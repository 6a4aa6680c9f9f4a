"""Raw polls in; polls on the line, and the rows that are no polls, each with its reason, out.

    TypedPolls    rows whose times are timestamps: packed while they are read, and only irregular ones are judged
    JudgedPolls   rows whose times must be parsed: judged once, and kept

Each is a `PollRows`, a part of the polls of a source.

    clean_polls       the polls of a horizon
    clean_all_polls   the same of a source that also gives the polls outside, which are counted
    clean_rows        raw rows of any time, judged
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import polars as pl

from store_uptime.pipeline.clean.columns import as_text, typed_instant
from store_uptime.pipeline.clean.ids import has_bad_id, with_text_id
from store_uptime.pipeline.clean.instants import poll_instant_us
from store_uptime.pipeline.clean.raw import POLL_COLUMNS, PackedRows, PollRows
from store_uptime.pipeline.clean.reasons import only_accepted
from store_uptime.pipeline.clean.rules import judged_polls
from store_uptime.pipeline.clean.split import CleanedTable, TableCounts, reason_counts, split_rows
from store_uptime.pipeline.instants import YEAR_1_US, YEAR_10000_US
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.packing import PollKeys, StoreCodes

PACKED_INSTANT = (2 * pl.col("poll_us") + pl.col("active")).alias("poll")
"""The instant and the status of a poll, as on the line: two steps a microsecond, and one more where it is active."""


@dataclass(frozen=True)
class CleanedPolls:
    """The polls of a source in a horizon: on the line, rejected, and counted.

    lines: keys, and the polls of the stores that they have room for, as in `PackedRows`; several where one line has not
    room for all. rejected: file, line (null: not from a text file), reason, the raw columns as text, and surplus.
    """

    lines: list[tuple[PollKeys, pl.DataFrame]]
    rejected: pl.DataFrame
    counts: TableCounts


def clean_polls(parts: Sequence[PollRows], codes: StoreCodes, horizon: Horizon) -> CleanedPolls:
    """The polls of the horizon."""
    keys = PollKeys.over(horizon)
    read = [part.read(keys, horizon) for part in parts]
    lines = [(keys, pl.concat(rows.polls for rows in read))]
    # How many stores there are is known only now. A line has room for two million with the usual horizon.
    for first in range(keys.room, len(codes), keys.room):
        further = PollKeys.over(horizon, first)
        lines.append((further, pl.concat(part.read(further, horizon).polls for part in parts)))
    rejected = pl.concat(rows.rejected for rows in read)
    accepted = sum(polls.height for _, polls in lines)
    return CleanedPolls(lines, rejected, TableCounts(accepted, reason_counts(rejected)))


def clean_all_polls(parts: Sequence[PollRows], codes: StoreCodes, horizon: Horizon) -> CleanedPolls:
    """The polls of the horizon; those outside it are counted."""
    polls = clean_polls(parts, codes, horizon)
    heights = [part.height() for part in parts]
    counted = [height for height in heights if height is not None]
    outside = sum(counted) - polls.counts.read if len(counted) == len(heights) else None
    return replace(polls, counts=replace(polls.counts, outside=outside))


def clean_rows(
    raw: Sequence[pl.LazyFrame], codes: StoreCodes, horizon: Horizon, mapping: SourceMapping
) -> CleanedTable:
    """Raw rows that exist for a horizon. accepted: store_id (categorical), poll (`PACKED_INSTANT`)."""
    judged = (judged_polls(frame, horizon.ahead_us, mapping).filter(exists(horizon)) for frame in raw)
    return split_rows(POLL_COLUMNS, judged, (codes.categories_of(pl.col("store_id")), PACKED_INSTANT))


def exists(horizon: Horizon) -> pl.Expr:
    """Whether a judged row exists for a horizon."""
    # A poll without a readable time may lie in the horizon, so each run rejects it; one ahead of the clock is mistyped.
    us = pl.col("poll_us")
    ahead = pl.lit(False) if horizon.ahead_us is None else us > horizon.ahead_us
    return us.is_null() | us.is_between(horizon.start_us, horizon.now_us) | ahead


def on_line(accepted: pl.DataFrame, keys: PollKeys, horizon: Horizon) -> pl.DataFrame:
    """poll (int64, packed): those of accepted rows that are in the horizon, and for whose stores the keys have room."""
    code, instant = pl.col("store_id").to_physical(), pl.col("poll")
    return (
        accepted.lazy()
        .filter(instant.is_between(2 * horizon.start_us, 2 * horizon.now_us + 1), keys.has(code))
        .select(poll=keys.first_position(code) + instant - 2 * horizon.start_us)
        .collect(engine="streaming")
    )


class TypedPolls:
    """Rows whose times are timestamps. Nearly all are regular: an id, one of the words, in the horizon."""

    def __init__(self, raw: pl.LazyFrame, codes: StoreCodes, mapping: SourceMapping) -> None:
        self._kinds, self._codes, self._mapping = raw.collect_schema(), codes, mapping
        self._raw = with_text_id(raw, self._kinds)

    def read(self, keys: PollKeys, horizon: Horizon) -> PackedRows:
        """See `PollRows`."""
        code, active = pl.col("code"), is_one_of(self._status, self._mapping.active)
        poll = keys.position(code, poll_instant_us(self._kinds)) + active
        # One pass, and one column out of it, null for irregular rows: to collect those beside it would cost each feed
        # more than a second pass costs the few feeds that have any.
        rows = (
            self._raw.filter(self._exists(horizon))
            .with_columns(self._codes.of(pl.col("store_id")).alias("code"))
            .filter(code.is_null() | keys.has(code))
            .select(poll=pl.when(self._is_regular(horizon)).then(poll))
            .collect(engine="streaming")
        )
        # Each id is judged once, and not in each of its rows; those that are new here have the greatest codes.
        last_code = rows.select(keys.code(pl.col("poll").max())).item()
        bad = self._codes.table_with(0 if last_code is None else last_code).filter(has_bad_id())
        if rows["poll"].null_count() == 0 and bad.is_empty():
            return PackedRows(rows)
        irregular = self._irregular(bad["store_id"].to_list(), horizon)
        is_bad = keys.code(pl.col("poll")).is_in(bad["code"].to_list())
        regular = rows.filter(pl.col("poll").is_not_null(), ~is_bad)
        return PackedRows(pl.concat([regular, on_line(irregular.accepted, keys, horizon)]), irregular.rejected)

    def newest_us(self, ceiling_us: int) -> int | None:
        """The newest poll up to an instant that would be accepted."""
        us = poll_instant_us(self._kinds)
        newest = self._raw.filter(us <= ceiling_us).select(us.max()).collect(engine="streaming").item()
        if newest is None:
            return None
        # The newest rows are nearly always accepted: only where none of them is are all judged.
        if self.has_accepted(newest):
            return newest
        polls = self._accepted(self._raw).filter(pl.col("poll_us") <= ceiling_us)
        return polls.select(pl.max("poll_us")).collect(engine="streaming").item()

    def has_accepted(self, us: int) -> bool:
        """Whether a poll of that very microsecond would be accepted."""
        # Compared as it is typed, so that Polars passes over groups of rows by their statistics.
        rows = self._raw.filter(self._since(us), ~self._since(us + 1))
        return not self._accepted(rows).head(1).collect().is_empty()

    def height(self) -> int:
        """See `PollRows`."""
        return self._raw.select(pl.len()).collect().item()

    def _accepted(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        return only_accepted(judged_polls(rows, None, self._mapping))

    @property
    def _status(self) -> pl.Expr:
        return as_text("status", self._kinds)

    def _irregular(self, bad_ids: list[str], horizon: Horizon) -> CleanedTable:
        regular = self._is_regular(horizon) & pl.col("store_id").is_not_null() & ~pl.col("store_id").is_in(bad_ids)
        rows = self._raw.filter(self._exists(horizon) & ~regular.fill_null(False))
        return clean_rows([rows], self._codes, horizon, self._mapping)

    def _is_regular(self, horizon: Horizon) -> pl.Expr:
        return self._within(horizon) & is_one_of(self._status, [*self._mapping.active, *self._mapping.inactive])

    def _within(self, horizon: Horizon) -> pl.Expr:
        # Compared as it is typed, so that Polars passes over groups of rows by their statistics.
        return self._since(horizon.start_us) & ~self._since(horizon.now_us + 1)

    def _exists(self, horizon: Horizon) -> pl.Expr:
        # The same as `exists`, for times that have not been turned into microseconds.
        ahead_us = YEAR_10000_US if horizon.ahead_us is None else min(horizon.ahead_us + 1, YEAR_10000_US)
        unreadable = pl.col("timestamp_utc").is_null() | ~self._since(YEAR_1_US)
        return self._within(horizon) | self._since(ahead_us) | unreadable

    def _since(self, us: int) -> pl.Expr:
        return pl.col("timestamp_utc") >= typed_instant(us, self._kinds["timestamp_utc"])


class JudgedPolls:
    """Rows whose times must be parsed, which costs more than all else of a run: they are judged once, and kept."""

    def __init__(self, raw: pl.LazyFrame, codes: StoreCodes, mapping: SourceMapping) -> None:
        self._raw, self._codes, self._mapping = raw, codes, mapping

    def newest_us(self, ceiling_us: int) -> int | None:
        """The newest poll up to an instant that would be accepted."""
        poll = pl.col("poll")
        newest = self._rows.accepted.lazy().select(poll.filter(poll <= 2 * ceiling_us + 1).max()).collect().item()
        return None if newest is None else newest // 2

    def read(self, keys: PollKeys, horizon: Horizon) -> PackedRows:
        """See `PollRows`."""
        polls = on_line(self._rows.accepted, keys, horizon)
        if horizon.ahead_us is not None and (self._rows.accepted["poll"] > 2 * horizon.ahead_us + 1).any():
            # Accepted rows are kept as numbers, and a rejected one is shown as it was: all are read once more.
            return PackedRows(polls, clean_rows([self._raw], self._codes, horizon, self._mapping).rejected)
        return PackedRows(polls, self._rows.rejected.filter(exists(horizon)).drop("poll_us"))

    def height(self) -> int:
        """See `PollRows`."""
        return self._rows.counts.read

    @cached_property
    def _rows(self) -> CleanedTable:
        # Of all times, since now is not known yet. Twelve bytes are kept of an accepted row.
        judged = judged_polls(self._raw, None, self._mapping)
        typed = (self._codes.categories_of(pl.col("store_id")), PACKED_INSTANT)
        return split_rows(POLL_COLUMNS, [judged], typed, beside=("poll_us",))


def is_one_of(text: pl.Expr, words: Sequence[str]) -> pl.Expr:
    """Whether a text is one of a few words."""
    # Polars' `is_in` looks each text up in a hash table, which takes longer than to compare it with two words.
    return pl.any_horizontal(text == word for word in words)
