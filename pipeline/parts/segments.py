"""Polls on the line in, segments by range of store ids out, each a line of its own; and polls out of segments.

A segment has the ids of its stores in byte order and their polls in order: position n * 2**bits and on are those of the
n-th id. Each position is kept as its distance from the one before, in two halves: zstd passes over the lower one, which
looks random, and needs next to nothing for the upper one, so that it packs both to four or five bytes.

segments_of     the polls of a group, by range
SegmentPolls    those of a segment, as a part of the polls of a run
"""

import io
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import polars as pl
from zstandard import ZstdCompressor, ZstdDecompressor

from store_uptime.pipeline.clean.raw import PackedRows
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.packing import PollKeys, StoreCodes

HALF = 2**32
LOW = HALF - 1


class Segment(NamedTuple):
    """The polls of a range. number: of the range. ids: store_id, in byte order. polls: int64, in order. edges: ids that
    have as many polls between them, by which it can be cut where a range has become too large."""

    number: int
    ids: pl.Series
    polls: pl.Series
    edges: list[str]


def segments_of(
    lines: Sequence[tuple[PollKeys, pl.DataFrame]], codes: StoreCodes, bounds: Sequence[str], polls_of_an_edge: int
) -> Iterator[Segment]:
    """The polls of a group by range; a range without polls has no segment. lines: see `CleanedPolls`.
    polls_of_an_edge: how many lie between two edges at most."""
    for keys, rows in lines:
        ids, polls = in_order_of_ids(keys, rows.to_series(), codes)
        firsts = [0, *ids.search_sorted(pl.Series(bounds, dtype=pl.String)).to_list(), len(ids)]
        begins = polls.search_sorted(pl.Series([first * 2**keys.bits for first in firsts], dtype=pl.Int64)).to_list()
        for number, first in enumerate(firsts[:-1]):
            own = polls.slice(begins[number], begins[number + 1] - begins[number])
            if own.len():
                some = ids.slice(first, firsts[number + 1] - first)
                own -= first * 2**keys.bits
                yield Segment(number, some, own, edges(some, own, keys, polls_of_an_edge))


def in_order_of_ids(keys: PollKeys, polls: pl.Series, codes: StoreCodes) -> tuple[pl.Series, pl.Series]:
    """The ids of the stores on a line, in byte order, and their polls in order on a line in that order."""
    # By one thread: several take two or three times the processor time in all, and other tasks have the other cores.
    ordered = codes.table.slice(keys.first, keys.room).sort("store_id", multithreaded=False)
    rank = (ordered["code"] - keys.first).arg_sort().cast(pl.Int64)
    further = (rank - pl.int_range(rank.len(), eager=True)) * 2**keys.bits
    moved = polls + further.gather(polls // 2**keys.bits)
    return ordered["store_id"], moved.sort(in_place=True, multithreaded=False)


def edges(ids: pl.Series, polls: pl.Series, keys: PollKeys, polls_of_an_edge: int) -> list[str]:
    """The ids of the first poll of a segment, and of others at equal distances."""
    number = -(-polls.len() // polls_of_an_edge)
    places = [place * polls.len() // number for place in range(number)]
    return ids.gather(polls.gather(places) // 2**keys.bits).to_list()


def packed_ids(ids: pl.Series) -> bytes:
    """The ids of a segment."""
    return packed(ids.alias("store_id").to_frame())


def packed_polls(polls: pl.Series) -> bytes:
    """Polls in order, as their distances."""
    steps = pl.concat([polls.head(1), polls.diff(null_behavior="drop")])
    step = pl.col("step")
    halves = steps.to_frame("step").select(low=(step & LOW).cast(pl.UInt32), high=(step // HALF).cast(pl.UInt32))
    return packed(halves)


def unpacked_polls(content: bytes) -> pl.Series:
    """Polls that `packed_polls` has packed."""
    return unpacked(content).select(pl.col("high").cast(pl.Int64) * HALF + pl.col("low")).to_series().cum_sum()


def packed(rows: pl.DataFrame) -> bytes:
    """A frame as a stream of Arrow, compressed."""
    buffer = io.BytesIO()
    # Not by Polars: at its level packing takes three times as long, for four bytes less of a hundred.
    rows.write_ipc_stream(buffer, compression="uncompressed")
    return ZstdCompressor(level=1).compress(buffer.getbuffer())


def unpacked(content: bytes) -> pl.DataFrame:
    """A frame that `packed` has packed."""
    return pl.read_ipc_stream(io.BytesIO(ZstdDecompressor().decompress(content)))


class SegmentPolls:
    """The polls of a segment. All are accepted and in the horizon. lower, upper: the ids that belong to the part, from
    one up to, not including, the other; None: all."""

    def __init__(
        self, ids: bytes, polls: bytes, codes: StoreCodes, lower: str | None = None, upper: str | None = None
    ) -> None:
        self._ids, self._polls, self._codes = ids, polls, codes
        self._lower, self._upper = lower, upper

    def read(self, keys: PollKeys, horizon: Horizon) -> PackedRows:
        """See `PollRows`."""
        ids, polls, bits = unpacked(self._ids), unpacked_polls(self._polls), PollKeys.over(horizon).bits
        first = 0 if self._lower is None else ids.to_series().search_sorted(self._lower)
        end = ids.height if self._upper is None else ids.to_series().search_sorted(self._upper)
        begin, until = (polls.search_sorted(rank * 2**bits) for rank in (first, end))
        polls = polls.slice(begin, until - begin)
        own = ids.slice(first, end - first)
        code = own.select(self._codes.of(pl.col("store_id")).cast(pl.Int64) - keys.first).to_series()
        rank = polls // 2**bits
        # What a poll of a store moves by, from its place in the segment to that on the line.
        further = (code - pl.int_range(first, end, eager=True)) * 2**bits
        placed = (polls + further.gather(rank - first)).alias("poll").to_frame()
        # The first line has room for all stores of nearly every part.
        has_room = code.is_between(0, keys.room - 1)
        return PackedRows(placed if has_room.all() else placed.filter(has_room.gather(rank - first)))

    def height(self) -> int:
        """See `PollRows`."""
        return unpacked(self._polls).height
