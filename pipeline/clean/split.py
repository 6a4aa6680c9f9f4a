"""Raw rows in; accepted rows, rejected rows and their counts out.

clean_hours    all rows of hours
clean_zones    all rows of zones
split_rows     judged rows of any table
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

import polars as pl

from store_uptime.pipeline.clean.columns import FILE, LINE, as_text, surplus
from store_uptime.pipeline.clean.ids import STORE_ID
from store_uptime.pipeline.clean.raw import RawFrames
from store_uptime.pipeline.clean.reasons import only_accepted, only_rejected
from store_uptime.pipeline.clean.rules import judged_hours, judged_zones
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.packing import StoreCodes
from store_uptime.pipeline.tables import NEEDED_COLUMNS, OPTIONAL_COLUMNS, Table
from store_uptime.pipeline.warning_text import BadValue

DAYS = ("from_day", "until_day")


@dataclass(frozen=True)
class TableCounts:
    """Rows read = accepted + rejected; `outside` the horizon are not among them (None: not counted).

    files_not_opened: files that must be older than the horizon, by the names of their folders.
    """

    accepted: int
    rejected: dict[str, int] = field(default_factory=dict)
    outside: int | None = None
    files_not_opened: int = 0

    @property
    def read(self) -> int:
        """All rows in the horizon, without a readable timestamp, or ahead of the clock."""
        return self.accepted + sum(self.rejected.values())


@dataclass(frozen=True)
class CleanedTable:
    """One table: the accepted rows, the rejected ones as they were, and the counts.

    accepted: store_id (categorical, see `StoreCodes`), and for hours weekday, start_us, end_us, from_day, until_day
    (see `dated`); for zones zone, from_day, until_day; for stores see `clean_stores`.
    rejected: file, line (null: not from a text file), reason, the raw columns as text, and surplus
    (what a row of CSV has beyond its header). Optional columns are among them where the source has them.
    unreadable: of stores, see `unreadable_value`.
    """

    accepted: pl.DataFrame
    rejected: pl.DataFrame
    counts: TableCounts
    unreadable: BadValue | None = None


def clean_hours(raw: RawFrames, codes: StoreCodes, mapping: SourceMapping) -> CleanedTable:
    """All rows of hours."""
    typed = (codes.categories_of(STORE_ID), "weekday", "start_us", "end_us", *DAYS)
    return split_rows(raw_columns("menu_hours", raw), map(partial(judged_hours, mapping=mapping), raw), typed)


def clean_zones(raw: RawFrames, codes: StoreCodes) -> CleanedTable:
    """All rows of zones; a row with an empty zone is accepted, with a null zone."""
    typed = (codes.categories_of(STORE_ID), "zone", *DAYS)
    return split_rows(raw_columns("timezones", raw), map(judged_zones, raw), typed)


def raw_columns(table: Table, raw: RawFrames) -> list[str]:
    """The columns of a table that some of its raw rows have, in our order."""
    present = {name for frame in raw for name in frame.collect_schema()}
    return [*NEEDED_COLUMNS[table], *(column for column in OPTIONAL_COLUMNS[table] if column in present)]


def split_rows(
    columns: Sequence[str],
    judged: Iterable[pl.LazyFrame],
    typed: Sequence[pl.Expr | str],
    beside: Sequence[str] = (),
) -> CleanedTable:
    """Judged rows of a table with these raw columns. typed: the columns of accepted rows. beside: further columns of
    rejected ones."""
    frames = list(judged)
    # Collected together: the rows are read and judged once for both halves.
    good, bad = pl.collect_all(
        [
            pl.concat(only_accepted(frame).select(typed) for frame in frames),
            pl.concat(as_it_was(only_rejected(frame), columns, beside) for frame in frames),
        ],
        engine="streaming",
    )
    return CleanedTable(good, bad, TableCounts(good.height, reason_counts(bad)))


def reason_counts(rejected: pl.DataFrame) -> dict[str, int]:
    """How many rows were rejected for each reason."""
    reasons = rejected.group_by("reason").len().sort("reason")  # the order of groups changes from run to run
    return dict(reasons.iter_rows())


def as_it_was(judged: pl.LazyFrame, columns: Sequence[str], beside: Sequence[str] = ()) -> pl.LazyFrame:
    """file, line (null: not from a text file), reason, the raw columns as text, `surplus`, all beyond them, and further
    columns."""
    kinds = judged.collect_schema()
    file, line = (pl.col(name) if name in kinds else pl.lit(None) for name in (FILE, LINE))
    # An optional column may be in other frames only.
    raw = (as_text(name, kinds) if name in kinds else pl.lit(None, pl.String).alias(name) for name in columns)
    position = (file.cast(pl.String).alias(FILE), line.cast(pl.UInt32).alias(LINE))
    return judged.select(*position, "reason", *raw, surplus(kinds), *beside)
