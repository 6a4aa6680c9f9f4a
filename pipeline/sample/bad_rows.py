"""Rows of a sample that a reader rejects."""

import polars as pl

from store_uptime.pipeline.durations import HOUR_US
from store_uptime.pipeline.instants import iso
from store_uptime.pipeline.sample.stores import Feed, stores_between


def bad_rows(feed: Feed) -> dict[str, list[pl.DataFrame]]:
    """Rows that a reader rejects, of each kind one per hundred stores, so that a newcomer sees what becomes of them."""
    stores = stores_between(0, feed.stores // 100, feed).select("store_id")
    recent = iso(feed.end_us - 5 * HOUR_US).replace("T", " ").replace("Z", " UTC")
    return {
        "store_status": [
            rows_with(stores, status="offline", timestamp_utc=recent),
            rows_with(stores, status="active", timestamp_utc="2026-02-30 12:00:00 UTC"),
            rows_with(stores, status="inactive", timestamp_utc=recent).with_columns(store_id=pl.lit("")),
        ],
        "menu_hours": [
            rows_with(stores, day_of_week="2", start_time_local="9 AM", end_time_local="21:00"),
            rows_with(stores, day_of_week="7", start_time_local="09:00", end_time_local="21:00"),
        ],
    }


def rows_with(stores: pl.DataFrame, **values: str) -> pl.DataFrame:
    return stores.with_columns(pl.lit(value).alias(name) for name, value in values.items())
