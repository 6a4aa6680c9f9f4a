"""A finished report and a `Selection` in, the report with the stores that match out."""

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from store_uptime.pipeline.options import OLD_US, Selection
from store_uptime.pipeline.report.choice import chosen
from store_uptime.pipeline.report.figures import uptime_percent
from store_uptime.pipeline.report.only_chosen import renumbered
from store_uptime.pipeline.report.overview.at_now import got_worse
from store_uptime.pipeline.report.report import Report


def select(report: Report, selection: Selection) -> Report:
    """The report with the stores that match, in the same order; its quality is that of the whole report.

    An empty selection gives the report itself. The result can be written and not archived: see `archive`.
    Raises UnknownAttribute, and ValueError where `got_worse` is set and the report has no lanes.
    """
    if not selection.to_dict():
        return report
    matching = report.exact.with_row_index("store").filter(*conditions(report, selection))
    selected = chosen(matching, report.attributes, selection.only, selection.search)
    lanes = None if report.lanes is None else renumbered(report.lanes, selected["store"])
    return replace(report, exact=selected.drop("store"), lanes=lanes, selection=selection)


def conditions(report: Report, selection: Selection) -> Iterator[pl.Expr | pl.Series]:
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
    if selection.got_worse:
        yield got_worse(report)
    if selection.no_recent_poll:
        yield report.plan.horizon.now_us - pl.col("last_poll_us") > OLD_US
