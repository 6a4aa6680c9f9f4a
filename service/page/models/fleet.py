"""What the page shows of a fleet: plain values, made in a worker process from the bytes of a stored report.

fleet_head       how old the data of a report is, and its warnings
compared_fleets  which stores got worse between two reports

Its table of stores is in `table.py`, one store of a report in `store.py`.
"""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from store_uptime import pipeline
from store_uptime.pipeline import Only, Selection
from store_uptime.service.page.freshness import Freshness, freshness
from store_uptime.service.page.humanize import INVISIBLE
from store_uptime.service.page.models.attributes import AttributeCounts, attribute_counts
from store_uptime.service.registry.reports import StoredFigures

if TYPE_CHECKING:
    import polars as pl

    from store_uptime.pipeline import Report

COMPARED_ROWS = 1000  # the worst come first; more would only make the page heavy


TableRow = dict[str, object]
"""A row of a table of the page, by column; see `table_rows` and `pipeline.comparison`."""


@dataclass(frozen=True)
class FleetHead:
    """What stands above the table of a fleet. warnings: sentences."""

    fresh: Freshness
    warnings: list[str]


@dataclass(frozen=True)
class ComparedFleets:
    """Two reports side by side. choices: what stores of the new one can be chosen by; counts: stores by what became
    of them; rows: those that differ, the worst first; left: how many are not shown."""

    fresh_old: Freshness
    fresh_new: Freshness
    choices: AttributeCounts
    counts: dict[str, int]
    rows: list[TableRow]
    left: int


def fleet_head(report: "Report", newest_us: int | None) -> FleetHead:
    """What all parts of the view need of a report. newest_us: of its polls, see `newest_poll_us`."""
    return FleetHead(
        fresh=freshness(report, newest_us),
        warnings=report.quality.warnings,
    )


def newest_poll_us(figures: bytes) -> int | None:
    """The newest poll of all stores of a stored report, in microseconds since 1970; None where it has no row."""
    import polars as pl

    # Of the bytes, not of a restored report: that may have the row of one store only.
    return pl.scan_parquet(io.BytesIO(figures)).select(pl.col("last_poll_us").max()).collect().item()


def with_names(rows: "pl.DataFrame", attributes: "pl.DataFrame | None") -> "pl.DataFrame":
    """Rows of stores with a column `name`, null where a store has none that can be seen."""
    import polars as pl

    if attributes is None:
        return rows.with_columns(name=pl.lit(None, pl.String))
    name = pl.col("name")
    named = attributes.select("store_id", name=pl.when(~name.str.contains(INVISIBLE)).then(name))
    return rows.join(named, on="store_id", how="left", maintain_order="left")


def compared_fleets(old: StoredFigures, new: StoredFigures, only: Only) -> ComparedFleets:
    """What became of each store between two reports, or of those of some values of attributes."""
    import polars as pl

    before, after = (pipeline.restore(each.figures, attributes=each.attributes) for each in (old, new))
    chosen = Selection(only=only)
    rows = pipeline.comparison(pipeline.select(before, chosen), pipeline.select(after, chosen))
    rows = with_names(rows, before.attributes if after.attributes is None else after.attributes)
    differing = rows.filter(pl.col("change") != "same")
    return ComparedFleets(
        fresh_old=freshness(before, newest_poll_us(old.figures)),
        fresh_new=freshness(after, newest_poll_us(new.figures)),
        choices=attribute_counts(after.exact, after.attributes),
        counts=dict(rows.group_by("change").len().iter_rows()),
        rows=differing.head(COMPARED_ROWS).to_dicts(),
        left=max(0, differing.height - COMPARED_ROWS),
    )
