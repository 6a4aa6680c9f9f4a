"""A new report in, that of the stores of `Options.only` out.

only_chosen  the report of these stores
renumbered   rows of stores, numbered anew
"""

from dataclasses import replace

import polars as pl

from store_uptime.pipeline.report.choice import choice_of, chosen
from store_uptime.pipeline.report.quality import store_lists
from store_uptime.pipeline.report.report import Report


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
