"""The rows of zones in, the zone of each store on each date out: docs/semantics.md, "Hours and zones with dates".

zone_pieces    the dates of each store, cut where its zone changes
zones_at       the zone of each store at an instant, its clock, and what is to be said of its rows
"""

import polars as pl

from store_uptime.pipeline.calendar.clocks import CHANGE, Clock, days_of, local_date
from store_uptime.pipeline.calendar.offsets import DEFAULT_ZONE
from store_uptime.pipeline.calendar.tzdata import known_zones

FIRST_DAY, LAST_DAY = -(2**30), 2**30
"""Where dates are open: numbers, since joins and groups of Polars leave out nulls."""
CODE = pl.col("store_id").to_physical().alias("code")
DATES = ("from_day", "until_day")
OPEN = (pl.lit(FIRST_DAY, pl.Int32).alias("from_day"), pl.lit(LAST_DAY, pl.Int32).alias("until_day"))


def with_open_dates(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The rows with numbers for open dates."""
    return rows.with_columns(pl.col("from_day").fill_null(FIRST_DAY), pl.col("until_day").fill_null(LAST_DAY))


def zone_pieces(zones: pl.LazyFrame) -> pl.LazyFrame:
    """code, from_day, until_day (int32, the end excluded), zone (null: none is known), has_rows (whether any row holds
    then), several (different zones); a store's pieces cover all dates. zones: the accepted rows."""
    # Unknown zones become null, which `min` passes over: the first known one in byte order is left.
    known = pl.col("zone").is_in(sorted(known_zones()))
    rows = (
        with_open_dates(zones.drop_nulls("zone").select(CODE, "zone", *DATES))
        .unique()
        .with_columns(known_zone=pl.when(known).then("zone"))
        .collect()
    )
    has_dates = rows.filter((pl.col("from_day") != FIRST_DAY) | (pl.col("until_day") != LAST_DAY)).select("code")
    always = (
        rows.lazy()
        .join(has_dates.lazy(), on="code", how="anti")
        .group_by("code")
        .agg(pl.col("known_zone").min().alias("zone"), several=pl.len() > 1)
        .select("code", *OPEN, "zone", "several", has_rows=pl.lit(True))
    )
    return pl.concat([always, dated_pieces(rows.lazy().join(has_dates.lazy(), on="code", how="semi"))])


def dated_pieces(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The pieces of stores that have dates: cut at each of them."""
    ends = (rows.select("code", from_day=day) for day in ("from_day", "until_day", pl.lit(FIRST_DAY, pl.Int32)))
    cuts = (
        pl.concat(ends)
        .unique()
        .filter(pl.col("from_day") < LAST_DAY)
        .sort("code", "from_day")
        .with_columns(until_day=pl.col("from_day").shift(-1).over("code").fill_null(LAST_DAY))
    )
    holding = (
        cuts.join(rows.rename({"from_day": "since", "until_day": "until"}), on="code")
        .filter(pl.col("since") <= pl.col("from_day"), pl.col("from_day") < pl.col("until"))
        .group_by("code", "from_day")
        .agg(pl.col("known_zone").min(), several=pl.col("zone").n_unique() > 1)
    )
    return cuts.join(holding, on=["code", "from_day"], how="left").select(
        "code",
        *DATES,
        zone="known_zone",
        several=pl.col("several").fill_null(False),
        has_rows=pl.col("several").is_not_null(),
    )


def zones_at(pieces: pl.LazyFrame, now_us: int) -> pl.LazyFrame:
    """code, zone (at an instant; null: none is known), clock (text: see `Clock`), several_zones, unknown_zone (on any
    of its dates)."""
    is_single = (pl.col("from_day") == FIRST_DAY) & (pl.col("until_day") == LAST_DAY)
    own_zone = pl.col("zone").fill_null(DEFAULT_ZONE)
    single = pieces.filter(is_single).select(
        "code", "zone", clock=own_zone, several_zones="several", unknown_zone=pl.col("zone").is_null()
    )
    dated = pieces.filter(~is_single).with_columns(own=own_zone).sort("code", "from_day").collect()
    # A piece holds at an instant if it has begun by then, on its own clock: the last one that has.
    days = {zone: days_of(local_date(Clock(((None, zone),)), now_us)) for zone in dated["own"].unique()}
    today = pl.col("own").replace_strict(list(days), list(days.values()), return_dtype=pl.Int64)
    is_change = (pl.col("own") != pl.col("own").shift()) | (pl.col("code") != pl.col("code").shift())
    changed = pl.when(pl.col("from_day") == FIRST_DAY).then("own")
    text = changed.otherwise(pl.format(f"{{}}{CHANGE}{{}}", "from_day", "own"))
    several = (
        dated.lazy()
        .with_columns(text=pl.when(is_change.fill_null(True)).then(text), has_begun=pl.col("from_day") <= today)
        .group_by("code", maintain_order=True)
        .agg(
            zone=pl.col("zone").filter("has_begun").last(),
            clock=pl.col("text").str.join(CHANGE),
            several_zones=pl.col("several").any(),
            unknown_zone=(pl.col("has_rows") & pl.col("zone").is_null()).any(),
        )
    )
    return pl.concat([single, several])
