"""A report and a `Selection` in, the report with some of its stores out.

select       those that match, of a finished report
only_chosen  those of `Options.only`, when a report is made
"""

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from store_uptime.pipeline.options import Selection
from store_uptime.pipeline.report.choice import choice_of, chosen
from store_uptime.pipeline.report.figures import uptime_percent
from store_uptime.pipeline.report.quality import store_lists
from store_uptime.pipeline.report.report import Report


def select(report: Report, selection: Selection) -> Report:
    """The report with the stores that match, in the same order; its quality is that of the whole report.

    An empty selection gives the report itself. The result can be written and not archived: see `archive`.
    Raises UnknownAttribute.
    """
    if not selection.to_dict():
        return report
    matching = report.exact.with_row_index("store").filter(*conditions(selection))
    selected = chosen(matching, report.attributes, selection.only, selection.search)
    lanes = None if report.lanes is None else renumbered(report.lanes, selected["store"])
    return replace(report, exact=selected.drop("store"), lanes=lanes, selection=selection)


def conditions(selection: Selection) -> Iterator[pl.Expr]:
    window = selection.window
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


def only_chosen(report: Report) -> Report:
    """The report of the stores of `Options.only`: its figures, plan, lanes and lists; all else is of all stores.

    Raises UnknownAttribute, UnknownValue.
    """
    plan, only = report.plan, report.plan.options.only
    if not only:
        return report
    rows = choice_of(report.exact.with_row_index("store"), report.attributes, plan.options)
    # Stores are numbered by their rows, in the plan too.
    stores = renumbered(plan.stores, rows["store"])
    silent = chosen(plan.not_observed.to_frame("store_id"), report.attributes, only)["store_id"]
    cut = replace(plan, stores=stores, intervals=renumbered(plan.intervals, rows["store"]), not_observed=silent)
    exact = rows.drop("store")
    return replace(
        report,
        plan=cut,
        exact=exact,
        lanes=None if report.lanes is None else renumbered(report.lanes, rows["store"]),
        quality=replace(report.quality, stores=store_lists(cut, exact)),
    )


def renumbered(rows: pl.DataFrame, stores: pl.Series) -> pl.DataFrame:
    """The rows of some stores, in their order. rows: store, …; stores: those numbers, which become 0, 1, …"""
    # A number is the rank of an id, and the row of its store in `Report.exact`.
    numbers = stores.to_frame().with_row_index("row")
    found = rows.join(numbers, on="store", maintain_order="left")
    return found.drop("store").rename({"row": "store"}).select(rows.columns)
