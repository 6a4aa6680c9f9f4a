"""The 168 hours of the week for every store: what is measured beside the plain report."""

from collections.abc import Iterable

import polars as pl

from store_uptime.pipeline import Limits, Options, open_source
from store_uptime.pipeline.calendar.offsets import DEFAULT_ZONE, local_offsets
from store_uptime.pipeline.durations import HOUR_US, WEEK_US
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.plan.partitions import partition_of
from store_uptime.pipeline.plan.plan import max_gap_us
from store_uptime.pipeline.plan.windows import Windows
from store_uptime.pipeline.run import of_partitions, open_run, silent
from store_uptime.pipeline.uptime.stage import joined_figures, uptime

HOUR_OF_WEEK = "hour_of_week"


def hour_of_week_cells(source: str) -> pl.DataFrame:
    """store_id, hour_of_week (0 to 167, Monday 0:00 of the store's own clock first), uptime_us, downtime_us.

    A row for each store and hour of the last week that has any business time, microseconds as whole numbers; those of
    a store add up to its figures of the week. source: a folder or an address, as `open_source` takes it.
    """
    with open_run(open_source(source), Options(), Limits(), silent) as (prepared, db):
        zones = {DEFAULT_ZONE, *prepared.declared.stores["zone"].drop_nulls().unique()}
        horizon = prepared.horizon
        windows, gap_us = hours_of_week(zones, horizon), max_gap_us(prepared.options, horizon)
        figures = joined_figures(
            of_partitions(
                prepared,
                lambda codes: uptime(db, partition_of(codes, prepared.declared, horizon), windows, horizon, gap_us),
                Limits(),
                silent,
            )
        )
    ids = prepared.source.codes.table
    cells = figures.windows.join(ids, on="code").rename({"window_id": HOUR_OF_WEEK})
    return cells.select("store_id", HOUR_OF_WEEK, "uptime_us", "downtime_us")


def hours_of_week(zones: Iterable[str], horizon: Horizon) -> Windows:
    """The hours of the week before now by each zone's clock: one that is repeated is longer, a skipped one absent."""
    begin_us, end_us = horizon.now_us - WEEK_US, horizon.now_us + 1
    offset, hour = pl.col("offset_us"), pl.col("hour")
    from_us, until_us = (pl.col(f"{end}_utc_us").clip(begin_us, end_us) for end in ("from", "until"))
    stretches = local_offsets(zones, begin_us, end_us).select("zone", offset, from_us=from_us, until_us=until_us)
    first, last = (pl.col("from_us") + offset) // HOUR_US, (pl.col("until_us") + offset - 1) // HOUR_US
    return Windows.for_zones(
        stretches.filter(pl.col("from_us") < pl.col("until_us"))
        .with_columns(hour=pl.int_ranges(first, last + 1))
        .explode("hour")
        .select(
            "zone",
            window_id=((hour // 24 + 3) % 7 * 24 + hour % 24).cast(pl.UInt32),  # 1 January 1970 was a Thursday
            from_us=pl.max_horizontal("from_us", hour * HOUR_US - offset),
            until_us=pl.min_horizontal("until_us", (hour + 1) * HOUR_US - offset),
        )
    )


def written_cells(source: str, file: str) -> None:
    """The cells as a Parquet file: what is run as a process."""
    hour_of_week_cells(source).write_parquet(file)
