"""The polls of all stores on one line of whole numbers, on which each store has a stretch of its own.

There one sort puts every poll in order, a poll's neighbours are the numbers before and after it, and nobody has to ask
whether a neighbour is another store's: it lies beyond every interval of this one.

Line         where the stretches are
packed       polls as numbers on the line
unpacked     the way back
neighbours   each poll with the one before and the one after it
"""

from dataclasses import dataclass
from typing import Self

import polars as pl

from store_uptime.pipeline.options import Horizon

WIDEST = 61
"""The bits of a place; a packed poll has one more for its status, and an int64 one for its sign."""

BEFORE, AFTER = -2, 2 ** (WIDEST + 1)
"""What no interval reaches, packed like polls."""


@dataclass(frozen=True)
class PollKeys:
    """A store's stretch begins at place (store - first_store) * 2**bits, which is the start of the horizon.

    A step is a microsecond. A stretch has room for the end of an interval that is open at now, and not much more.
    """

    first_store: int
    start_us: int
    bits: int

    @classmethod
    def over(cls, horizon: Horizon, first_store: int = 0) -> Self:
        """The line of the stores from a first one on, with stretches as long as the horizon needs."""
        return cls(first_store, horizon.start_us, (horizon.now_us + 1 - horizon.start_us).bit_length())

    @property
    def room(self) -> int:
        """How many stores have a stretch."""
        return 2 ** (WIDEST - self.bits)

    @property
    def last_store(self) -> int:
        """The last one that has a stretch, if there are so many."""
        return self.first_store + self.room - 1

    def first_poll(self, store: int) -> int:
        """The least number that a poll of a store can have."""
        return 2 * (store - self.first_store) * 2**self.bits


def packed(line: PollKeys) -> pl.Expr:
    """2 * place, and 1 more where the poll is active, of store, poll_us and active: int64."""
    stretch = (pl.col("store").cast(pl.Int64) - line.first_store) * 2**line.bits
    return (stretch + (pl.col("poll_us") - line.start_us)) * 2 + pl.col("active")


def unpacked(polls: pl.Series, line: PollKeys) -> pl.DataFrame:
    """store (uint32), poll_us (int64), active (bool) of packed polls."""
    place = pl.col("poll") // 2
    return polls.to_frame("poll").select(
        store=(place // 2**line.bits + line.first_store).cast(pl.UInt32),
        poll_us=place % 2**line.bits + line.start_us,
        active=pl.col("poll") % 2 == 1,
    )


def neighbours(polls: pl.Series) -> pl.DataFrame:
    """before, here, after: three views of the same sorted numbers."""
    padded = pl.concat([pl.Series([BEFORE]), polls, pl.Series([AFTER])], rechunk=True)
    return pl.DataFrame({"before": padded[:-2], "here": padded[1:-1], "after": padded[2:]})
