"""A source in; the plan of a run, its polls in partitions, and a verdict on every row out: all is read once."""

from concurrent.futures import Future
from dataclasses import dataclass, replace

import polars as pl

from store_uptime.pipeline.clean.split import TableCounts, clean_hours, clean_polls, clean_zones
from store_uptime.pipeline.data_warnings import DataWarning
from store_uptime.pipeline.options import Horizon, Options
from store_uptime.pipeline.plan.partitions import Partition, exchange, pack_polls
from store_uptime.pipeline.plan.plan import Plan, make_places, make_plan
from store_uptime.pipeline.plan.plausibility import table_warnings
from store_uptime.pipeline.plan.rejected import why_no_polls
from store_uptime.pipeline.source.frames import RawFrames, RawPolls, Source
from store_uptime.pipeline.waiting import awaited


@dataclass(frozen=True)
class Prepared:
    """All that figures and quality are made from; nothing is read any more.

    counts, rejected: by table (polls, hours, zones); rejected rows are line, reason, and the row as it was.
    warnings: what is probably wrong with the source, as far as can be told without figures.
    """

    plan: Plan
    partitions: list[Partition]
    counts: dict[str, TableCounts]
    rejected: dict[str, pl.DataFrame]
    warnings: list[DataWarning]


@dataclass(frozen=True)
class Coming:
    """The three tables, while they are on their way."""

    polls: Future[RawPolls]
    hours: Future[RawFrames]
    zones: Future[RawFrames]


def prepare(source: Source, options: Options, horizon: Horizon, coming: Coming) -> Prepared:
    """Hours and zones are judged, and made into intervals, while the polls are coming. Raises NoPolls."""
    hours, zones = clean_hours(awaited(coming.hours), source.mapping), clean_zones(awaited(coming.zones))
    places = make_places(hours, zones, horizon)
    polls = clean_polls(awaited(coming.polls), horizon, source.mapping, gives_all=source.gives_all)
    if options.store is None and polls.accepted.is_empty():
        raise why_no_polls(source, horizon)
    plan = make_plan(source, options, horizon, polls.accepted, places)
    packed = pack_polls(plan, polls.accepted)
    polls = replace(polls, accepted=polls.accepted.clear())  # what sorting takes can have its place
    tables = {"polls": polls, "hours": hours, "zones": zones}
    return Prepared(
        plan=plan,
        partitions=exchange(plan, packed),
        counts={name: taken.counts for name, taken in tables.items()},
        rejected={name: taken.rejected for name, taken in tables.items()},
        warnings=[*source.remarks, *table_warnings(plan, places, tables)],
    )
