"""The compact rows of a report by periods in, its rows for people and programs out: docs/semantics.md, "Periods".

exact_rows     microseconds, with ids and periods
written_rows   hours and percents with two decimals
whole_period   one row for each store, over all of its periods
"""

import polars as pl

from store_uptime.pipeline.durations import HOUR_US
from store_uptime.pipeline.report.figures import SUM, figure_of, uptime_percent
from store_uptime.pipeline.report.times import utc_time

State = pl.Enum(["running", "provisional", "final"])
LENGTHS = ("business", "uptime", "downtime", "unknown", "excused")
BOUNDS = ("downtime_least", "downtime_most")
EXACT = (
    *("store_id", "period", "start_us", "end_us", "state"),
    *(f"{kind}_us" for kind in LENGTHS),
    *("polls", "outages", "longest_outage_us"),
    *(f"{kind}_us" for kind in BOUNDS),
)
WRITTEN = (
    *("store_id", "period", "start_utc", "end_utc", "state"),
    *LENGTHS,
    *("uptime_percent", "coverage_percent", "polls", "outages", "longest_outage"),
    *BOUNDS,
)
HOURS = (*LENGTHS, "longest_outage", *BOUNDS)
"""The columns in hours."""


def exact_rows(
    rows: pl.DataFrame, stores: pl.DataFrame, periods: pl.DataFrame, now_us: int, max_gap_us: int
) -> pl.DataFrame:
    """`PeriodReport.exact`. rows, stores, periods: those of the report, or some of them."""
    return (
        rows.lazy()
        .join(stores.lazy().select("store", "store_id", "scope"), on="store", how="left", maintain_order="left")
        .join(periods.lazy(), on=("scope", "number"), how="left", maintain_order="left")
        .with_columns(state_of(now_us, max_gap_us).alias("state"), unknown_time().alias("unknown_us"))
        .select(EXACT)
        .collect()
    )


def state_of(now_us: int, max_gap_us: int) -> pl.Expr:
    """Whether a period may still change."""
    end = pl.col("end_us")
    running, provisional, final = State.categories
    state = pl.when(end > now_us).then(pl.lit(running)).when(end + max_gap_us > now_us).then(pl.lit(provisional))
    return state.otherwise(pl.lit(final)).cast(State)


def unknown_time() -> pl.Expr:
    """The business time that is neither up nor down nor excused; null where the hours are unknown."""
    known = pl.sum_horizontal(pl.col(f"{kind}_us") for kind in ("uptime", "downtime", "excused"))
    return pl.col("business_us") - known


def written_rows(exact: pl.DataFrame) -> pl.DataFrame:
    """`PeriodReport.table()` of its exact rows."""
    return exact.select(
        "store_id",
        "period",
        utc_time("start_us").alias("start_utc"),
        utc_time("end_us").alias("end_utc"),
        pl.col("state").cast(pl.String),
        *(figure_of(pl.col(f"{kind}_us"), HOUR_US).alias(kind) for kind in LENGTHS),
        *percents(),
        "polls",
        "outages",
        *(figure_of(pl.col(f"{kind}_us"), HOUR_US).alias(kind) for kind in ("longest_outage", *BOUNDS)),
    )


def percents() -> tuple[pl.Expr, pl.Expr]:
    """uptime_percent, coverage_percent of exact figures."""
    business, unknown = pl.col("business_us"), pl.col("unknown_us")
    return (
        uptime_percent(pl.col("uptime_us"), pl.col("downtime_us")).alias("uptime_percent"),
        uptime_percent(business - unknown, unknown).alias("coverage_percent"),
    )


def whole_period(rows: pl.DataFrame) -> pl.DataFrame:
    """store, and the figures of all periods of a store together, in microseconds."""
    known = pl.col("uptime_us") + pl.col("downtime_us") > 0
    hours_known = pl.col("business_us").is_not_null()
    is_known = hours_known & ((pl.col("business_us") == 0) | known)
    summed = (*(f"{kind}_us" for kind in ("uptime", "downtime", "excused", *BOUNDS)), "polls", "outages")
    return (
        rows.lazy()
        .group_by("store")
        .agg(
            # A sum of nulls is 0, and business time of unknown hours is none.
            pl.when(pl.col("business_us").count() > 0).then(pl.col("business_us").sum()),
            pl.col(summed).sum(),
            pl.col("longest_outage_us").max(),
        )
        .with_columns(unknown_time().alias("unknown_us"))
        .with_columns(pl.when(is_known).then(pl.col(f"{kind}_us")).alias(f"{kind}_us") for kind in LENGTHS[1:3])
        .with_columns(
            pl.when(hours_known).then(pl.col(f"{kind}_us")).alias(f"{kind}_us") for kind in ("excused", *BOUNDS)
        )
        .sort("store")
        .collect(engine="streaming")
    )


def summed_hours(kind: str) -> pl.Expr:
    """A sum over stores in hours."""
    return figure_of(pl.col(f"{kind}_us"), HOUR_US, SUM).alias(kind)
