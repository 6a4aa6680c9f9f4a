"""A report by periods of all stores in, that of the stores of `Options.only` out."""

from dataclasses import replace

import polars as pl

from store_uptime.pipeline.report.choice import checked_choice, chosen
from store_uptime.pipeline.report.periods.period_quality import period_lists
from store_uptime.pipeline.report.periods.period_report import PeriodReport
from store_uptime.pipeline.report.selection import renumbered


def only_chosen_periods(report: PeriodReport) -> PeriodReport:
    """The report of the chosen stores: their rows, outages, plan and lists; the profile must be theirs already.

    All else is of all stores. Raises UnknownAttribute, UnknownValue.
    """
    plan, only = report.plan, report.options.only
    if not only:
        return report
    own = checked_choice(report.stores, report.attributes, only)["store"]
    silent = chosen(plan.not_observed.to_frame("store_id"), report.attributes, only)["store_id"]
    cut = replace(
        plan,
        stores=renumbered(plan.stores, own),
        intervals=renumbered(plan.intervals, own),
        not_observed=silent,
    )
    rows = renumbered(report.rows, own)
    return replace(
        report,
        plan=cut,
        stores=renumbered(report.stores, own),
        rows=rows,
        outages=renumbered_outages(report.outages, own),
        quality=replace(report.quality, stores=period_lists(cut, rows)),
    )


def renumbered_outages(outages: pl.DataFrame | None, stores: pl.Series) -> pl.DataFrame | None:
    return None if outages is None else renumbered(outages, stores)
