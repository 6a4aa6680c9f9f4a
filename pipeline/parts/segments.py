"""Polls on the line in, segments by range of store ids out, each a line of its own; and polls out of segments.

A segment has the ids of its stores in byte order and their polls in order: position n * 2**bits and on are those of the
n-th id. Each position is kept as its distance from the one before, which zstd packs to five or six bytes.

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

EDGES = 8
"""How many ids of a segment are told beside it, so that it can be cut where a range has become too large."""


class Segment(NamedTuple):
    """The polls of a range. number: of the range. ids: store_id, in byte order. polls: int64, in order. edges: ids that
    have as many polls between them."""

    number: int
    ids: pl.Series
    polls: pl.Series
    edges: list[str]


def segments_of(
    lines: Sequence[tuple[PollKeys, pl.DataFrame]], codes: StoreCodes, bounds: Sequence[str]
) -> Iterator[Segment]:
    """The polls of a group by range; a range without polls has no segment. lines: see `CleanedPolls`."""
    for keys, rows in lines:
        ids, polls = in_order_of_ids(keys, rows.to_series(), codes)
        firsts = [0, *ids.search_sorted(pl.Series(bounds, dtype=pl.String)).to_list(), len(ids)]
        begins = polls.search_sorted(pl.Series([first * 2**keys.bits for first in firsts], dtype=pl.Int64)).to_list()
        for number, first in enumerate(firsts[:-1]):
            own = polls.slice(begins[number], begins[number + 1] - begins[number])
            if own.len():
                some = ids.slice(first, firsts[number + 1] - first)
                own -= first * 2**keys.bits
                yield Segment(number, some, own, edges(some, own, keys))


def in_order_of_ids(keys: PollKeys, polls: pl.Series, codes: StoreCodes) -> tuple[pl.Series, pl.Series]:
    """The ids of the stores on a line, in byte order, and their polls in order on a line in that order."""
    table = codes.table.slice(keys.first, keys.room)
    ranks = table.sort("store_id").with_row_index("rank").sort("code").with_row_index("place")
    further = ranks.select((pl.col("rank").cast(pl.Int64) - pl.col("place").cast(pl.Int64)) * 2**keys.bits).to_series()
    moved = polls + further.gather(polls // 2**keys.bits)
    # By one thread: several take twice the processor time in all.
    return table["store_id"].sort(), moved.sort(in_place=True, multithreaded=False)


def edges(ids: pl.Series, polls: pl.Series, keys: PollKeys) -> list[str]:
    """The ids of the polls at the first, second, … eighth of a segment."""
    places = [number * polls.len() // EDGES for number in range(EDGES)]
    return ids.gather(polls.gather(places) // 2**keys.bits).to_list()


def packed_ids(ids: pl.Series) -> bytes:
    """The ids of a segment."""
    return packed(ids.alias("store_id").to_frame())


def packed_polls(polls: pl.Series) -> bytes:
    """Polls in order, as their distances."""
    steps = pl.concat([polls.head(1), polls.diff(null_behavior="drop")])
    return packed(steps.alias("step").to_frame())


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
        ids, steps = unpacked(self._ids), unpacked(self._polls).to_series()
        polls, bits = steps.cum_sum(), PollKeys.over(horizon).bits
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
