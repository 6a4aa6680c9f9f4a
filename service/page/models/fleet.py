"""What the page shows of a fleet: plain values, made in a worker process from the bytes of a stored report.

fleet_head       the summary of a fleet, and its worst stores
fleet_columns    every row of a fleet, with its lane, for the page's own table
compared_fleets  which stores got worse between two reports

One store of a report is in `store.py`.
"""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from store_uptime import pipeline
from store_uptime.pipeline import Only, Selection
from store_uptime.service.page.freshness import SECOND_US, Freshness, freshness
from store_uptime.service.registry.reports import StoredFigures, StoredFleet

if TYPE_CHECKING:
    import polars as pl

    from store_uptime.pipeline import Report

FIRST_ROWS = 40  # as many as a tall window shows until the script has all of them
OFFERED_VALUES = 200  # of an attribute that has more nobody looks for one in a list
COMPARED_ROWS = 1000  # the worst come first; more would only make the page heavy
WINDOWS = ("hour", "day", "week")
FIGURE_NAMES = tuple(f"{kind}_last_{window}" for kind in ("uptime", "downtime") for window in WINDOWS)
SECONDS_NAMES = (*FIGURE_NAMES, *(f"business_last_{window}" for window in WINDOWS))
UNKNOWN_NAMES = tuple(f"unknown_last_{window}" for window in WINDOWS)
SHARE_NAMES = tuple(f"uptime_percent_last_{window}" for window in WINDOWS)


TableRow = dict[str, object]
"""A row of a table of the page, by column; see `worst_first` and `pipeline.comparison`."""


@dataclass(frozen=True)
class FleetSummary:
    """How many stores there are, and of which kind; down_day, down_week: downtime of all in seconds."""

    stores: int
    fully_up: int
    down_now: int
    down_day: float
    down_week: float
    unknown: int
    not_observed: int


@dataclass(frozen=True)
class FleetHead:
    """What stands above the table of a fleet, and its first rows. choices: values of attributes such as city=Berlin;
    matched: how many stores are selected; rows: the worst of them; warnings: sentences."""

    fresh: Freshness
    summary: FleetSummary
    zones: list[str]
    choices: list[str]
    matched: int
    rows: list[TableRow]
    warnings: list[str]


@dataclass(frozen=True)
class ComparedFleets:
    """Two reports side by side. choices: values of attributes such as city=Berlin; counts: stores by what became of
    them; rows: those that differ, the worst first; left: how many are not shown."""

    fresh_old: Freshness
    fresh_new: Freshness
    choices: list[str]
    counts: dict[str, int]
    rows: list[TableRow]
    left: int


def fleet_head(stored: StoredFigures, selection: Selection) -> FleetHead:
    """The head of a report, with the worst of the stores that are selected."""
    report = pipeline.restore(stored.figures, attributes=stored.attributes)
    chosen = pipeline.select(report, selection)
    return FleetHead(
        fresh=freshness(report, newest_poll_us(stored.figures)),
        summary=fleet_summary(report),
        zones=report.exact["zone"].unique().sort().to_list(),
        choices=attribute_choices(report.attributes),
        matched=chosen.exact.height,
        rows=worst_first(chosen).head(FIRST_ROWS).to_dicts(),
        warnings=report.quality.warnings,
    )


def attribute_choices(attributes: "pl.DataFrame | None") -> list[str]:
    """city=Berlin, for each value of each attribute, as far as a list of them is of use."""
    if attributes is None:
        return []
    names = [name for name in attributes.columns if name not in ("store_id", "name")]
    values = {name: attributes[name].drop_nulls().unique().sort().to_list() for name in names}
    return [f"{name}={value}" for name in names if len(values[name]) <= OFFERED_VALUES for value in values[name]]


def newest_poll_us(figures: bytes) -> int | None:
    """The newest poll of all stores of a stored report, in microseconds since 1970; None where it has no row."""
    import polars as pl

    # Of the bytes, not of a restored report: that may have the row of one store only.
    return pl.scan_parquet(io.BytesIO(figures)).select(pl.col("last_poll_us").max()).collect().item()


