"""Two reports in, the change of each store out.

comparison      one row per store of either report, the worst change first
since_earlier   a report, with warnings for tables that are empty since an earlier one
"""

from dataclasses import replace

import polars as pl

from store_uptime.pipeline.data_warnings import WARNING_CODES, DataWarning, NoHours, NoZones
from store_uptime.pipeline.report.figures import uptime_percent
from store_uptime.pipeline.report.report import Report

ORDER = ("worse", "gone", "new", "unknown", "better", "same")
EMPTIED: dict[str, type[DataWarning]] = {"hours": NoHours, "zones": NoZones}
GIVES = ("store_id", "change", "percent_before", "percent_after", "downtime_before_us", "downtime_after_us")


def comparison(old: Report, new: Report) -> pl.DataFrame:
    """The week of every store in one report and in the other, in the order of `ORDER`.

    store_id; change: worse or better by the percents, so that a change that reads 0.00 is none, same, new, gone, or
    unknown (in both reports, but without a percent in one); percent_before, percent_after (DECIMAL(10,2)),
    downtime_before_us, downtime_after_us (null: not known). Among those that got worse, and among those that got
    better, the largest change comes first; equal ones are in byte order of the ids.
    """
    both = weeks(old, "before").join(weeks(new, "after"), on="store_id", how="full", coalesce=True)
    moved = (pl.col("percent_after") - pl.col("percent_before")).abs()
    rank = change_of_store().replace_strict(ORDER, range(len(ORDER)), return_dtype=pl.UInt8)
    return (
        both.with_columns(change=change_of_store(), rank=rank, moved=moved.fill_null(0))
        .sort("rank", "moved", "store_id", descending=[False, True, False])
        .select(GIVES)
    )


def since_earlier(report: Report, earlier: Report) -> Report:
    """The report, with a warning for each of hours and zones that has no row and had some in the earlier one.

    Reports of one store, and reports of different sources, are not compared.
    """
    is_whole = report.plan.options.store is None and earlier.plan.options.store is None
    if not is_whole or report.plan.source != earlier.plan.source:
        return report
    missing = [kind() for table, kind in EMPTIED.items() if is_emptied(table, kind, report, earlier)]
    found = [*((each.code, str(each)) for each in missing)]
    found += zip(report.quality.warning_codes, report.quality.warnings, strict=True)
    found.sort(key=lambda each: WARNING_CODES.index(each[0]))
    codes, sentences = [code for code, _ in found], [sentence for _, sentence in found]
    return replace(report, quality=replace(report.quality, warning_codes=codes, warnings=sentences))


def weeks(report: Report, when: str) -> pl.DataFrame:
    """store_id, and with `when` in their names percent_…, downtime_…_us and there_… (true)."""
    up, down = pl.col("uptime_last_week_us"), pl.col("downtime_last_week_us")
    return report.exact.select(
        "store_id",
        uptime_percent(up, down).alias(f"percent_{when}"),
        down.alias(f"downtime_{when}_us"),
        pl.lit(True).alias(f"there_{when}"),
    )


def change_of_store() -> pl.Expr:
    before, after = pl.col("percent_before"), pl.col("percent_after")
    return (
        pl.when(pl.col("there_before").is_null()).then(pl.lit("new"))
        .when(pl.col("there_after").is_null()).then(pl.lit("gone"))
        .when(before.is_null() | after.is_null()).then(pl.lit("unknown"))
        .when(after < before).then(pl.lit("worse"))
        .when(after > before).then(pl.lit("better"))
        .otherwise(pl.lit("same"))
    )  # fmt: skip


def is_emptied(table: str, kind: type[DataWarning], report: Report, earlier: Report) -> bool:
    # An earlier report with the warning counts as one with rows: the warning stays until the table has rows again.
    had_rows = earlier.quality.tables[table].read > 0 or kind.code in earlier.quality.warning_codes
    return report.quality.tables[table].read == 0 and had_rows
