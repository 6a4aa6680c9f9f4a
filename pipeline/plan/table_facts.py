"""A prepared run and its plan in, what warnings tell of its tables out."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from store_uptime.pipeline.clean.split import TableCounts
from store_uptime.pipeline.plan.plan import Plan
from store_uptime.pipeline.plan.prepare import Prepared


@dataclass(frozen=True)
class TableFacts:
    """What is known of the tables of a run beside its plan.

    counts: the rows of polls, hours and zones. rejected: by table, the rejected ones: see `Report.rejects`. every:
    store_id of every store, or more. ids: store_id of the stores with accepted rows of hours, and of zones. has_monday:
    whether an accepted row of hours is of weekday 0. unknown_zone: the zone of the first store that has an unknown one.
    """

    counts: Mapping[str, TableCounts]
    rejected: Mapping[str, pl.DataFrame]
    every: pl.DataFrame
    ids: Mapping[str, pl.LazyFrame]
    has_monday: bool
    unknown_zone: str | None


def table_facts(prepared: Prepared, plan: Plan) -> TableFacts:
    """The facts of a run in one process."""
    every = prepared.source.codes.table
    return TableFacts(
        counts={name: table.counts for name, table in prepared.tables.items()},
        rejected=prepared.rejected,
        every=every,
        ids={name: every.lazy().join(codes.lazy(), on="code") for name, codes in prepared.declared.codes.items()},
        has_monday=(prepared.hours.accepted["weekday"] == 0).any(),
        unknown_zone=first_unknown_zone(plan.stores, prepared.zones.accepted),
    )


def first_unknown_zone(stores: pl.DataFrame, zones: pl.DataFrame) -> str | None:
    """The zone of the first store whose zone is unknown; of several the first by name. None: there is no such store.

    stores: see `Plan`. zones: the accepted rows.
    """
    unknown = stores.filter("unknown_zone")["store_id"]
    if unknown.is_empty():
        return None
    named = zones.filter(pl.col("zone").is_not_null(), pl.col("store_id").cast(pl.String) == unknown[0])
    return str(named["zone"].min())
