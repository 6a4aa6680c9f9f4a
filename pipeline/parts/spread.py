"""Pass 1: a group of files in; one object, with a segment for each range of stores, out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import polars as pl
from msgspec import Struct, msgpack

from store_uptime.pipeline.clean.columns import FILE, LINE
from store_uptime.pipeline.clean.ids import with_text_id
from store_uptime.pipeline.clean.poll_reasons import poll_reasons
from store_uptime.pipeline.clean.polls import clean_all_polls
from store_uptime.pipeline.clean.raw import RawFrames
from store_uptime.pipeline.clean.split import TableCounts, clean_hours, clean_zones
from store_uptime.pipeline.packing import StoreCodes
from store_uptime.pipeline.parts.exchange import Pieces, Stretch, attempt_name, exchange_of_run
from store_uptime.pipeline.parts.groups import Group
from store_uptime.pipeline.parts.job import Job
from store_uptime.pipeline.parts.segments import packed, packed_ids, packed_polls, segments_of
from store_uptime.pipeline.source.folder.fetched import still_stored
from store_uptime.pipeline.source.folder.folder import read_error
from store_uptime.pipeline.source.frames import READ_ERRORS, REASON_COLUMNS, poll_rows, rows_of_store
from store_uptime.pipeline.tables import Table

ID = pl.col("store_id")


class SegmentPlace(Struct, frozen=True):
    """Where the rows of a range lie in an object.

    number: of the range. polls: how many; 0: they are rows of another table. stretches: of the ids and, right behind
    them, of the polls; or of the raw rows. edges: see `Segment`.
    """

    number: int
    polls: int
    stretches: tuple[Stretch, ...]
    edges: list[str] = []


class Spread(Struct, frozen=True):
    """What a task of pass 1 has left.

    name: of its object. accepted, rejected, outside: see `TableCounts`. rejects: where the rejected rows lie.
    has_monday: whether an accepted row of hours is of weekday 0. reasons: the places of the reasons of polls.
    """

    table: Table
    name: str
    segments: list[SegmentPlace]
    rejects: Stretch
    accepted: int
    rejected: dict[str, int]
    outside: int | None
    has_monday: bool = False
    reasons: list[SegmentPlace] = []

    @property
    def counts(self) -> TableCounts:
        """The rows of the group."""
        return TableCounts(self.accepted, self.rejected, self.outside)


def spread(job: Job, number: int, group: Group) -> bytes:
    """Read and judge the files of a group, and write what is accepted by range: a `Spread`, packed.

    Raises SourceMismatch, what a bucket raises, CannotWrite, ExchangeNotShared.
    """
    pieces = Pieces()
    frames = rows_of_store(group.frames(job.mapping), job.options.store)
    try:
        rows = BY_TABLE[group.table](job, group, frames, pieces)
    except READ_ERRORS as error:
        raise read_error(job.source, {group.table: list(group.files)}, error, job.mapping) from error
    # Polars does not compare etags.
    still_stored(group.files)
    left = Spread(
        table=group.table,
        name=attempt_name(job.folder("spread"), number),
        segments=rows.segments,
        rejects=pieces.add(packed(rows.rejected)),
        accepted=rows.counts.accepted,
        rejected=rows.counts.rejected,
        outside=rows.counts.outside,
        has_monday=rows.has_monday,
        reasons=[*rows.reasons],
    )
    exchange_of_run(job.exchange, job.run).put(left.name, pieces.content())
    return msgpack.encode(left)


class GroupRows(NamedTuple):
    """What was read of a group: the places of what is passed on, and what `Spread` tells of the rest."""

    segments: list[SegmentPlace]
    counts: TableCounts
    rejected: pl.DataFrame
    has_monday: bool = False
    reasons: Sequence[SegmentPlace] = ()


def spread_polls(job: Job, group: Group, frames: RawFrames, pieces: Pieces) -> GroupRows:
    codes = StoreCodes()
    polls = clean_all_polls([poll_rows(raw, codes, job.mapping) for raw in frames], codes, job.horizon)
    places = [
        SegmentPlace(
            segment.number,
            segment.polls.len(),
            (pieces.add(packed_ids(segment.ids)), pieces.add(packed_polls(segment.polls))),
            segment.edges,
        )
        for segment in segments_of(polls.lines, codes, job.bounds, max(1, group.row_count // job.edges))
    ]
    reasons = list(spread_reasons(job, frames, codes, pieces))
    return GroupRows(places, polls.counts, polls.rejected, reasons=reasons)


def spread_reasons(job: Job, frames: RawFrames, codes: StoreCodes, pieces: Pieces) -> Iterator[SegmentPlace]:
    """The reasons of polls, where outages are wanted, as rows such as a source has."""
    with_reason = [frame.select(REASON_COLUMNS) for frame in frames if "reason" in frame.collect_schema()]
    if job.periods is None or "outages" not in job.periods.wanted.tables or not with_reason:
        return
    found = poll_reasons(with_reason, codes, job.horizon, job.mapping).join(codes.table, on="code")
    rows = found.select(
        "store_id",
        timestamp_utc=pl.from_epoch("poll_us", "us").dt.replace_time_zone("UTC"),
        status=pl.lit(job.mapping.inactive[0]),
        reason="reason",
    )
    yield from places_by_range(job, [rows.lazy()], pieces)


def spread_hours(job: Job, group: Group, frames: RawFrames, pieces: Pieces) -> GroupRows:
    # Hours and zones travel as they are, and are judged here for what is told of them alone.
    raw = held(frames)
    judged = clean_hours(raw, StoreCodes(), job.mapping)
    has_monday = (judged.accepted["weekday"] == 0).any()
    return GroupRows(list(places_by_range(job, raw, pieces)), judged.counts, judged.rejected, has_monday)


def spread_zones(job: Job, group: Group, frames: RawFrames, pieces: Pieces) -> GroupRows:
    raw = held(frames)
    judged = clean_zones(raw, StoreCodes())
    return GroupRows(list(places_by_range(job, raw, pieces)), judged.counts, judged.rejected)


BY_TABLE: Mapping[Table, Callable[[Job, Group, RawFrames, Pieces], GroupRows]] = {
    "store_status": spread_polls,
    "menu_hours": spread_hours,
    "timezones": spread_zones,
}


def held(frames: RawFrames) -> RawFrames:
    """Frames in memory: they are judged, and cut."""
    return [frame.collect(engine="streaming").lazy() for frame in frames]


def places_by_range(job: Job, frames: RawFrames, pieces: Pieces) -> Iterator[SegmentPlace]:
    """The rows of each range, added to the pieces."""
    for frame in frames:
        for number, rows in rows_by_range(frame, job.bounds):
            yield SegmentPlace(number, 0, (pieces.add(packed(rows)),))


def rows_by_range(raw: pl.LazyFrame, bounds: Sequence[str]) -> Iterator[tuple[int, pl.DataFrame]]:
    """The raw rows of each range that has some, with their id as text; rows without an id belong to none."""
    own = with_text_id(raw, raw.collect_schema()).drop(FILE, LINE, strict=False).filter(ID.is_not_null()).collect()
    number = pl.Series(bounds, dtype=pl.String).search_sorted(own["store_id"], side="right").alias("number")
    rows = own.with_columns(number).sort("number", maintain_order=True)
    for (found,), some in rows.group_by("number", maintain_order=True):
        yield int(str(found)), some.drop("number")
