"""Accepted polls in; each poll once, in order, in partitions of whole stores, out.

pack_polls   polls as numbers, in no order
exchange     these sorted, and cut into partitions without repeated polls
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from store_uptime.pipeline.clean.split import CODED_ID
from store_uptime.pipeline.plan.packing import PollKeys, packed_poll
from store_uptime.pipeline.plan.plan import Plan

POLLS_OF_A_PARTITION = 4_000_000


@dataclass(frozen=True)
class Partition:
    """The polls and intervals of some of the stores, and how many polls were repeated.

    polls: packed by `keys`, in order, one per store and microsecond: of both statuses inactive.
    intervals: store, open_us, close_us. duplicates: polls beyond the first of the same store, microsecond and status;
    contradictory: pairs of store and microsecond with both (docs/semantics.md, "Output").
    """

    keys: PollKeys
    polls: pl.Series
    intervals: pl.DataFrame
    duplicates: int = 0
    contradictory: int = 0


def pack_polls(plan: Plan, polls: pl.DataFrame) -> list[tuple[PollKeys, pl.Series]]:
    """The accepted polls, packed, in no order, with repeated ones. polls: store_id (categorical), poll_us, active."""
    stores = plan.stores.select(CODED_ID, "store")
    keyed = polls.lazy().join(stores.lazy(), on="store_id")
    return [
        (keys, keyed.filter(in_key_range(keys)).select(packed_poll(keys)).collect(engine="streaming").to_series())
        for keys in poll_keys(plan)
    ]


def exchange(plan: Plan, unordered: list[tuple[PollKeys, pl.Series]]) -> list[Partition]:
    """The polls in partitions, at least one."""
    return [partition for keys, polls in unordered for partition in partitions(plan, keys, in_order(polls))]


def poll_keys(plan: Plan) -> list[PollKeys]:
    # One line has room for two million stores with the usual horizon; a horizon of centuries takes several lines.
    whole = PollKeys.over(plan.horizon)
    return [PollKeys.over(plan.horizon, first) for first in plan.stores["store"][:: whole.room]] or [whole]


def in_key_range(keys: PollKeys) -> pl.Expr:
    return pl.col("store").is_between(keys.first_store, keys.last_store)


def in_order(polls: pl.Series) -> pl.Series:
    # A lazy frame, since Series.sort() does not use the streaming engine, which is the quickest at this.
    return polls.to_frame().lazy().sort(pl.first()).collect(engine="streaming").to_series()


def partitions(plan: Plan, keys: PollKeys, polls: pl.Series) -> Iterator[Partition]:
    """Sorted polls in parts of as many stores each, so that a part is some millions of polls."""
    stores = plan.stores.filter(in_key_range(keys))["store"]
    number = max(1, round(polls.len() / POLLS_OF_A_PARTITION))
    stores_of_a_part = -(-stores.len() // number)  # rounded up
    # A plan without stores also has a partition: its report has no rows, but all its columns.
    firsts = stores[::stores_of_a_part] if stores.len() else [keys.first_store]
    for first, end in pairwise([*firsts, keys.last_store + 1]):
        start, stop = (polls.search_sorted(keys.first_poll(store)) for store in (first, end))
        within = pl.col("store").is_between(first, end, closed="left")
        yield partition_of(keys, polls[start:stop], plan.intervals.filter(within))


def partition_of(keys: PollKeys, polls: pl.Series, intervals: pl.DataFrame) -> Partition:
    """The partition of sorted polls, without repeated ones."""
    # The status is the last bit: the same poll again is the same number, and an active one after an inactive one of the
    # same instant is one more.
    step = polls.diff()
    repeated = step == 0
    contradicted = (step == 1) & (polls % 2 == 1)
    duplicates, contradictory = int(repeated.sum()), int(contradicted.sum())
    if duplicates + contradictory:  # most feeds have none: then the partition stays a view of the sorted polls
        polls = polls.filter(~(repeated | contradicted).fill_null(False))
    return Partition(keys, polls, intervals, duplicates, contradictory)
