"""Accepted polls in; each once, in order, in partitions of whole stores, out."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from store_uptime.pipeline.clean.split import CODED_ID
from store_uptime.pipeline.plan.packing import PollKeys, packed
from store_uptime.pipeline.plan.plan import Plan

POLLS_OF_A_PARTITION = 4_000_000


@dataclass(frozen=True)
class Partition:
    """What the figures of some of the stores are made from, and how often their polls repeat each other.

    polls: on the line, packed, in order, one per store and microsecond: of several, inactive.
    intervals: store, open_us, close_us. duplicates: polls beyond the first of the same store, microsecond and status;
    contradictory: pairs of store and microsecond with both (docs/semantics.md, "Output").
    """

    line: PollKeys
    polls: pl.Series
    intervals: pl.DataFrame
    duplicates: int = 0
    contradictory: int = 0


def pack_polls(plan: Plan, polls: pl.DataFrame) -> list[tuple[PollKeys, pl.Series]]:
    """The accepted polls, packed, in no order, repeats and all. polls: store_id (categorical), poll_us, active."""
    keys = plan.stores.select(CODED_ID, "store")
    keyed = polls.lazy().join(keys.lazy(), on="store_id")
    return [
        (line, keyed.filter(in_key_range(line)).select(packed(line)).collect(engine="streaming").to_series())
        for line in lines(plan)
    ]


def exchange(plan: Plan, unordered: list[tuple[PollKeys, pl.Series]]) -> list[Partition]:
    """The polls in partitions, one at least, which are views of one sorted series as far as nothing repeats."""
    return [part for line, polls in unordered for part in partitions(plan, line, in_order(polls))]


def in_order(polls: pl.Series) -> pl.Series:
    """The same, sorted: Polars' streaming engine is the quickest at that."""
    return polls.to_frame().lazy().sort(pl.first()).collect(engine="streaming").to_series()


def in_key_range(line: PollKeys) -> pl.Expr:
    """Whether a store has a stretch on a line."""
    return pl.col("store").is_between(line.first_store, line.last_store)


def lines(plan: Plan) -> list[PollKeys]:
    """One line for all stores, unless the horizon is so long (thousands of years) that they do not fit on one."""
    whole = PollKeys.over(plan.horizon)
    return [PollKeys.over(plan.horizon, first) for first in plan.stores["store"][:: whole.room]] or [whole]


def partitions(plan: Plan, line: PollKeys, polls: pl.Series) -> Iterator[Partition]:
    """A line's sorted polls in parts of as many stores each, so that a part is some millions of polls."""
    stores = plan.stores.filter(in_key_range(line))["store"]
    number = max(1, round(polls.len() / POLLS_OF_A_PARTITION))
    firsts = stores[:: -(-stores.len() // number)] if stores.len() else [line.first_store]
    for first, end in pairwise([*firsts, line.last_store + 1]):
        begin, stop = (polls.search_sorted(line.first_poll(store)) for store in (first, end))
        within = pl.col("store").is_between(first, end, closed="left")
        yield partition(line, polls[begin:stop], plan.intervals.filter(within))


def partition(line: PollKeys, polls: pl.Series, intervals: pl.DataFrame) -> Partition:
    """Sorted polls without what they repeat: the same number again, or after an inactive poll an active one."""
    step = polls.diff()
    again = step == 0
    gainsaid = (step == 1) & (polls % 2 == 1)
    duplicates, contradictory = int(again.sum()), int(gainsaid.sum())
    if duplicates + contradictory:
        polls = polls.filter(~(again | gainsaid).fill_null(False))
    return Partition(line, polls, intervals, duplicates, contradictory)
