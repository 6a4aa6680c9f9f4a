"""What pass 1 has left in; the segments of all groups by range out: once it is written, pass 1 is done."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from msgspec import Struct, msgpack

from store_uptime.pipeline.parts.exchange import Exchange, Pieces, Stretch
from store_uptime.pipeline.parts.job import Job
from store_uptime.pipeline.parts.spread import SegmentPlace, Spread
from store_uptime.pipeline.tables import Table

TWICE = 2
"""A range of more polls than so many times the wanted ones is read in several parts."""


class Entry(Struct, frozen=True):
    """A segment: of what it is, the name of its object, and where in it it lies."""

    table: Table | Literal["reasons"]
    name: str
    stretches: tuple[Stretch, ...]


class Part(NamedTuple):
    """What a task of pass 2 reads. segments: where in the index those of its range are told; polls: about how many it
    has; lower, upper: its ids, from one up to, not including, the other; None: all of the range."""

    segments: Stretch
    polls: int
    lower: str | None = None
    upper: str | None = None


def index_of(job: Job, groups: Sequence[Spread], polls_of_a_part: int) -> tuple[bytes, list[Part]]:
    """The index of all segments, and the parts in the order of their ids."""
    entries: list[list[Entry]] = [[] for _ in range(job.ranges)]
    places: list[list[SegmentPlace]] = [[] for _ in range(job.ranges)]
    for group in groups:
        for place in group.segments:
            entries[place.number].append(Entry(group.table, group.name, place.stretches))
            places[place.number].append(place)
        for place in group.reasons:
            entries[place.number].append(Entry("reasons", group.name, place.stretches))
    pieces = Pieces()
    parts: list[Part] = []
    for own_entries, own_places in zip(entries, places, strict=True):
        parts += parts_of_range(pieces.add(msgpack.encode(own_entries)), own_places, polls_of_a_part)
    return pieces.content(), parts


def parts_of_range(segments: Stretch, places: Sequence[SegmentPlace], polls_of_a_part: int) -> Iterator[Part]:
    """One part, or several where a range has become too large."""
    polls = sum(place.polls for place in places)
    if polls <= TWICE * polls_of_a_part:
        yield Part(segments, polls)
        return
    # Each edge stands for as many polls of its segment, those up to the next one.
    edges = sorted((edge, place.polls / len(place.edges)) for place in places for edge in place.edges)
    lower, some = None, 0.0
    for edge, share in edges:
        if some >= polls_of_a_part and edge != (lower or edges[0][0]):
            yield Part(segments, round(some), lower, edge)
            lower, some = edge, 0.0
        some += share
    yield Part(segments, round(some), lower)


def entries_of(exchange: Exchange, index: str, part: Part) -> list[Entry]:
    """The segments of a part's range."""
    return msgpack.decode(exchange.get(index, part.segments), type=list[Entry])
