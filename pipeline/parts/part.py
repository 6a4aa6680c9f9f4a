"""Pass 2: the segments of one range of stores in, the figures of these stores out."""

import io
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import polars as pl
from msgspec import Struct, msgpack

from store_uptime.pipeline.clean.raw import PollRows, RawFrames
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.parts.exchange import (
    FETCHED_AT_ONCE,
    Exchange,
    Pieces,
    Stretch,
    attempt_name,
    exchange_of_run,
)
from store_uptime.pipeline.parts.index import Entry, Part, entries_of
from store_uptime.pipeline.parts.job import Job
from store_uptime.pipeline.parts.segments import SegmentPolls, unpacked
from store_uptime.pipeline.plan.prepare import prepare_run
from store_uptime.pipeline.plan.table_facts import TableFacts, table_facts
from store_uptime.pipeline.report.computed import Computed, computed
from store_uptime.pipeline.report.periods.computed import ComputedPeriods
from store_uptime.pipeline.run import figures_of_run, silent
from store_uptime.pipeline.source.frames import FrameTables
from store_uptime.pipeline.tables import COLUMNS, Table
from store_uptime.pipeline.threads import in_threads
from store_uptime.pipeline.uptime.stage import database, uptime, uptime_with_lanes

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

DECLARED = ("hours", "zones")


class PartFacts(Struct, frozen=True):
    """What a task of pass 2 has left, whatever report it is for.

    name: of its object. stores: how many have a row. intervals: of the `Plan`; declared: store_id, hours, zones: the
    ids of these tables, and whether each has accepted rows: both as Parquet. observed_ids: see `Plan`. unknown_zone:
    see `TableFacts`.
    """

    name: str
    stores: int
    intervals: Stretch
    declared: Stretch
    not_observed: list[str]
    observed_ids: dict[str, tuple[int, int]]
    unknown_zone: str | None
    duplicates: int
    contradictory: int
    tzdata: str


class PartFigures(Struct, frozen=True):
    """That of a report of the three windows. figures: `Report.exact`; lanes: `Report.lanes`; both as Parquet."""

    facts: PartFacts
    figures: Stretch
    lanes: Stretch | None


def part(job: Job, number: int, index: str, wanted: Part) -> bytes:
    """Compute the stores of a range, and write their figures: a `PartFigures`, packed. index: its name.

    Raises SourceMissing, CannotWrite, ExchangeNotShared.
    """
    with opened_part(job, index, wanted) as opened, database(job.limits) as db:
        prepared = prepare_run(opened, job.options, job.horizon, opened.read(job.horizon, None))
        figures = figures_of_run(
            prepared, partial(uptime_with_lanes if job.with_lanes else uptime, db), job.limits, silent
        )
        found = computed(prepared, figures)
        facts = table_facts(prepared, found.plan)
    pieces = Pieces()
    left = PartFigures(
        facts=part_facts(job, number, found, facts, pieces),
        figures=pieces.add(parquet(found.exact)),
        lanes=None if found.lanes is None else pieces.add(parquet(found.lanes)),
    )
    exchange_of_run(job.exchange, job.run).put(left.facts.name, pieces.content())
    return msgpack.encode(left)


def opened_part(job: Job, index: str, wanted: Part) -> "AbstractContextManager[PartTables]":
    """The tables of a part, open. index: the name of the index."""
    exchange = exchange_of_run(job.exchange, job.run)
    entries = entries_of(exchange, index, wanted)
    rows = in_threads(partial(stretches_of, exchange), entries, FETCHED_AT_ONCE)
    return PartTables(job, wanted, list(zip(entries, rows, strict=True))).opened()


def part_facts(
    job: Job, number: int, found: Computed | ComputedPeriods, facts: TableFacts, pieces: Pieces
) -> PartFacts:
    """What is left of a part, whatever report it is for; its frames are added to the pieces."""
    return PartFacts(
        name=attempt_name(job.folder("parts"), number),
        stores=found.plan.stores.height,
        intervals=pieces.add(parquet(found.plan.intervals)),
        declared=pieces.add(parquet(declared_ids(facts))),
        not_observed=found.plan.not_observed.to_list(),
        observed_ids=found.plan.observed_ids,
        unknown_zone=facts.unknown_zone,
        duplicates=found.duplicates,
        contradictory=found.contradictory,
        tzdata=found.plan.tzdata,
    )


def stretches_of(exchange: Exchange, entry: Entry) -> list[bytes]:
    """The bytes of a segment, by one request: its stretches lie one behind the other."""
    begin, last = entry.stretches[0].start, entry.stretches[-1]
    content = exchange.get(entry.name, Stretch(begin, last.start + last.length - begin))
    return [content[start - begin : start - begin + length] for start, length in entry.stretches]


class PartTables(FrameTables):
    """The tables of a part: polls in segments, and the raw rows of hours and zones."""

    counts_outside_horizon = False  # pass 1 has counted them

    def __init__(self, job: Job, wanted: Part, segments: Sequence[tuple[Entry, list[bytes]]]) -> None:
        self._segments = [content for entry, content in segments if entry.table == "store_status"]
        self._wanted = wanted
        tables = {table: raw_rows(segments, table, wanted) for table in COLUMNS}
        own = is_own(wanted)
        described, self._reasons = (
            [unpacked(content[0]).lazy().filter(own) for entry, content in segments if entry.table == name]
            for name in ("stores", "reasons")
        )
        if not described and job.described is not None:
            described = [pl.DataFrame(schema=dict.fromkeys(job.described, pl.String())).lazy()]
        super().__init__({**tables, "stores": described}, job.source, job.mapping)

    def polls(self, horizon: Horizon, store: str | None) -> Sequence[PollRows]:
        """See `Source`."""
        bounds = (self._wanted.lower, self._wanted.upper)
        segments = [SegmentPolls(ids, polls, self.codes, *bounds) for ids, polls in self._segments]
        return segments or self._parts  # a range of stores may be known by its hours alone

    def reasons(self, horizon: Horizon, store: str | None) -> RawFrames:
        """See `Source`."""
        return self._reasons


def raw_rows(segments: Sequence[tuple[Entry, list[bytes]]], table: Table, wanted: Part) -> RawFrames:
    """The raw rows of a table other than the polls; one frame at least."""
    none = pl.DataFrame(schema=dict.fromkeys(COLUMNS[table], pl.String())).lazy()
    if table == "store_status":
        return [none]
    own = is_own(wanted)
    frames = [unpacked(content[0]).lazy() for entry, content in segments if entry.table == table]
    return [frame.filter(own) for frame in frames] or [none]


def is_own(wanted: Part) -> pl.Expr:
    """Whether a row belongs to the part."""
    store_id = pl.col("store_id")
    from_lower = pl.lit(True) if wanted.lower is None else store_id >= wanted.lower
    return from_lower if wanted.upper is None else from_lower & (store_id < wanted.upper)


def declared_ids(facts: TableFacts) -> pl.DataFrame:
    """store_id, hours, zones: the ids of both tables, and in which of them each has accepted rows."""
    hours, zones = (facts.ids[name].select("store_id").with_columns(pl.lit(True).alias(name)) for name in DECLARED)
    both = hours.join(zones, on="store_id", how="full", coalesce=True)
    return both.with_columns(pl.col(DECLARED).fill_null(False)).collect()


def parquet(rows: pl.DataFrame) -> bytes:
    """A frame as a part leaves it."""
    buffer = io.BytesIO()
    rows.write_parquet(buffer, compression="zstd", compression_level=1, statistics=False)
    return buffer.getvalue()
