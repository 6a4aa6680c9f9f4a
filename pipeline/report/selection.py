"""Some stores of a report: those that a reader asks for, by a `Selection`."""

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from store_uptime.pipeline.options import Selection
from store_uptime.pipeline.report.figures import uptime_percent
from store_uptime.pipeline.report.report import Report


def select(report: Report, selection: Selection) -> Report:
    """The report with the stores that fit, in the same order; its quality is still that of the whole.

    A selection of nothing in particular gives the report as it is. What is selected is there to be written and looked
    at: what can be saved is the whole.
    """
    if not selection.to_dict():
        return report
    kept = report.exact.with_row_index("store").filter(*conditions(selection))
    lanes = None if report.lanes is None else lanes_of(report.lanes, kept["store"])
    return replace(report, exact=kept.drop("store"), lanes=lanes, selection=selection)


def lanes_of(lanes: pl.DataFrame, kept: pl.Series) -> pl.DataFrame:
    """The lanes of the stores that are kept, by the rows that they have then."""
    rows = kept.to_frame().with_row_index("row")
    found = lanes.join(rows, on="store", maintain_order="left")
    return found.drop("store").rename({"row": "store"}).select("store", "minute", "status")


def conditions(selection: Selection) -> Iterator[pl.Expr]:
    """What must hold of a row of `Report.exact`."""
    window = selection.window
    if selection.search:
        yield pl.col("store_id").str.contains("(?i)" + pl.escape_regex(selection.search))
    if selection.down_now:
        yield pl.col("down_now")
    if selection.below is not None:
        share = uptime_percent(pl.col(f"uptime_last_{window}_us"), pl.col(f"downtime_last_{window}_us"))
        yield share.cast(pl.Float64) < selection.below
    if selection.zone:
        yield pl.col("zone") == selection.zone
    if selection.unknown:
        yield pl.col(f"unknown_last_{window}_us").fill_null(1) > 0
