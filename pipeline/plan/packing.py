"""Polls in, int64 numbers on one line for all stores out, and back.

PollKeys         the stretch of the line that each store has
packed_poll      a poll as a number
unpacked_polls   numbers as polls
neighbours       each number with the one before and the one after it
"""

# One sort of one column puts every poll in order, and the polls before and after a poll are the numbers beside it, so
# that SQL needs no window function for them. No step compares stores: a poll of another store lies outside every
# interval of this one. Neighbours are found before the join with intervals, which may then give its rows in any order.

from dataclasses import dataclass
from typing import Self

import polars as pl

from store_uptime.pipeline.options import Horizon

POSITION_BITS = 61
"""The bits of a position; a packed poll has one more for its status, and an int64 one for its sign."""

BEFORE, AFTER = -2, 2 ** (POSITION_BITS + 1)
"""Packed polls before and after every interval: the neighbours of the first and the last poll."""


@dataclass(frozen=True)
class PollKeys:
    """A store's stretch begins at position (store - first_store) * 2**bits, which is the start of the horizon.

    A step is a microsecond.
    """

    first_store: int
    start_us: int
    bits: int

    @classmethod
    def over(cls, horizon: Horizon, first_store: int = 0) -> Self:
        """The keys of the stores from a first one on, with stretches as long as the horizon needs."""
        # One more than now: the step `evidence` cuts an interval that is open at now just behind it.
        return cls(first_store, horizon.start_us, (horizon.now_us + 1 - horizon.start_us).bit_length())

    @property
    def room(self) -> int:
        """How many stores have a stretch."""
        return 2 ** (POSITION_BITS - self.bits)

    @property
    def last_store(self) -> int:
        """The last store that can have a stretch."""
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
    """before, here, after: packed polls, in order."""
    # In one chunk, so that the three columns are views of it: the polls stand in memory once.
    padded = pl.concat([pl.Series([BEFORE]), polls, pl.Series([AFTER])], rechunk=True)
    return pl.DataFrame({"before": padded[:-2], "here": padded[1:-1], "after": padded[2:]})
