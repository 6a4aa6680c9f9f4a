"""A report with lanes in, its totals and those of its groups out, as JSON that is kept beside it."""

import json

import polars as pl

from store_uptime.pipeline.instants import iso
from store_uptime.pipeline.report.overview.grouping import attribute_values, groupable
from store_uptime.pipeline.report.overview.totals import TOTALS, stores_with_figures, window_totals
from store_uptime.pipeline.report.report import Report

GROUP_VALUES = 200
"""An attribute of more values groups nothing that anybody compares."""


def summary(report: Report) -> bytes:
    """JSON: now, stores, open, down, unknown, uptime_percent_day, uptime_percent_week, coverage_percent_week; groups:
    by attribute and value stores, open, down and the three percents. All are those of `overview`.

    Of attributes with at most 200 values, zone among them. Raises ValueError where the report has no lanes.
    """
    stores = stores_with_figures(report)
    day, week = window_totals("day"), window_totals("week")
    counts = {name: TOTALS[name] for name in ("stores", "open", "down")}
    percents = {
        "uptime_percent_day": day["uptime_percent"],
        "uptime_percent_week": week["uptime_percent"],
        "coverage_percent_week": week["coverage_percent"],
    }
    total = stores.select(**counts, unknown=TOTALS["unknown"], **percents).row(0, named=True)
    values = {name: attribute_values(report, name) for name in groupable(report)}
    groups = {
        name: group_totals(stores, of_store, counts | percents)
        for name, of_store in values.items()
        if of_store.n_unique() <= GROUP_VALUES
    }
    found = {"now": iso(report.plan.horizon.now_us), **total, "groups": groups}
    return json.dumps(found, ensure_ascii=False).encode()


def group_totals(
    stores: pl.DataFrame, values: pl.Series, totals: dict[str, pl.Expr]
) -> dict[str, dict[str, float | None]]:
    """The totals of the stores of each value."""
    rows = stores.group_by(value=values).agg(**totals).sort("value")
    return {row.pop("value"): row for row in rows.rows(named=True)}
