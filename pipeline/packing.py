"""Polls in, int64 numbers on one line for all stores out, and back.

StoreCodes       the numbers of a run's stores
PollKeys         the stretch of the line that each of them has
end_of           where the horizon ends in it
unpacked_polls   numbers as polls
without_repeats  sorted numbers, each instant of a store once
scattered        values at some places of a column
"""

# One sort of one column puts every poll in order, and the polls before and after a poll are the numbers beside it, so
# that no step compares stores: a poll of another store lies outside every interval of this one. A number is twice its
# microsecond, and one more where the poll is active: so it is its own position, and no step divides.

from dataclasses import dataclass
from typing import NamedTuple, Self

import polars as pl

from store_uptime.pipeline.durations import SECOND_US
from store_uptime.pipeline.options import Horizon

BITS = 62
"""The bits of a position, without the sign. One more would let the differences of two positions overflow."""
SLACK_US = 61 * SECOND_US
"""Between two stretches: intervals of two stores must be further apart than those that are merged."""
BEFORE, AFTER = -2, 2**BITS
"""Polls before and after every interval: the neighbours of the first and the last poll."""


class StoreCodes:
    """The numbers of the stores of a run, from 0 on: an id gets the next one when a row with it is first coded."""

    # Codes need no order: ids are compared as text once each, and sorted only where the figures are written.
    def __init__(self) -> None:
        self._categories = pl.Categories.random()
        self.kind = pl.Categorical(self._categories)
        # Polars forgets the categories, and begins to count anew, once the last column that has them is gone.
        self._held = pl.Series(dtype=self.kind)
        self._table, self._is_current = pl.DataFrame(schema={"code": pl.UInt32, "store_id": pl.String}), True

    def categories_of(self, store_id: pl.Expr) -> pl.Expr:
        """Ids as categories, whose numbers are the codes; the expression must be evaluated before `table` is read."""
        self._is_current = False
        return store_id.cast(self.kind)

    def of(self, store_id: pl.Expr) -> pl.Expr:
        """The codes of ids: uint32, null for null."""
        return self.categories_of(store_id).to_physical()

    @property
    def table(self) -> pl.DataFrame:
        """Every id so far: code (uint32), store_id; in order of codes."""
        if not self._is_current:  # kept, since Polars copies every id
            self._table = self._categories.to_series().alias("store_id").to_frame().with_row_index("code")
            self._is_current = True
        return self._table

    def table_with(self, code: int) -> pl.DataFrame:
        """The same, perhaps without ids after a code."""
        return self._table if code < self._table.height else self.table

    def __len__(self) -> int:
        return self.table.height


@dataclass(frozen=True)
class PollKeys:
    """The stretch of store number `code` begins at position (code - first) * 2**bits: the start of the horizon.

    A microsecond is two steps, so every instant has an even position; an active poll is at the odd one behind it.
    """

    first: int
    start_us: int
    bits: int

    @classmethod
    def over(cls, horizon: Horizon, first: int = 0) -> Self:
        """The keys of the stores from a first one on, with stretches as long as the horizon needs."""
        # One more than now: an interval that is open at now is cut just behind it.
        return cls(first, horizon.start_us, (horizon.now_us + 1 + SLACK_US - horizon.start_us).bit_length() + 1)

    @property
    def room(self) -> int:
        """How many stores have a stretch."""
        return 2 ** (BITS - self.bits)

    def has(self, code: pl.Expr) -> pl.Expr:
        """Whether a store has a stretch."""
        return code.is_between(self.first, self.first + self.room - 1)

    def first_position(self, code: pl.Expr) -> pl.Expr:
        """The first position of a store's stretch: int64."""
        return (code.cast(pl.Int64) - self.first) * 2**self.bits

    def position(self, code: pl.Expr, us: pl.Expr) -> pl.Expr:
        """The position of an instant of a store: int64."""
        return self.first_position(code) + 2 * (us - self.start_us)

    def code(self, position: pl.Expr) -> pl.Expr:
        """The store of a position: uint32."""
        return ((position // 2**self.bits) + self.first).cast(pl.UInt32)

    def us(self, position: pl.Expr) -> pl.Expr:
        """The instant of a position, in microseconds since 1970."""
        return (position % 2**self.bits) // 2 + self.start_us


def end_of(horizon: Horizon) -> int:
    """The position just behind now, within a stretch: a poll at now is before it."""
    return 2 * (horizon.now_us + 1 - horizon.start_us)


def is_active(poll: pl.Expr) -> pl.Expr:
    """Whether a packed poll is active."""
    return (poll & 1) == 1


def unpacked_polls(polls: pl.Series, keys: PollKeys) -> pl.DataFrame:
    """code (uint32), poll_us (int64), active (bool) of packed polls."""
    poll = pl.col("poll")
    return polls.to_frame("poll").select(code=keys.code(poll), poll_us=keys.us(poll), active=is_active(poll))


class OncePolls(NamedTuple):
    """Sorted polls, one per store and instant, of both statuses inactive; and how many were left out.

    duplicates: polls beyond the first of the same store, microsecond and status; contradictory: pairs of store and
    microsecond with both (docs/semantics.md, "Output").
    """

    polls: pl.Series
    duplicates: int
    contradictory: int


def without_repeats(polls: pl.Series) -> OncePolls:
    """Sorted packed polls, each instant of a store once."""
    # The same poll again is a step of 0; an active one after an inactive one of the same instant a step of 1 onto an
    # odd number, and the inactive one counts.
    poll, step = pl.col("poll"), pl.col("poll").diff()
    repeated, contradicted = step == 0, (step == 1) & is_active(poll)
    rows = polls.to_frame("poll").lazy()
    counts = rows.select(repeated.sum(), contradicted.sum().alias("contradicted")).collect(engine="streaming")
    duplicates, contradictory = counts.row(0)
    if duplicates + contradictory:
        once = rows.filter(~(repeated | contradicted).fill_null(False))
        polls = once.collect(engine="streaming").to_series().set_sorted()
    return OncePolls(polls, duplicates, contradictory)


def scattered(values: pl.Series, places: pl.Series, length: int) -> pl.Series:
    """The values at some places, and 0 at all others."""
    return pl.zeros(length, values.dtype, eager=True).alias(values.name).scatter(places, values)
