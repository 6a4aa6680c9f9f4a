"""A report with lanes and attributes in, each group's local dates of the week out."""

from collections.abc import Sequence

import polars as pl

from store_uptime.pipeline.options import names_of
from store_uptime.pipeline.report.figures import fleet_uptime
from store_uptime.pipeline.report.overview.cells import zone_dates
from store_uptime.pipeline.report.overview.counts import (
    MEASURES,
    MINUTES,
    counted_uptime_percent,
    minutes_in_cells,
    status_steps,
)
from store_uptime.pipeline.report.overview.grouping import attribute_values
from store_uptime.pipeline.report.overview.totals import TOTALS, stores_with_figures
from store_uptime.pipeline.report.report import Report

OF_GROUP = {
    "stores": TOTALS["stores"],
    "open_now": TOTALS["open"],
    "down_now": TOTALS["down"],
    "uptime_percent_week": fleet_uptime("week"),
}
GIVES = (*OF_GROUP, "date", *MINUTES, "uptime_percent")


def group_days(report: Report, by: str | Sequence[str]) -> pl.DataFrame:
    """A row for each group and local date that the week touches on the clock of a store of it, by value and date.

    The values of the attributes by, as text (an attribute that is called as a column below has ` (attribute)` behind
    its name); of the whole group stores, open_now, down_now and, to the microsecond, uptime_percent_week; date, and of
    it, counted to the minute, open_minutes, down_minutes, unknown_minutes, carried_minutes (int64), uptime_percent.
    Percents are DECIMAL(10,2), null where nothing is known. By no attribute all stores are one group. The first and the
    last date are cut to the week. Raises UnknownAttribute, and ValueError where the report has no lanes.
    """
    names = list(dict.fromkeys(names_of(by)))
    grouped = numbered_groups(report, names)
    values = [name for name in grouped.columns if name.startswith("value_")]
    headings = [f"{name} (attribute)" if name in GIVES else name for name in names]
    whole = stores_with_figures(report).lazy().with_columns(group=grouped["group"]).group_by("group").agg(**OF_GROUP)
    days = day_counts(report, grouped).lazy().group_by("group", "date").agg(pl.col(MINUTES).sum())
    return (
        days.join(whole, on="group")
        .join(grouped.lazy().select("group", *values).unique("group"), on="group")
        .sort(*values, "date")
        .select(
            *(pl.col(value).alias(heading) for value, heading in zip(values, headings, strict=True)),
            *OF_GROUP,
            "date",
            *MINUTES,
            uptime_percent=counted_uptime_percent(),
        )
        .collect()
    )


def numbered_groups(report: Report, names: list[str]) -> pl.DataFrame:
    """store, zone, the values of the attributes as value_0, value_1, … and group, their number, of each store."""
    stores = report.exact.select("zone").with_row_index("store")
    if not names:
        return stores.with_columns(group=pl.lit(0, pl.UInt32))
    values = pl.DataFrame([attribute_values(report, name).alias(f"value_{i}") for i, name in enumerate(names)])
    return stores.hstack(values).with_columns(group=pl.struct(values.columns).rank("dense").cast(pl.UInt32))


def day_counts(report: Report, grouped: pl.DataFrame) -> pl.DataFrame:
    """group, date, `MINUTES`, a row for each zone of a group. grouped: see `numbered_groups`."""
    scopes = grouped.select("group", "zone").unique().sort("group", "zone").with_row_index("scope")
    cells = scopes.join(zone_dates(scopes["zone"], report.plan.horizon.now_us), on="zone")
    of_store = grouped.join(scopes, on=("group", "zone")).select("store", "scope")
    steps = status_steps(report).join(of_store, on="store").select("scope", "minute", *MEASURES)
    return minutes_in_cells(steps, cells.drop("zone"))
