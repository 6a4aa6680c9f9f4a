"""A prepared run and the figures of its partitions in, its plan and exact figures out; and the report.

computed       what follows from polls, hours and zones of some stores or all
report_from    the same with the quality of its data
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from store_uptime.pipeline.data_warnings import DataWarning
from store_uptime.pipeline.logs import logger_of
from store_uptime.pipeline.plan.plan import Plan, ranked_stores
from store_uptime.pipeline.plan.prepare import Prepared, make_plan
from store_uptime.pipeline.plan.table_facts import TableFacts
from store_uptime.pipeline.report.figures import exact_figures
from store_uptime.pipeline.report.only_chosen import only_chosen
from store_uptime.pipeline.report.quality import quality_of
from store_uptime.pipeline.report.report import Report, ranked_lanes
from store_uptime.pipeline.uptime.stage import Figures

log = logger_of(__name__)


@dataclass(frozen=True)
class Computed:
    """Plan and figures of some stores or all. exact: see `exact_figures`; lanes: see `Report`; duplicates,
    contradictory: see `OncePolls`."""

    plan: Plan
    exact: pl.DataFrame
    lanes: pl.DataFrame | None
    duplicates: int
    contradictory: int


def computed(prepared: Prepared, figures: Figures) -> Computed:
    """Plan and exact figures. figures: of the windows of `last_week`."""
    stores = ranked_stores(figures.stores, prepared.source.codes)
    return Computed(
        plan=make_plan(prepared, stores, figures.intervals, stores),
        exact=exact_figures(stores, figures.windows),
        lanes=ranked_lanes(figures.lanes, stores),
        duplicates=figures.duplicates,
        contradictory=figures.contradictory,
    )


def report_from(
    found: Computed, facts: TableFacts, of_source: Sequence[DataWarning], attributes: pl.DataFrame | None = None
) -> Report:
    """The report, whose warnings are logged. of_source: the warnings of the source; attributes: see `Report`.

    Raises UnknownAttribute, UnknownValue.
    """
    quality = quality_of(found.plan, facts, found.exact, (found.duplicates, found.contradictory), of_source)
    for warning in quality.warnings:
        log.warning("%s: %s", found.plan.source, warning)
    report = Report(found.plan, found.exact, quality, dict(facts.rejected), found.lanes, attributes=attributes)
    return only_chosen(report)
