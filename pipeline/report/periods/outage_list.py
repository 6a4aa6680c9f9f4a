"""The outages of a report in, the list for people and programs out: docs/semantics.md, "Outages".

exact_outages        with ids, in microseconds
written_outages      times on both clocks, hours with two decimals
by_start, by_length  their two orders
"""

import polars as pl

from store_uptime.pipeline.calendar.offsets import local_offsets
from store_uptime.pipeline.durations import HOUR_US
from store_uptime.pipeline.report.figures import figure_of
from store_uptime.pipeline.report.times import local_text, utc_time

LENGTHS = ("least", "most", "excused")
WRITTEN = (
    *("store_id", "start_utc", "end_utc", "start_local", "end_local", "business_hours", "elapsed_hours"),
    *("ends", "starts_because", "polls", "first_poll_utc", "last_poll_utc"),
    *(f"{kind}_hours" for kind in LENGTHS),
    "reason",
)
INSTANTS = ("start_us", "end_us")


def exact_outages(outages: pl.DataFrame, stores: pl.DataFrame) -> pl.DataFrame:
    """`PeriodReport.outages_exact`: store_id in place of store."""
    named = outages.join(stores.select("store", "store_id"), on="store", how="left", maintain_order="left")
    return named.select("store_id", pl.exclude("store", "store_id"))


def by_start(outages: pl.DataFrame) -> pl.DataFrame:
    """By start and id: stores are numbered in the order of their ids."""
    return outages.sort("start_us", "store")


def by_length(outages: pl.DataFrame) -> pl.DataFrame:
    """By down time, the longest first; equal ones by start and id."""
    return outages.sort("business_us", "start_us", "store", descending=[True, False, False])


def written_outages(outages: pl.DataFrame, stores: pl.DataFrame) -> pl.DataFrame:
    """`WRITTEN` of some outages, in their order. stores: with a zone, and names where they are known."""
    names = ["name"] if "name" in stores.columns else []
    zoned = outages.join(
        stores.select("store", "store_id", "zone", *names), on="store", how="left", maintain_order="left"
    )
    hours = {"business": pl.col("business_us"), "elapsed": pl.col("end_us") - pl.col("start_us")}
    hours |= {kind: pl.col(f"{kind}_us") for kind in LENGTHS}
    return (
        with_offsets(zoned)
        .with_columns(
            *(utc_time(f"{kind}_us").alias(f"{kind}_utc") for kind in ("start", "end", "first_poll", "last_poll")),
            *(local_text(f"{kind}_us").alias(f"{kind}_local") for kind in ("start", "end")),
            *(figure_of(length, HOUR_US).alias(f"{kind}_hours") for kind, length in hours.items()),
            pl.col("ends", "starts_because").cast(pl.String),
        )
        .select("store_id", *names, *WRITTEN[1:])
    )


def with_offsets(outages: pl.DataFrame) -> pl.DataFrame:
    """The outages in the same order, with the UTC offset of their zones at `INSTANTS`, in columns …_offset."""
    if outages.is_empty():
        return outages.with_columns(pl.lit(0, pl.Int64).alias(f"{column}_offset") for column in INSTANTS)
    first, last = outages.select(pl.col("start_us").min(), last=pl.col("end_us").max()).row(0)
    offsets = local_offsets(outages["zone"].unique(), first, last)
    given = outages.with_row_index("position")
    for column in INSTANTS:
        here = offsets.select("zone", pl.col("offset_us").alias(f"{column}_offset"), since_us="from_utc_us")
        # Sorted by the instant alone: the join looks for the zone by itself.
        given = (
            given.sort(column)
            .join_asof(here.sort("since_us"), left_on=column, right_on="since_us", by="zone", check_sortedness=False)
            .drop("since_us")
        )
    return given.sort("position").drop("position")
