"""Raw rows in; accepted rows, rejected rows and their counts out.

clean_polls       the polls of the horizon
clean_all_polls   the same of a source that also gives the polls outside, which are counted
clean_hours       all rows of hours
clean_zones       all rows of zones
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import polars as pl

from store_uptime.pipeline.clean.columns import FILE, LINE, as_text, surplus
from store_uptime.pipeline.clean.raw import RawFrames, RawPolls
from store_uptime.pipeline.clean.reasons import only_accepted, only_rejected
from store_uptime.pipeline.clean.rules import judged_hours, judged_polls, judged_zones
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.tables import COLUMNS

CODED_ID = pl.col("store_id").cast(pl.Categorical)
"""The id as a category."""
# Each id occurs some hundred times in the polls: as categories they are compared as text once, then as numbers.


@dataclass(frozen=True)
class TableCounts:
    """Rows read = accepted + rejected; `outside` the horizon are not among them (None: not counted)."""

    accepted: int
    rejected: dict[str, int] = field(default_factory=dict)
    outside: int | None = None

    @property
    def read(self) -> int:
        """All rows in the horizon, without a readable timestamp, or ahead of the clock."""
        return self.accepted + sum(self.rejected.values())


@dataclass(frozen=True)
class CleanedTable:
    """One table: the accepted rows, the rejected ones as they were, and the counts.

    accepted: store_id (categorical), and for polls poll_us, active; for hours weekday, start_us, end_us; for zones
    zone. rejected: file, line (null: not from a text file), reason, the raw columns as text, and surplus
    (what a row of CSV has beyond its header).
    """

    accepted: pl.DataFrame
    rejected: pl.DataFrame
    counts: TableCounts


def clean_polls(raw: RawPolls, horizon: Horizon, mapping: SourceMapping) -> CleanedTable:
    """The polls of the horizon. A poll outside it that is readable and not ahead of the clock is neither accepted nor
    rejected."""
    in_horizon = pl.col("poll_us").is_between(horizon.start_us, horizon.now_us)
    ahead = pl.lit(False) if horizon.ahead_us is None else pl.col("poll_us") > horizon.ahead_us
    # A poll without a readable time may lie in the horizon, so each run rejects it; one ahead of the clock is mistyped.
    exists = pl.col("poll_us").is_null() | in_horizon | ahead
    judged = (judged_polls(frame, horizon.ahead_us, mapping).filter(exists) for frame in raw.unchecked)
    checked = split_rows(COLUMNS["store_status"], judged, (CODED_ID, "poll_us", "active"))
    accepted = pl.concat([raw.valid, checked.accepted])
    return CleanedTable(accepted, checked.rejected, replace(checked.counts, accepted=accepted.height))


def clean_all_polls(raw: RawPolls, horizon: Horizon, mapping: SourceMapping) -> CleanedTable:
    """The polls of the horizon; those outside it are counted."""
    polls = clean_polls(raw, horizon, mapping)
    # Another scan, since the filter of `clean_polls` drops the rows outside before any are collected.
    outside = count_rows(raw.unchecked) + raw.valid.height - polls.counts.read
    return replace(polls, counts=replace(polls.counts, outside=outside))


def clean_hours(raw: RawFrames, mapping: SourceMapping) -> CleanedTable:
    """All rows of hours."""
    typed = (CODED_ID, "weekday", "start_us", "end_us")
    return split_rows(COLUMNS["menu_hours"], map(partial(judged_hours, mapping=mapping), raw), typed)


def clean_zones(raw: RawFrames) -> CleanedTable:
    """All rows of zones; a row with an empty zone is accepted, with a null zone."""
    return split_rows(COLUMNS["timezones"], map(judged_zones, raw), (CODED_ID, "zone"))


def split_rows(columns: Sequence[str], judged: Iterable[pl.LazyFrame], typed: Sequence[pl.Expr | str]) -> CleanedTable:
    frames = list(judged)
    # Collected together: the rows are read and judged once for both halves.
    good, bad = pl.collect_all(
        [
            pl.concat(only_accepted(frame).select(typed) for frame in frames),
            pl.concat(as_it_was(only_rejected(frame), columns) for frame in frames),
        ],
        engine="streaming",
    )
    reasons = bad.group_by("reason").len().sort("reason")  # the order of groups changes from run to run
    return CleanedTable(good, bad, TableCounts(good.height, dict(reasons.iter_rows())))


def as_it_was(judged: pl.LazyFrame, columns: Sequence[str]) -> pl.LazyFrame:
    """file, line (null: not from a text file), reason, the raw columns as text, and `surplus`, all beyond them."""
    kinds = judged.collect_schema()
    file, line = (pl.col(name) if name in kinds else pl.lit(None) for name in (FILE, LINE))
    raw = (as_text(name, kinds) for name in columns)
    position = (file.cast(pl.String).alias(FILE), line.cast(pl.UInt32).alias(LINE))
    return judged.select(*position, "reason", *raw, surplus(kinds))


def count_rows(raw: RawFrames) -> int:
    return sum(frame.select(pl.len()).collect().item() for frame in raw)
