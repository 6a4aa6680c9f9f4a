"""Cleaned tables in, what a run computes with out; and its plan, once it has computed.

declare_stores   zones and hours of every store that the tables of hours or zones mention
assumed_stores   stores with a poll, with their zones and what is assumed of them
ranked_stores    the same in order of their ids
plan_of_store    the part of a plan that one store's figures follow from
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from store_uptime.pipeline.calendar.intervals import pattern_spans
from store_uptime.pipeline.calendar.offsets import DEFAULT_ZONE
from store_uptime.pipeline.clean.reasons import WITHOUT_STORE
from store_uptime.pipeline.clean.split import CleanedTable
from store_uptime.pipeline.durations import microseconds
from store_uptime.pipeline.mapping.mapping import AS_NAMED, SourceMapping
from store_uptime.pipeline.options import Horizon, Options
from store_uptime.pipeline.packing import StoreCodes
from store_uptime.pipeline.plan.zones import CODE, DATES, FIRST_DAY, LAST_DAY, with_open_dates, zone_pieces, zones_at

FLAGS = ("unknown_zone", "several_zones", "hours_unknown", "partly_rejected_hours")
STORE_COLUMNS = ("store", "store_id", "zone", *FLAGS, "no_zone", "always_open")
WEEKLY_ROW = ("zone_rank", "weekday", "start_us", "end_us", *DATES)


@dataclass(frozen=True)
class DeclaredStores:
    """The stores that hours, zones and `stores` mention; made while the polls are being pulled.

    stores: code (uint32), zone (at now), clock (see `zones_at`), unknown_zone, several_zones, hours_unknown,
    partly_rejected_hours; null where a table has no row. weekly: code, pattern (uint32) of each row of hours. spans:
    pattern, open_us, close_us: see `pattern_spans`. codes: for hours and for zones, the code of each store with
    accepted rows.
    """

    stores: pl.DataFrame
    weekly: pl.DataFrame
    spans: pl.DataFrame
    codes: Mapping[str, pl.DataFrame]

    @property
    def clocks(self) -> list[str]:
        """The clocks of all stores, also of those that no table but the polls knows: see `zones_at`."""
        return sorted({*self.stores["clock"].drop_nulls(), DEFAULT_ZONE})

    def between(self, first: int, end: int) -> "DeclaredStores":
        """Those with a code from first up to, not including, end."""
        own = pl.col("code").is_between(first, end, closed="left")
        return replace(self, stores=self.stores.filter(own), weekly=self.weekly.filter(own))


@dataclass(frozen=True)
class Plan:
    """Everything but the polls that the figures follow from: the same plan and polls give the same figures.

    stores: store (uint32, the rank of the id in byte order), store_id, zone, always_open, hours_unknown, no_zone,
    unknown_zone, several_zones, partly_rejected_hours; one row per store with a poll in the horizon.
    intervals: store, open_us, close_us, disjoint per store, in the horizon. not_observed: ids with hours or a zone, but
    no such poll. observed_ids: of the ids in hours and in zones, how many are those of such a store, and how many there
    are. tzdata: the version of the zone rules that the intervals were made with. mapping: of the source.
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
        return max_gap_us(self.options, self.horizon)


def max_gap_us(options: Options, horizon: Horizon) -> int:
    """How far a poll speaks: at most the length of the horizon."""
    # With a finite number the steps need no case for a report without max_gap.
    length_us = horizon.now_us - horizon.start_us
    return length_us if options.far is None else min(microseconds(options.far), length_us)


def declare_stores(
    hours: CleanedTable, zones: CleanedTable, described: CleanedTable | None, codes: StoreCodes, horizon: Horizon
) -> DeclaredStores:
    """Zone, flags and hours of every store that hours, zones or the table `stores` (described) mention."""
    pieces = zone_pieces(zones.accepted.lazy()).collect()
    stores = (
        mentioned_stores(hours, [hours, zones] if described is None else [hours, zones, described], codes)
        .join(zones_at(pieces.lazy(), horizon.now_us), on="code", how="left")
        .join(hours_of_store(hours, codes), on="code", how="left")
        .collect()
    )
    weekly, patterns = weekly_patterns(hours, stores, pieces)
    tables = {"hours": hours.accepted, "zones": zones.accepted}
    return DeclaredStores(
        stores=stores,
        weekly=weekly,
        spans=pattern_spans(patterns, horizon),
        codes={name: rows.select(CODE.unique()) for name, rows in tables.items()},
    )


