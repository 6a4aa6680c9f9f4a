"""The stores at now and their exact figures in, totals of all or of groups out.

stores_with_figures   the rows of `Report.exact` with the status at now
TOTALS                what is counted of them
window_totals         what is counted of a window
"""

import polars as pl

from store_uptime.pipeline.durations import HOUR_US
from store_uptime.pipeline.options import OLD_US
from store_uptime.pipeline.report.figures import SUM, figure_of, fleet_coverage, fleet_uptime, summed
from store_uptime.pipeline.report.overview.at_now import stores_at_now
from store_uptime.pipeline.report.report import Report

STATUS = pl.col("status")
TOTALS = {
    "stores": pl.len(),
    "open": (STATUS != "closed").sum(),
    "down": (STATUS == "down").sum(),
    "down_carried": ((STATUS == "down") & pl.col("is_carried")).sum(),
    "unknown": (STATUS == "unknown").sum(),
    "no_recent_poll": pl.col("is_silent").sum(),
}


def window_totals(window: str) -> dict[str, pl.Expr]:
    """uptime_percent, coverage_percent, downtime_hours of a window, each with two decimals."""
    return {
        "uptime_percent": fleet_uptime(window).cast(pl.Float64),
        "coverage_percent": fleet_coverage(window).cast(pl.Float64),
        "downtime_hours": figure_of(summed("downtime", window), HOUR_US, SUM).cast(pl.Float64),
    }


def stores_with_figures(report: Report) -> pl.DataFrame:
    """`Report.exact` with status and is_carried of `stores_at_now`, and is_silent: no poll in the last two hours.

    Raises ValueError where the report has no lanes.
    """
    at_now = stores_at_now(report).select("status", "is_carried")
    silent = pl.col("last_poll_us") < report.plan.horizon.now_us - OLD_US
    return report.exact.hstack(at_now).with_columns(is_silent=silent)
