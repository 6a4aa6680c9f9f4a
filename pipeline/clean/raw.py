"""What a source gives: raw rows, neither judged nor changed. docs/semantics.md, "Input"."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

RawFrames = Sequence[pl.LazyFrame]
"""The rows of a table, in one or more frames: its parts may be typed differently."""


@dataclass(frozen=True)
class RawPolls:
    """The polls: at least all that are in the horizon, ahead of the clock, or unreadable.

    valid: store_id (categorical), poll_us, active: polls of the horizon that the source has found to be valid.
    unchecked: raw rows, to be judged.
    """

    valid: pl.DataFrame
    unchecked: RawFrames


@dataclass(frozen=True)
class RawTables:
    """The three tables of a run, perhaps still being pulled: each call waits for its own table alone.

    polls: see `RawPolls`. hours: store_id, day_of_week, start_time_local, end_time_local. zones: store_id,
    timezone_str. A call raises what its source raises.
    """

    # Calls, not values: hours and zones are judged while the polls are being pulled, and no reference here keeps the
    # polls in memory once they are packed.
    polls: Callable[[], RawPolls]
    hours: Callable[[], RawFrames]
    zones: Callable[[], RawFrames]


NONE_VALID = pl.DataFrame(schema={"store_id": pl.Categorical(), "poll_us": pl.Int64, "active": pl.Boolean})
