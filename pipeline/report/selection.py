"""A report and a `Selection` in, the report with some of its stores out."""

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from store_uptime.pipeline.options import Selection
from store_uptime.pipeline.report.figures import uptime_percent
from store_uptime.pipeline.report.report import Report


def select(report: Report, selection: Selection) -> Report:
    """The report with the stores that match, in the same order; its quality is that of the whole report.

    An empty selection gives the report itself. The result can be written and not archived: see `archive`.
    """
    if not selection.to_dict():
        return report
    selected = report.exact.with_row_index("store").filter(*conditions(selection))
    lanes = None if report.lanes is None else lanes_of(report.lanes, selected["store"])
    return replace(report, exact=selected.drop("store"), lanes=lanes, selection=selection)


def conditions(selection: Selection) -> Iterator[pl.Expr]:
    window = selection.window
    if selection.search:
        yield pl.col("store_id").str.contains("(?i)" + pl.escape_regex(selection.search))
    if selection.down_now:
        yield pl.col("down_now")
    if selection.below is not None:
        # By the percent as it is written: 99.50 is not below 99.5, whatever its further decimals are.
        share = uptime_percent(pl.col(f"uptime_last_{window}_us"), pl.col(f"downtime_last_{window}_us"))
        yield share.cast(pl.Float64) < selection.below
    if selection.zone:
        yield pl.col("zone") == selection.zone
    if selection.unknown:
        yield pl.col(f"unknown_last_{window}_us").fill_null(1) > 0  # null: with unknown hours all of it is unknown


def lanes_of(lanes: pl.DataFrame, selected: pl.Series) -> pl.DataFrame:
    # `store` is the row in `exact`, and the selected rows are numbered anew.
    rows = selected.to_frame().with_row_index("row")
    found = lanes.join(rows, on="store", maintain_order="left")
    return found.drop("store").rename({"row": "store"}).select("store", "minute", "status")
