"""Clean, plan, partition: the raw tables of a source in; the plan of a run and its polls in partitions out."""

from dataclasses import dataclass, replace

import polars as pl

from store_uptime.pipeline.clean.raw import RawTables
from store_uptime.pipeline.clean.split import (
    CleanedTable,
    TableCounts,
    clean_all_polls,
    clean_hours,
    clean_polls,
    clean_zones,
)
from store_uptime.pipeline.data_warnings import DataWarning
from store_uptime.pipeline.options import Horizon, Options
from store_uptime.pipeline.plan.partitions import Partition, exchange, pack_polls
from store_uptime.pipeline.plan.plan import Plan, declare_stores, make_plan
from store_uptime.pipeline.plan.plausibility import table_warnings
from store_uptime.pipeline.plan.rejected import why_no_polls
from store_uptime.pipeline.source.protocol import Source


@dataclass(frozen=True)
class Prepared:
    """All that figures and quality are made from, once the source has been read.

    counts, rejected: by table (polls, hours, zones); rejected rows are file, line, reason, and the row as it was.
    warnings: those of the source and of its tables; warnings from figures are not among them.
    """

    plan: Plan
    partitions: list[Partition]
    counts: dict[str, TableCounts]
    rejected: dict[str, pl.DataFrame]
    warnings: list[DataWarning]


def prepare_run(source: Source, options: Options, horizon: Horizon, raw: RawTables) -> Prepared:
    """Clean -> plan -> partitions, over tables that may still be on their way. Raises NoPolls, AllPollsRejected."""
    # Hours, zones and intervals come first, since a database is still sending the polls: this work then costs no time.
    hours, zones = clean_hours(raw.hours(), source.mapping), clean_zones(raw.zones())
    declared = declare_stores(hours, zones, horizon)
    polls = accepted_polls(source, options, horizon, raw)
    plan = make_plan(source, options, horizon, polls.accepted, declared)
    packed = pack_polls(plan, polls.accepted)
    # Sorting takes as much memory as the accepted polls do: their memory is freed before it begins.
    polls = replace(polls, accepted=polls.accepted.clear())
    tables = {"polls": polls, "hours": hours, "zones": zones}
    return Prepared(
        plan=plan,
        partitions=exchange(plan, packed),
        counts={name: table.counts for name, table in tables.items()},
        rejected={name: table.rejected for name, table in tables.items()},
        warnings=[*source.warnings, *table_warnings(plan, declared, tables)],
    )


def accepted_polls(source: Source, options: Options, horizon: Horizon, raw: RawTables) -> CleanedTable:
    """The polls of the horizon. Raises NoPolls, AllPollsRejected where a run over all stores has none."""
    # A report of one store without a poll in the horizon has no row and a warning: the store is known.
    clean = clean_all_polls if source.counts_outside_horizon else clean_polls
    polls = clean(raw.polls(), horizon, source.mapping)
    if options.store is None and polls.accepted.is_empty():
        raise why_no_polls(source, horizon)
    return polls
