"""What both passes have left in, the report of all stores out."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import polars as pl

from store_uptime.pipeline.clean.columns import FILE, LINE, SURPLUS
from store_uptime.pipeline.clean.split import CleanedTable, TableCounts
from store_uptime.pipeline.data_warnings import DataWarning
from store_uptime.pipeline.parts.exchange import FETCHED_AT_ONCE, Exchange, Stretch
from store_uptime.pipeline.parts.job import Job
from store_uptime.pipeline.parts.part import DECLARED, PartFacts, PartFigures
from store_uptime.pipeline.parts.segments import unpacked
from store_uptime.pipeline.parts.spread import Spread
from store_uptime.pipeline.plan.plan import STORE_COLUMNS, Plan
from store_uptime.pipeline.plan.table_facts import TableFacts
from store_uptime.pipeline.report.computed import Computed, report_from
from store_uptime.pipeline.report.report import Report
from store_uptime.pipeline.tables import COLUMNS, ROWS_OF, Table, own_columns
from store_uptime.pipeline.threads import in_threads

ID = "store_id"


@dataclass(frozen=True)
class Unread:
    """What no task has read of a source: rows of polls that are outside the horizon by the ends of their files, and
    files that were not opened; its warnings; and its table `stores`: see `described_stores`."""

    rows: int
    files_not_opened: int
    warnings: Sequence[DataWarning]
    described: CleanedTable | None

    @property
    def attributes(self) -> pl.DataFrame | None:
        """See `Report`."""
        return None if self.described is None else self.described.accepted


def joined(
    job: Job, exchange: Exchange, groups: Sequence[Spread], parts: Sequence[PartFigures], unread: Unread
) -> Report:
    """The report. groups, parts: in the order of their numbers."""
    exact = frames_of(exchange, [(part.facts, part.figures) for part in parts])
    lanes = [(part.facts, part.lanes) for part in parts if part.lanes is not None]
    every = [part.facts for part in parts]
    stores = exact.with_row_index("store").select(STORE_COLUMNS)
    found = Computed(
        plan=joined_plan(job, exchange, every, stores),
        exact=exact,
        lanes=ranked(exchange, lanes) if job.with_lanes else None,
        duplicates=sum(part.duplicates for part in every),
        contradictory=sum(part.contradictory for part in every),
    )
    return report_from(found, joined_facts(exchange, groups, every, stores, unread), unread.warnings, unread.attributes)


def joined_plan(job: Job, exchange: Exchange, parts: Sequence[PartFacts], stores: pl.DataFrame) -> Plan:
    """The plan of all parts. stores: of the plan."""
    # The ranges follow each other in byte order, so that ranks go on from one to the next.
    return Plan(
        source=job.source,
        options=job.options,
        horizon=job.horizon,
        stores=stores,
        intervals=ranked(exchange, [(part, part.intervals) for part in parts]),
        not_observed=pl.Series(ID, [store for part in parts for store in part.not_observed], pl.String),
        observed_ids={name: summed([part.observed_ids[name] for part in parts]) for name in DECLARED},
        tzdata=parts[0].tzdata,
        mapping=job.mapping,
    )


def joined_facts(
    exchange: Exchange, groups: Sequence[Spread], parts: Sequence[PartFacts], stores: pl.DataFrame, unread: Unread
) -> TableFacts:
    """The facts of all parts. stores: of the plan."""
    counts = {name: table_counts([group for group in groups if group.table == table]) for table, name in TABLES}
    rejected = {name: rejected_rows(exchange, table, groups) for table, name in TABLES}
    declared = frames_of(exchange, [(part, part.declared) for part in parts])
    every = [stores.select(ID), declared.select(ID)]
    if unread.described is not None:
        counts["stores"], rejected["stores"] = unread.described.counts, unread.described.rejected
        every.append(unread.described.accepted.select(ID))
    return TableFacts(
        counts={**counts, "polls": with_unread(counts["polls"], unread)},
        rejected=rejected,
        every=pl.concat(every),
        ids={name: declared.lazy().filter(name).select(ID) for name in DECLARED},
        has_monday=any(group.has_monday for group in groups),
        unknown_zone=next((part.unknown_zone for part in parts if part.unknown_zone is not None), None),
    )


TABLES: Sequence[tuple[Table, str]] = tuple((table, ROWS_OF[table]) for table in COLUMNS)


def table_counts(groups: Sequence[Spread]) -> TableCounts:
    """The rows of a table. Reasons are in the order of their names."""
    reasons = sorted({reason for group in groups for reason in group.rejected})
    outside = [group.outside for group in groups]
    return TableCounts(
        accepted=sum(group.accepted for group in groups),
        rejected={reason: sum(group.rejected.get(reason, 0) for group in groups) for reason in reasons},
        outside=None if None in outside else sum(filter(None, outside)),
    )


def with_unread(polls: TableCounts, unread: Unread) -> TableCounts:
    """The counts of polls, with what was not read."""
    # How many rows there are in files that were not opened is not known.
    outside = None if polls.outside is None or unread.files_not_opened else polls.outside + unread.rows
    return replace(polls, outside=outside, files_not_opened=unread.files_not_opened)


def rejected_rows(exchange: Exchange, table: Table, every: Sequence[Spread]) -> pl.DataFrame:
    """The rejected rows of a table, in the order in which one process reads them."""
    groups = [group for group in every if group.table == table]
    frames = in_threads(lambda group: unpacked(exchange.get(group.name, group.rejects)), groups, FETCHED_AT_ONCE)
    rows = pl.concat(frames, how="diagonal")  # optional columns may be in some groups only
    columns = [name for name in own_columns(table) if name in rows.columns and name != "reason"]
    return rows.select(FILE, LINE, "reason", *columns, SURPLUS)


def frames_of(exchange: Exchange, places: Sequence[tuple[PartFacts, Stretch]]) -> pl.DataFrame:
    """One frame of every part, one behind the other."""
    return pl.concat(fetched_frames(exchange, places))


def ranked(exchange: Exchange, places: Sequence[tuple[PartFacts, Stretch]]) -> pl.DataFrame:
    """The same of frames that tell stores by their rank in the part: it becomes that of all."""
    before = accumulate((part.stores for part, _ in places[:-1]), initial=0)
    return pl.concat(
        frame.with_columns(pl.col("store") + pl.lit(stores, pl.UInt32))
        for stores, frame in zip(before, fetched_frames(exchange, places), strict=True)
    )


def fetched_frames(exchange: Exchange, places: Sequence[tuple[PartFacts, Stretch]]) -> list[pl.DataFrame]:
    return in_threads(lambda place: frame_of(exchange, *place), places, FETCHED_AT_ONCE)


def frame_of(exchange: Exchange, part: PartFacts, stretch: Stretch) -> pl.DataFrame:
    return pl.read_parquet(io.BytesIO(exchange.get(part.name, stretch)))


def summed(pairs: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return sum(first for first, _ in pairs), sum(second for _, second in pairs)