def weekly_patterns(
    hours: CleanedTable, stores: pl.DataFrame, pieces: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """code, pattern of each row of hours, and the patterns: see `pattern_spans`. pieces: see `zone_pieces`."""
    zoned = (
        stores.select("code")
        .join(pieces, on="code", how="left")
        .select(
            "code",
            pl.col("zone").fill_null(DEFAULT_ZONE),
            zone_from=pl.col("from_day").fill_null(FIRST_DAY),
            zone_until=pl.col("until_day").fill_null(LAST_DAY),
        )
    )
    # Zones by number: to compare the names of all rows takes longer than all else here, and half of a run's memory.
    zoned = zoned.with_columns(zone_rank=pl.col("zone").rank("dense"))
    rows = with_open_dates(hours.accepted.lazy().select(CODE, "weekday", "start_us", "end_us", *DATES))
    # A row holds while the store is in a zone; where that changes it is one row in each.
    weekly = (
        rows.join(zoned.lazy().drop("zone"), on="code")
        .with_columns(
            from_day=pl.max_horizontal("from_day", "zone_from"), until_day=pl.min_horizontal("until_day", "zone_until")
        )
        .filter(pl.col("from_day") < pl.col("until_day"))
        .select("code", *WEEKLY_ROW)
        .collect(engine="streaming")
        .lazy()
    )
    patterns = weekly.select(WEEKLY_ROW).unique().collect(engine="streaming").with_row_index("pattern")
    numbered = weekly.join(patterns.lazy(), on=WEEKLY_ROW).select("code", "pattern").collect(engine="streaming")
    return numbered, patterns.join(zoned.select("zone_rank", "zone").unique(), on="zone_rank")


def assumed_stores(polled: pl.DataFrame, declared: DeclaredStores) -> pl.DataFrame:
    """Polled stores with zone, `FLAGS`, no_zone, always_open: docs/semantics.md, "Input", says what is assumed where
    rows are missing. polled: code, and any further columns."""
    # After the left join a null flag means that a table has no row of the store: that is read before it is filled.
    return (
        polled.join(declared.stores, on="code", how="left", maintain_order="left")
        .with_columns(
            pl.col("zone", "clock").fill_null(DEFAULT_ZONE),
            no_zone=pl.col("several_zones").is_null(),
            always_open=pl.col("hours_unknown").is_null(),
        )
        .with_columns(pl.col(FLAGS).fill_null(False))
    )


def ranked_stores(stores: pl.DataFrame, codes: StoreCodes) -> pl.DataFrame:
    """The same with store_id and store: the rank of the id in byte order, in which they come. stores: code, …"""
    return stores.join(codes.table, on="code").sort("store_id").with_row_index("store")


def plan_of_store(plan: Plan, store: str) -> Plan:
    """The plan of one store, under the same key; it has no row where the whole plan has none."""
    stores = plan.stores.filter(store_id=store)
    return replace(
        plan,
        options=replace(plan.options, store=store),
        stores=stores,
        intervals=plan.intervals.join(stores, on="store", how="semi"),
    )


def mentioned_stores(hours: CleanedTable, tables: Sequence[CleanedTable], codes: StoreCodes) -> pl.LazyFrame:
    """code: every store that has a row in any of the tables, or a rejected one of hours."""
    accepted = (table.accepted.lazy().select(CODE) for table in tables)
    return pl.concat([*accepted, bad_hours(hours, codes)]).unique()


def bad_hours(hours: CleanedTable, codes: StoreCodes) -> pl.LazyFrame:
    """code: the stores of the rejected rows of hours."""
    # Of a store whose rows of hours are all rejected the hours are unknown; without them it would be always open.
    rows = hours.rejected.lazy().filter(~pl.col("reason").is_in(WITHOUT_STORE))
    return rows.select(code=codes.of(pl.col("store_id")))


def hours_of_store(hours: CleanedTable, codes: StoreCodes) -> pl.LazyFrame:
    """code, hours_unknown (every row was rejected), partly_rejected_hours; no row: no hours row."""
    good = hours.accepted.lazy().select(CODE, good=True)
    bad = bad_hours(hours, codes).with_columns(good=False)
    some, every = pl.col("good").max(), pl.col("good").min()
    rows = pl.concat([good, bad]).group_by("code")
    return rows.agg(hours_unknown=~some, partly_rejected_hours=some & ~every)
