"""What a source gives: its tables, raw, neither judged nor changed. docs/semantics.md, "Input"."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import polars as pl

from store_uptime.pipeline.clean.columns import FILE, LINE, SURPLUS
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.packing import PollKeys
from store_uptime.pipeline.tables import COLUMNS

RawFrames = Sequence[pl.LazyFrame]
"""The rows of a table, in one or more frames: its parts may be typed differently."""
POLL_COLUMNS = COLUMNS["store_status"]
REJECTED = {FILE: pl.String(), LINE: pl.UInt32()} | dict.fromkeys(("reason", *POLL_COLUMNS, SURPLUS), pl.String())
NO_REJECTS = pl.DataFrame(schema=REJECTED)
NO_POLLS = pl.DataFrame(schema={"poll": pl.Int64()})


def no_frames() -> RawFrames:
    """The rows of a table that is not there."""
    return []


class PackedRows(NamedTuple):
    """Polls that were read. polls: poll (int64, packed), in no order. rejected: rows of `as_it_was`."""

    polls: pl.DataFrame
    rejected: pl.DataFrame = NO_REJECTS


class PollRows(Protocol):
    """Some of the polls of a source."""

    def read(self, keys: PollKeys, horizon: Horizon) -> PackedRows:
        """The polls of the horizon, of the stores that these keys have room for; and the rejected rows.

        A row outside the horizon that is readable and not ahead of the clock does not exist.
        """
        ...

    def height(self) -> int | None:
        """How many rows there are, outside the horizon too; None where they were not counted."""
        ...


class SearchablePolls(PollRows, Protocol):
    """Polls that can be searched before the horizon is known."""

    def newest_us(self, ceiling_us: int) -> int | None:
        """The newest poll up to an instant that would be accepted."""
        ...


@dataclass(frozen=True)
class RawTables:
    """The tables of a run, perhaps still being pulled: each call waits for its own table alone.

    polls: at least all that are in the horizon, ahead of the clock, or unreadable, in parts. hours: store_id,
    day_of_week, start_time_local, end_time_local. zones: store_id, timezone_str. Both have valid_from, valid_to where
    the source has them. stores: store_id, name where the source has it, and each attribute, `ATTRIBUTE` before its
    name; no frame: there is no such table. reasons: store_id, timestamp_utc, status, reason of polls, at least of those
    in the horizon; no frame: there is no such column. A call raises what its source raises.
    """

    # Calls, not values: hours and zones are judged while the polls are being pulled, and no reference here keeps the
    # polls in memory once they are packed.
    polls: Callable[[], Sequence[PollRows]]
    hours: Callable[[], RawFrames]
    zones: Callable[[], RawFrames]
    stores: Callable[[], RawFrames] = no_frames
    reasons: Callable[[], RawFrames] = no_frames
