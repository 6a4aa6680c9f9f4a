"""Polls on the line in; whole stores with their polls in order and their business intervals, in partitions, out.

code_ranges       the stores of a run in ranges
partition_of      the partition of a range
known_partition   the same with all stores that are known, polled or not
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from store_uptime.pipeline.calendar.intervals import BRIDGED_US, merged_intervals
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.packing import PollKeys, end_of, without_repeats
from store_uptime.pipeline.plan.plan import DeclaredStores, Plan, assumed_stores

POLLS_OF_A_PARTITION, STORES_OF_A_PARTITION = 2_500_000, 100_000
MOST_PARTITIONS = 16
"""Each takes one pass over all polls."""


@dataclass(frozen=True)
class CodeRange:
    """The stores of a partition, those from first up to, not including, end; and the polls that theirs are among."""

    keys: PollKeys
    polls: pl.DataFrame
    first: int
    end: int


@dataclass(frozen=True)
class Partition:
    """Some of the stores with a poll, their polls and business intervals; and how many polls were repeated.

    polls: packed by `keys`, in order, one per store and microsecond: of both statuses inactive.
    intervals: open_at, close_at: positions, in order, in the horizon, disjoint and more than a minute apart.
    stores: code, last_poll (packed), and the columns of `assumed_stores`.
    duplicates, contradictory: see `OncePolls`.
    """

    keys: PollKeys
    polls: pl.Series
    intervals: pl.DataFrame
    stores: pl.DataFrame
    duplicates: int = 0
    contradictory: int = 0

    @property
    def dated_intervals(self) -> pl.DataFrame:
        """The intervals as code, open_us, close_us."""
        open_at, close_at = pl.col("open_at"), pl.col("close_at")
        open_us = self.keys.us(open_at)
        # Not by the position of the closing: at the end of the horizon it may be behind the store's stretch.
        return self.intervals.select(
            code=self.keys.code(open_at), open_us=open_us, close_us=open_us + (close_at - open_at) // 2
        )


def code_ranges(lines: Sequence[tuple[PollKeys, pl.DataFrame]], number: int) -> Iterator[CodeRange]:
    """All stores in ranges of as many each, with some millions of polls at most; at least one range.

    lines: see `CleanedPolls`. number: how many stores there are.
    """
    for keys, polls in lines:
        end = min(number, keys.first + keys.room)
        stores = max(1, end - keys.first)
        wanted = max(1, round(polls.height / POLLS_OF_A_PARTITION), round(stores / STORES_OF_A_PARTITION))
        step = -(-stores // min(MOST_PARTITIONS, wanted))  # rounded up
        # A run without stores also has a range: its report has no rows, but all its columns.
        for first in range(keys.first, max(end, keys.first + 1), step):
            yield CodeRange(keys, polls, first, min(first + step, end))


def partition_of(codes: CodeRange, declared: DeclaredStores, horizon: Horizon) -> Partition:
    """The partition of a range of stores."""
    once = without_repeats(in_order(codes))
    own = declared.between(codes.first, codes.end)
    stores = assumed_stores(polled_stores(once.polls, codes), own)
    intervals = business_intervals(stores, codes.keys, own, horizon)
    return Partition(codes.keys, once.polls, intervals, stores, once.duplicates, once.contradictory)


def known_partition(codes: CodeRange, declared: DeclaredStores, horizon: Horizon) -> Partition:
    """The partition of a range, with every store that any table knows: last_poll is null where it has no poll."""
    once = without_repeats(in_order(codes))
    own = declared.between(codes.first, codes.end)
    polled = polled_stores(once.polls, codes)
    known = pl.concat([own.stores.select("code"), polled.select("code")]).unique().sort("code")
    stores = assumed_stores(known.join(polled, on="code", how="left", maintain_order="left"), own)
    intervals = business_intervals(stores, codes.keys, own, horizon)
    return Partition(codes.keys, once.polls, intervals, stores, once.duplicates, once.contradictory)


def planned_partition(codes: CodeRange, plan: Plan) -> Partition:
    """The partition of the one store of a plan, with the intervals of the plan."""
    once = without_repeats(in_order(codes))
    code, end_us = pl.lit(codes.first), plan.horizon.now_us + 1
    intervals = plan.intervals.sort("open_us").select(
        open_at=codes.keys.position(code, pl.col("open_us")),
        # Archives of earlier versions have closings after now.
        close_at=codes.keys.position(code, pl.col("close_us").clip(upper_bound=end_us)),
    )
    stores = plan.stores.with_columns(code=pl.lit(codes.first, pl.UInt32))
    return Partition(codes.keys, once.polls, intervals, stores)


def in_order(codes: CodeRange) -> pl.Series:
    keys, poll = codes.keys, pl.col("poll")
    begin, end = (keys.first_position(pl.lit(code)) for code in (codes.first, codes.end))
    own = poll.is_between(begin, end, closed="left")
    # By one thread: another partition is sorted at the same time.
    return (
        codes.polls.lazy().filter(own).collect(engine="streaming").to_series().sort(in_place=True, multithreaded=False)
    )


def polled_stores(polls: pl.Series, codes: CodeRange) -> pl.DataFrame:
    """code, last_poll (packed) of the stores that have a poll. polls: sorted."""
    every = pl.select(code=pl.int_range(codes.first, codes.end + 1, dtype=pl.UInt32))
    # The polls of a store are a range of the sorted ones: nothing has to be grouped.
    begins = polls.search_sorted(every.select(codes.keys.first_position(pl.col("code"))).to_series())
    ranges = every.with_columns(begins.alias("begin"), end=begins.shift(-1)).filter(pl.col("begin") < pl.col("end"))
    return ranges.select("code", last_poll=polls.gather(ranges["end"] - 1))


def business_intervals(
    stores: pl.DataFrame, keys: PollKeys, declared: DeclaredStores, horizon: Horizon
) -> pl.DataFrame:
    """open_at, close_at of some stores, in order, disjoint: docs/semantics.md, "Business time".

    stores: code, always_open.
    """
    code = pl.col("code")
    weekly = declared.weekly.lazy().join(stores.lazy(), on="code", how="semi").join(declared.spans.lazy(), on="pattern")
    spans = weekly.select(
        open_at=keys.position(code, pl.col("open_us")), close_at=keys.position(code, pl.col("close_us"))
    )
    # A store that is always open has one interval: the horizon, now included.
    begin = keys.first_position(code)
    always = stores.lazy().filter("always_open").select(open_at=begin, close_at=begin + end_of(horizon))
    return (
        merged_intervals(pl.concat([spans, always]), 2 * BRIDGED_US)
        # Without a length is what was left of a span that ends before the horizon, or begins after now.
        .filter(pl.col("open_at") < pl.col("close_at"))
        .collect(engine="streaming")
    )
