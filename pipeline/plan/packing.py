"""The polls of all stores on one line of whole numbers, on which each store has a stretch of its own.

There one sort puts every poll in order, a poll's neighbours are the numbers before and after it, and nobody has to ask
whether a neighbour is another store's: it lies beyond every interval of this one.

PollKeys         where the stretches are
packed_poll      a poll as a number on the line
unpacked_polls   the way back
neighbours       each poll with the one before and the one after it
"""

from dataclasses import dataclass
from typing import Self

import polars as pl

from store_uptime.pipeline.options import Horizon

POSITION_BITS = 61
"""The bits of a position; a packed poll has one more for its status, and an int64 one for its sign."""

BEFORE, AFTER = -2, 2 ** (POSITION_BITS + 1)
"""What no interval reaches, packed like polls."""


@dataclass(frozen=True)
class PollKeys:
    """A store's stretch begins at position (store - first_store) * 2**bits, which is the start of the horizon.

    A step is a microsecond. A stretch has room for the end of an interval that is open at now, and not much more.
    """

    first_store: int
    start_us: int
    bits: int

    @classmethod
    def over(cls, horizon: Horizon, first_store: int = 0) -> Self:
        """The keys of the stores from a first one on, with stretches as long as the horizon needs."""
        return cls(first_store, horizon.start_us, (horizon.now_us + 1 - horizon.start_us).bit_length())

    @property
    def room(self) -> int:
        """How many stores have a stretch."""
        return 2 ** (POSITION_BITS - self.bits)

    @property
    def last_store(self) -> int:
        """The last one that has a stretch, if there are so many."""
        return self.first_store + self.room - 1

    def first_poll(self, store: int) -> int:
        """The least number that a poll of a store can have."""
        return 2 * (store - self.first_store) * 2**self.bits


def packed_poll(keys: PollKeys) -> pl.Expr:
    """2 * position, and 1 more where the poll is active, of store, poll_us and active: int64."""
    stretch = (pl.col("store").cast(pl.Int64) - keys.first_store) * 2**keys.bits
    # The status is the last bit, so that of two polls of one instant the inactive one, which counts, sorts first.
    return (stretch + (pl.col("poll_us") - keys.start_us)) * 2 + pl.col("active")


def unpacked_polls(polls: pl.Series, keys: PollKeys) -> pl.DataFrame:
    """store (uint32), poll_us (int64), active (bool) of packed polls."""
    position = pl.col("poll") // 2
    return polls.to_frame("poll").select(
        store=(position // 2**keys.bits + keys.first_store).cast(pl.UInt32),
        poll_us=position % 2**keys.bits + keys.start_us,
        active=pl.col("poll") % 2 == 1,
    )


def neighbours(polls: pl.Series) -> pl.DataFrame:
    """before, here, after: three views of the same sorted numbers."""
    padded = pl.concat([pl.Series([BEFORE]), polls, pl.Series([AFTER])], rechunk=True)
    return pl.DataFrame({"before": padded[:-2], "here": padded[1:-1], "after": padded[2:]})
