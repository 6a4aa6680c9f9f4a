"""A report by periods: docs/semantics.md, "Periods"."""

from dataclasses import dataclass

import polars as pl

from store_uptime.pipeline.options import Options
from store_uptime.pipeline.plan.plan import Plan
from store_uptime.pipeline.report.quality import Quality

State = pl.Enum(["running", "provisional", "final"])
Ends = pl.Enum(["active poll", "unknown", "closed", "ongoing", "cut"])
StartsBecause = pl.Enum(["inactive poll", "opening", "unknown", "cut"])
FIGURES = {
    "business_us": pl.Int64(),
    "uptime_us": pl.Int64(),
    "downtime_us": pl.Int64(),
    "excused_us": pl.Int64(),
    "polls": pl.UInt32(),
    "outages": pl.UInt32(),
    "longest_outage_us": pl.Int64(),
    "downtime_least_us": pl.Int64(),
    "downtime_most_us": pl.Int64(),
}
"""The figures of `PeriodReport.rows`."""
OUTAGE = {
    "store": pl.UInt32(),
    "start_us": pl.Int64(),
    "end_us": pl.Int64(),
    "business_us": pl.Int64(),
    "ends": Ends,
    "starts_because": StartsBecause,
    "polls": pl.UInt32(),
    "first_poll_us": pl.Int64(),
    "last_poll_us": pl.Int64(),
    "least_us": pl.Int64(),
    "most_us": pl.Int64(),
    "excused_us": pl.Int64(),
    "reason": pl.String(),
}
"""The columns of `PeriodReport.outages`."""
CELL = {
    "weekday": pl.Int8(),
    "hour": pl.Int8(),
    "business_us": pl.Int64(),
    "downtime_us": pl.Int64(),
    "unknown_us": pl.Int64(),
    "outages_begun": pl.UInt32(),
}
"""The columns of `PeriodReport.profile`, behind those of its groups."""


@dataclass(frozen=True)
class PeriodReport:
    """What `build_periods` gives; all in whole microseconds.

    now_us: now of the data (`plan.horizon` ends max_gap after the last period, at the latest, or at now).
    stores: store (uint32, rank of the id in byte order), store_id, zone, scope (uint32), hours_unknown: each store.
    periods: scope, number (uint32, in order of time), period (text), start_us, end_us: the periods of each scope; all
    stores of a scope have the same.
    rows: store, number, and `FIGURES`, by store and number: a row for each store and period of its scope. uptime and
    downtime are null where there is business time and none is known, all but polls and outages where hours are unknown.
    profile: a column of text for each attribute of `options.group_by` (`(none)` where empty), then `CELL`; one group of
    all without such attributes. Only cells with business time. None: it was not wanted.
    outages: `OUTAGE`, by store and start. None: they were not wanted.
    attributes: store_id, name (text; null), a column for each attribute: of each store of the table `stores`. None:
    there is no such table.
    """

    plan: Plan
    now_us: int
    stores: pl.DataFrame
    periods: pl.DataFrame
    rows: pl.DataFrame
    profile: pl.DataFrame | None
    outages: pl.DataFrame | None
    attributes: pl.DataFrame | None
    quality: Quality
    rejects: dict[str, pl.DataFrame]

    @property
    def options(self) -> Options:
        """The options; `period` is what was asked for."""
        return self.plan.options
