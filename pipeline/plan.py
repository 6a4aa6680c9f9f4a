"""What a run decides once, for the whole source: the plan. And the polls in the form that it computes with.

make_plan   now, horizon, the store table with zones and hours: a plain value, the same run again from it
exchange    each accepted poll once, as (store, microseconds, active), in partitions of whole stores
"""

from dataclasses import dataclass

import polars as pl

from pipeline.intake import Taken
from pipeline.options import Horizon, Options
from pipeline.zones import DEFAULT_ZONE, known_zones


@dataclass(frozen=True)
class Plan:
    """Everything but the polls that the figures follow from.

    stores: store (uint32, the rank of the id in byte order), store_id, zone, always_open, hours_unknown, and what is
    odd about it: no_zone, unknown_zone, several_zones, partly_rejected_hours. One row per store with a poll in the
    horizon. hours: store, weekday, start_us, end_us. not_observed: ids with hours or a zone, but no such poll.
    observed_ids: of the ids in hours and in zones, how many are those of such a store, and how many there are.
    """

    source: str
    options: Options
    horizon: Horizon
    stores: pl.DataFrame
    hours: pl.DataFrame
    not_observed: pl.Series
    observed_ids: dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Partition:
    """The polls of some stores, and no others': store, poll_us, active."""

    polls: pl.DataFrame


def make_plan(source: str, options: Options, horizon: Horizon, tables: dict[str, Taken]) -> Plan:
    """The plan of a run over the accepted rows of `polls`, `hours` and `zones`."""
    polls, hours, zones = tables["polls"], tables["hours"], tables["zones"]
    observed = polls.accepted.select(pl.col("store_id").unique().cast(pl.String).sort()).lazy()
    stores = (
        observed.with_row_index("store")
        .join(zone_of_store(zones.accepted.lazy()), on="store_id", how="left", maintain_order="left")
        .join(hours_of_store(hours), on="store_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("zone").fill_null(DEFAULT_ZONE),
            no_zone=pl.col("several_zones").is_null(),
            always_open=pl.col("hours_unknown").is_null(),
        )
        .with_columns(
            pl.col("unknown_zone", "several_zones", "hours_unknown", "partly_rejected_hours").fill_null(False)
        )
        .collect()
    )
    return Plan(
        source=source,
        options=options,
        horizon=horizon,
        stores=stores,
        hours=hours.accepted.join(stores.select("store_id", "store"), on="store_id").drop("store_id"),
        not_observed=mentioned_stores(hours, zones)
        .join(observed, on="store_id", how="anti")
        .collect()["store_id"]
        .sort(),
        observed_ids={name: observed_of(tables[name].accepted, stores) for name in ("hours", "zones")},
    )


def observed_of(rows: pl.DataFrame, stores: pl.DataFrame) -> tuple[int, int]:
    """How many of the ids in some rows are those of a store of the plan, and how many there are."""
    ids = rows.select(pl.col("store_id").unique())
    return ids.join(stores, on="store_id", how="semi").height, ids.height


def mentioned_stores(hours: Taken, zones: Taken) -> pl.LazyFrame:
    """store_id: every store that has a row of hours, good or bad, or of zones."""
    bad = hours.rejected.filter(~pl.col("reason").is_in(["missing store id", "bad store id"]))
    return pl.concat(frame.lazy().select("store_id") for frame in (hours.accepted, bad, zones.accepted)).unique()


def zone_of_store(zones: pl.LazyFrame) -> pl.LazyFrame:
    """store_id, zone (null: none is known), several_zones, unknown_zone: docs/semantics.md, "Zones".

    Of several different ones the first known one in byte order counts.
    """
    known = pl.col("zone").filter(pl.col("zone").is_in(sorted(known_zones())))
    return (
        zones.drop_nulls("zone")
        .group_by("store_id")
        .agg(zone=known.min(), several_zones=pl.col("zone").n_unique() > 1)
        .with_columns(unknown_zone=pl.col("zone").is_null())
    )


def hours_of_store(hours: Taken) -> pl.LazyFrame:
    """store_id, hours_unknown (every row was rejected), partly_rejected_hours; no row: no hours row."""
    rows = pl.concat(
        [
            hours.accepted.lazy().select("store_id", good=True),
            hours.rejected.lazy().select("store_id", good=False),
        ]
    )
    return rows.group_by("store_id").agg(
        hours_unknown=~pl.col("good").any(),
        partly_rejected_hours=pl.col("good").any() & ~pl.col("good").all(),
    )


def exchange(plan: Plan, polls: pl.DataFrame) -> list[Partition]:
    """The accepted polls by the plan's keys. In memory it is one partition; each holds whole stores."""
    keys = plan.stores.select(pl.col("store_id").cast(pl.Categorical), "store")
    return [Partition(polls.join(keys, on="store_id").select("store", "poll_us", "active"))]
