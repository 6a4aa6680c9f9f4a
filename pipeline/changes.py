"""Two reports in, what became of each store out.

comparison   one row per store of either report, the worst change first
"""

import polars as pl

from pipeline.figures import percent
from pipeline.report import Report

ORDER = ("worse", "gone", "new", "unknown", "better", "same")
GIVES = ("store_id", "change", "percent_before", "percent_after", "downtime_before_us", "downtime_after_us")


def comparison(old: Report, new: Report) -> pl.DataFrame:
    """The week of every store in one report and in the other, in the order of `ORDER`.

    store_id; change: worse or better by the exact share of the known time that was up, same, new, gone, or unknown
    (in both reports, but without a percent in one); percent_before, percent_after (DECIMAL(10,2)), downtime_before_us,
    downtime_after_us (null: not known). Those that got worse begin with the one that lost the most percent; what is
    alike is in byte order of the ids.
    """
    both = weeks(old, "before").join(weeks(new, "after"), on="store_id", how="full", coalesce=True)
    lost = pl.when(change() == "worse").then(pl.col("percent_before") - pl.col("percent_after"))
    rank = change().replace_strict(ORDER, range(len(ORDER)), return_dtype=pl.UInt8)
    return (
        both.with_columns(change=change(), rank=rank, lost=lost.fill_null(0))
        .sort("rank", "lost", "store_id", descending=[False, True, False])
        .select(GIVES)
    )


def weeks(report: Report, when: str) -> pl.DataFrame:
    """store_id, and with `when` in their names percent_…, downtime_…_us, up_…, known_… and there_… (true)."""
    up, down = pl.col("uptime_last_week_us"), pl.col("downtime_last_week_us")
    return report.exact.select(
        "store_id",
        percent(up, down).alias(f"percent_{when}"),
        down.alias(f"downtime_{when}_us"),
        up.cast(pl.Int128).alias(f"up_{when}"),
        (up + down).cast(pl.Int128).alias(f"known_{when}"),
        pl.lit(True).alias(f"there_{when}"),
    )


def change() -> pl.Expr:
    """What became of a store. Shares are compared by products, which take more than 64 bits."""
    before = pl.col("up_before") * pl.col("known_after")
    after = pl.col("up_after") * pl.col("known_before")
    return (
        pl.when(pl.col("there_before").is_null()).then(pl.lit("new"))
        .when(pl.col("there_after").is_null()).then(pl.lit("gone"))
        .when(pl.any_horizontal(pl.col("percent_before", "percent_after").is_null())).then(pl.lit("unknown"))
        .when(after < before).then(pl.lit("worse"))
        .when(after > before).then(pl.lit("better"))
        .otherwise(pl.lit("same"))
    )  # fmt: skip
