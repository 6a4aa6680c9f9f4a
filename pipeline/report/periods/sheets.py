"""The figures of stores in, the tables of a workbook out."""

from dataclasses import dataclass

import polars as pl

from store_uptime.pipeline.durations import HOUR_US
from store_uptime.pipeline.report.choice import with_attributes
from store_uptime.pipeline.report.figures import SUM, figure_of
from store_uptime.pipeline.report.periods.period_rows import BOUNDS, LENGTHS, percents
from store_uptime.pipeline.report.periods.sliced import SlicedTable

WORST_STORES = 20
"""So many does the summary list."""
FIGURES = (
    *LENGTHS,
    *("uptime_percent", "coverage_percent", "polls", "outages", "longest_outage"),
    *BOUNDS,
)


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook. below: a second table, under the first one."""

    name: str
    table: SlicedTable
    below: pl.DataFrame | None = None


def stores_of_sheet(whole: pl.DataFrame, stores: pl.DataFrame, attributes: pl.DataFrame | None) -> pl.DataFrame:
    """A row for each store with the figures of all periods, the worst first; those without a percent come last.

    whole: see `PeriodReport.whole`. Columns: store_id, name and attributes, zone, and `FIGURES`.
    """
    named = with_attributes(stores.select("store_id"), attributes)
    named = named.rename({name: f"{name} (attribute)" for name in named.columns[1:] if name in OF_FIGURES})
    labels = named.hstack(stores.select("store", "zone"))
    lengths = (*LENGTHS, "longest_outage", *BOUNDS)
    return (
        whole.join(labels, on="store")
        .with_columns(
            *(figure_of(pl.col(f"{kind}_us"), HOUR_US, SUM).alias(kind) for kind in lengths),
            *percents(),
        )
        .sort("uptime_percent", "downtime_us", "store", descending=[False, True, False], nulls_last=True)
        .select(*named.columns, "zone", *FIGURES)
    )


OF_FIGURES = frozenset({"store", "zone", *FIGURES, *(f"{kind}_us" for kind in (*LENGTHS, "longest_outage", *BOUNDS))})
"""Names that an attribute may have, too."""
