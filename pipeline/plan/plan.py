"""Cleaned tables in, the plan of a run out.

declare_stores   zone and business intervals of every store that hours or zones mention
make_plan        the plan: now, the horizon, the stores with a poll in it
plan_of_store    the part of a plan that one store's figures follow from
"""

from dataclasses import dataclass, replace

import polars as pl

from store_uptime.pipeline.calendar.intervals import always_open, business_intervals
from store_uptime.pipeline.calendar.offsets import DEFAULT_ZONE
from store_uptime.pipeline.calendar.tzdata import known_zones, tzdata_version
from store_uptime.pipeline.clean.reasons import WITHOUT_STORE
from store_uptime.pipeline.clean.split import CODED_ID, CleanedTable
from store_uptime.pipeline.durations import microseconds
from store_uptime.pipeline.mapping.mapping import AS_NAMED, SourceMapping
from store_uptime.pipeline.options import Horizon, Options
from store_uptime.pipeline.source.protocol import Source

FLAGS = ("unknown_zone", "several_zones", "hours_unknown", "partly_rejected_hours")
STORE_COLUMNS = ("store", "store_id", "zone", *FLAGS, "no_zone", "always_open")


@dataclass(frozen=True)
class DeclaredStores:
    """The stores that hours and zones mention; computed while the polls are being pulled.

    stores: position (uint32), store_id, zone, unknown_zone, several_zones, hours_unknown, partly_rejected_hours; null
    where there is no row. intervals: position, open_us, close_us. ids: for hours and for zones, the store_ids that
    occur in accepted rows.
    """

    stores: pl.DataFrame
    intervals: pl.DataFrame
    ids: dict[str, pl.DataFrame]


@dataclass(frozen=True)
class Plan:
    """Everything but the polls that the figures follow from: the same plan and polls give the same figures.

    stores: store (uint32, the rank of the id in byte order), store_id, zone, always_open, hours_unknown, no_zone,
    unknown_zone, several_zones, partly_rejected_hours; one row per store with a poll in the horizon.
    intervals: store, open_us, close_us, disjoint per store. not_observed: ids with hours or a zone, but no such poll.
    observed_ids: of the ids in hours and in zones, how many are those of such a store, and how many there are.
    tzdata: the version of the zone rules that the intervals were made with. mapping: of the source.
    """

    source: str
    options: Options
    horizon: Horizon
    stores: pl.DataFrame
    intervals: pl.DataFrame
    not_observed: pl.Series
    observed_ids: dict[str, tuple[int, int]]
    tzdata: str
    mapping: SourceMapping = AS_NAMED

    @property
    def max_gap_us(self) -> int:
        """How far a poll speaks: at most the length of the horizon."""
        # With a finite number the steps need no case for a report without max_gap.
        length_us = self.horizon.now_us - self.horizon.start_us
        return length_us if self.options.max_gap is None else min(microseconds(self.options.max_gap), length_us)


def declare_stores(hours: CleanedTable, zones: CleanedTable, horizon: Horizon) -> DeclaredStores:
    """Zone, flags and intervals of every store that hours or zones mention."""
    stores = (
        mentioned_stores(hours, zones)
        .with_row_index("position")
        .join(zone_of_store(zones.accepted.lazy()), on="store_id", how="left")
        .join(hours_of_store(hours), on="store_id", how="left")
        .collect()
    )
    keys = stores.select("store_id", store="position")
    weekly = hours.accepted.join(keys, on="store_id")
    intervals = business_intervals(
        with_defaults(stores).select("zone", "always_open", store="position"), weekly, horizon
    )
    ids = {"hours": hours.accepted, "zones": zones.accepted}
    return DeclaredStores(
        stores=stores.with_columns(pl.col("store_id").cast(pl.String)),
        intervals=intervals.rename({"store": "position"}),
        ids={name: rows.select(pl.col("store_id").unique().cast(pl.String)) for name, rows in ids.items()},
    )


def make_plan(
    source: Source, options: Options, horizon: Horizon, polls: pl.DataFrame, declared: DeclaredStores
) -> Plan:
    """The plan of a run over the accepted polls, of which only store_id (categorical) is read."""
    ids = polls.lazy().select("store_id").unique().collect(engine="streaming")
    observed = ids.select(pl.col("store_id").cast(pl.String).sort()).with_row_index("store")
    stores = observed.join(declared.stores, on="store_id", how="left", maintain_order="left").pipe(with_defaults)
    unmentioned = stores.filter(pl.col("position").is_null())
    intervals = declared.intervals.join(stores.select("position", "store"), on="position").drop("position")
    return Plan(
        source=source.name,
        options=options,
        horizon=horizon,
        stores=stores.select(STORE_COLUMNS),
        intervals=pl.concat([intervals.select("store", "open_us", "close_us"), always_open(unmentioned, horizon)]),
        not_observed=declared.stores.join(observed, on="store_id", how="anti")["store_id"].sort(),
        observed_ids={
            name: (ids.join(observed, on="store_id", how="semi").height, ids.height)
            for name, ids in declared.ids.items()
        },
        tzdata=tzdata_version(),
        mapping=source.mapping,
    )


def plan_of_store(plan: Plan, store: str) -> Plan:
    """The plan of one store, under the same key; it has no row where the whole plan has none."""
    stores = plan.stores.filter(store_id=store)
    return replace(
        plan,
        options=replace(plan.options, store=store),
        stores=stores,
        intervals=plan.intervals.join(stores, on="store", how="semi"),
    )


def mentioned_stores(hours: CleanedTable, zones: CleanedTable) -> pl.LazyFrame:
    """store_id: every store that has a row of hours, accepted or rejected, or of zones."""
    # Of a store whose rows of hours are all rejected the hours are unknown; without them it would be always open.
    bad = hours.rejected.filter(~pl.col("reason").is_in(WITHOUT_STORE))
    frames = (hours.accepted, bad, zones.accepted)
    return pl.concat(frame.lazy().select(CODED_ID) for frame in frames).unique()


def zone_of_store(zones: pl.LazyFrame) -> pl.LazyFrame:
    """store_id, zone (null: none is known), several_zones, unknown_zone: docs/semantics.md, "Zones"."""
    # Unknown zones become null, which `min` passes over: the first known one in byte order is left.
    known = pl.col("zone").is_in(sorted(known_zones()))
    return (
        zones.drop_nulls("zone")
        .unique()
        .with_columns(zone=pl.when(known).then("zone"))
        .group_by("store_id")
        .agg(pl.col("zone").min(), several_zones=pl.len() > 1)
        .with_columns(unknown_zone=pl.col("zone").is_null())
    )


def hours_of_store(hours: CleanedTable) -> pl.LazyFrame:
    """store_id, hours_unknown (every row was rejected), partly_rejected_hours; no row: no hours row."""
    rows = pl.concat(
        [
            hours.accepted.lazy().select("store_id", good=True),
            hours.rejected.lazy().select(CODED_ID, good=False),
        ]
    )
    some, every = pl.col("good").max(), pl.col("good").min()
    return rows.group_by("store_id").agg(hours_unknown=~some, partly_rejected_hours=some & ~every)


def with_defaults(stores: pl.DataFrame) -> pl.DataFrame:
    """The stores with the assumptions for missing rows: docs/semantics.md, "Input"."""
    # After the left joins a null flag means that a table has no row of the store: that is read before it is filled.
    return stores.with_columns(
        pl.col("zone").fill_null(DEFAULT_ZONE),
        no_zone=pl.col("several_zones").is_null(),
        always_open=pl.col("hours_unknown").is_null(),
    ).with_columns(pl.col(FLAGS).fill_null(False))