def fleet_summary(report: "Report") -> FleetSummary:
    import polars as pl

    down_day, down_week = pl.col("downtime_last_day_us"), pl.col("downtime_last_week_us")
    is_up = (down_week == 0) & (pl.col("unknown_last_week_us") == 0) & (pl.col("uptime_last_week_us") > 0)
    counts = report.exact.select(
        stores=pl.len(),
        fully_up=is_up.sum(),
        down_now=pl.col("down_now").sum(),
        down_day=down_day.sum() / SECOND_US,
        down_week=down_week.sum() / SECOND_US,
        unknown=down_week.is_null().sum(),
    ).row(0, named=True)
    return FleetSummary(**counts, not_observed=len(report.quality.stores["not_observed"]))


def worst_first(report: "Report") -> "pl.DataFrame":
    """The rows of the page: by the share of uptime of the week, then by hours down, then by id; unknown ones last.

    store: the row of `Report.exact`; lengths in whole seconds, shares in percent, last_poll in seconds since 1970.
    """
    import polars as pl

    # Of microseconds: the share in the report is rounded, and would make ties of stores that differ.
    share = pl.col("uptime_last_week_us") / (pl.col("uptime_last_week_us") + pl.col("downtime_last_week_us"))
    written = report.extended.select(pl.col(SHARE_NAMES).cast(pl.Float64))
    return (
        with_names(report.exact.with_row_index("store"), report.attributes)
        .hstack(written)
        .with_columns(share=pl.when(share.is_finite()).then(share))  # 0 / 0 where nothing is known: null, and last
        .sort("share", "downtime_last_week_us", "store_id", descending=[False, True, False], nulls_last=True)
        .select(
            "store",
            "store_id",
            "name",
            *(((pl.col(f"{name}_us") + SECOND_US // 2) // SECOND_US).alias(name) for name in SECONDS_NAMES),
            # Rounded up: a store with a tenth of a second unknown must not look as if all were known.
            *(((pl.col(f"{name}_us") + SECOND_US - 1) // SECOND_US).alias(name) for name in UNKNOWN_NAMES),
            *SHARE_NAMES,
            "down_now",
            "last_active",
            "zone",
            "hours_unknown",
            "always_open",
            last_poll=pl.col("last_poll_us") // SECOND_US,
        )
    )


def with_names(rows: "pl.DataFrame", attributes: "pl.DataFrame | None") -> "pl.DataFrame":
    """Rows of stores with a column `name`, null where a store has none."""
    import polars as pl

    if attributes is None:
        return rows.with_columns(name=pl.lit(None, pl.String))
    return rows.join(attributes.select("store_id", "name"), on="store_id", how="left", maintain_order="left")


def fleet_columns(stored: StoredFleet) -> bytes:
    """JSON: columns by name, each a list with a value for each store, the worst first.

    lanes: for each store 4 * minute + status for every change, minutes counted from 168 h before now. name, and
    attributes, the same by attribute, are there where the source has the table of stores.
    """
    import polars as pl

    report = pipeline.restore(stored.figures, lanes=stored.lanes, attributes=stored.attributes)
    rows = worst_first(report)
    changes = report.lanes
    if changes is not None:
        code = 4 * pl.col("minute").cast(pl.UInt32) + pl.col("status")
        lists = changes.group_by("store").agg(lanes=code.sort_by("minute"))
        rows = rows.join(lists, on="store", how="left", maintain_order="left")
    # By column: each name stands in the answer once, not once a store.
    columns: dict[str, object] = {name: rows[name].to_list() for name in rows.columns if name not in ("store", "name")}
    if report.attributes is not None:
        values = rows.select("store_id").join(report.attributes, on="store_id", how="left", maintain_order="left")
        columns |= {"name": rows["name"].to_list(), "attributes": values.to_dict(as_series=False)}
    return msgspec.json.encode(columns)


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
        choices=attribute_choices(after.attributes),
        counts=dict(rows.group_by("change").len().iter_rows()),
        rows=differing.head(COMPARED_ROWS).to_dicts(),
        left=max(0, differing.height - COMPARED_ROWS),
    )
