"""A prepared run and the figures of its partitions in, the parts of a report by periods out; and the report.

computed_periods      what follows from polls, hours and zones of some stores or all
period_report_from    the same with the quality of its data
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from store_uptime.pipeline.data_warnings import DataWarning
from store_uptime.pipeline.logs import logger_of
from store_uptime.pipeline.plan.plan import Plan, ranked_stores
from store_uptime.pipeline.plan.prepare import Prepared, make_plan
from store_uptime.pipeline.plan.table_facts import TableFacts
from store_uptime.pipeline.report.choice import chosen
from store_uptime.pipeline.report.periods.groups import GroupedStores, grouped_stores
from store_uptime.pipeline.report.periods.period_quality import period_quality
from store_uptime.pipeline.report.periods.period_report import CELL, FIGURES, OUTAGE, PeriodReport
from store_uptime.pipeline.report.periods.period_selection import only_chosen_periods
from store_uptime.pipeline.uptime.periods import PeriodFigures

log = logger_of(__name__)
NO_TIME = ("business_us", "uptime_us", "downtime_us", "sure_up_us", "sure_down_us", "longest_outage_us")
COUNTS = ("polls", "outages")


@dataclass(frozen=True)
class ComputedPeriods:
    """Of some stores or all: see `PeriodReport`. plan.stores: every store that is known."""

    plan: Plan
    stores: pl.DataFrame
    periods: pl.DataFrame
    rows: pl.DataFrame
    profile: pl.DataFrame | None
    outages: pl.DataFrame | None
    attributes: pl.DataFrame | None
    duplicates: int
    contradictory: int


def computed_periods(
    prepared: Prepared, figures: Sequence[PeriodFigures], periods: pl.DataFrame, profile_groups: GroupedStores
) -> ComputedPeriods:
    """The parts of a report. figures: of each partition; periods: clock, number, period, start_us, end_us; empty clock:
    of all stores."""
    codes = prepared.source.codes
    stores = ranked_stores(pl.concat(each.stores for each in figures), codes)
    intervals = pl.concat(each.intervals for each in figures)
    scoped, numbered = with_scopes(stores, periods)
    ranks = stores.select("code", "store")
    profiles = [each.profile for each in figures if each.profile is not None]
    outages = [each.outages for each in figures if each.outages is not None]
    return ComputedPeriods(
        plan=make_plan(prepared, stores, intervals, stores.filter(pl.col("last_poll").is_not_null())),
        stores=scoped.select("store", "store_id", "zone", "scope", "hours_unknown"),
        periods=numbered,
        rows=rows_of(scoped, numbered, pl.concat(each.periods for each in figures)),
        profile=joined_profile(profiles, profile_groups) if profiles else None,
        outages=ranked_outages(pl.concat(outages), ranks, prepared.reasons) if outages else None,
        attributes=prepared.attributes,
        duplicates=sum(each.duplicates for each in figures),
        contradictory=sum(each.contradictory for each in figures),
    )


def with_scopes(stores: pl.DataFrame, periods: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The stores with their scope, and the periods by scope: see `PeriodReport`."""
    clocks = periods.select(pl.col("clock").unique().sort()).with_row_index("scope")
    if clocks["clock"].to_list() == [""]:
        scoped = stores.with_columns(scope=pl.lit(0, pl.UInt32))
    else:
        scoped = stores.join(clocks, on="clock", how="left", maintain_order="left")
    return scoped, periods.join(clocks, on="clock").sort("scope", "number").select(
        "scope", "number", "period", "start_us", "end_us"
    )


def rows_of(stores: pl.DataFrame, periods: pl.DataFrame, figures: pl.DataFrame) -> pl.DataFrame:
    """`PeriodReport.rows`: a row for each store and each period of its scope. figures: see `PeriodFigures.periods`."""
    known_hours = ~pl.col("hours_unknown")
    business, up, down = (pl.col(f"{kind}_us") for kind in ("business", "uptime", "downtime"))
    is_known = (business == 0) | (up + down > 0)
    nothing = pl.lit(0, pl.Int64)
    return (
        stores.lazy()
        .select("store", "code", "scope", "hours_unknown")
        .join(periods.lazy().select("scope", "number"), on="scope", maintain_order="left_right")
        .join(
            figures.lazy(),
            left_on=["code", "number"],
            right_on=["code", "window_id"],
            how="left",
            maintain_order="left",
        )
        .with_columns(pl.col(*NO_TIME, *COUNTS).fill_null(0))
        .select(
            "store",
            "number",
            business_us=pl.when(known_hours).then(business),
            uptime_us=pl.when(known_hours & is_known).then(up),
            downtime_us=pl.when(known_hours & is_known).then(down),
            excused_us=pl.when(known_hours).then(nothing),
            polls="polls",
            outages="outages",
            longest_outage_us=pl.when(known_hours).then("longest_outage_us"),
            downtime_least_us=pl.when(known_hours).then("sure_down_us"),
            downtime_most_us=pl.when(known_hours).then(business - pl.col("sure_up_us")),
        )
        .cast(pl.Schema(FIGURES))
        .sort("store", "number")
        .collect(engine="streaming")
    )


def groups_of(prepared: Prepared) -> GroupedStores:
    """The groups of the profile; `store` is the code of the store. Raises UnknownAttribute."""
    every = prepared.source.codes.table.select(store="code", store_id="store_id", scope=pl.lit(0, pl.UInt32))
    own = chosen(every, prepared.attributes, prepared.options.only)
    return grouped_stores(own, prepared.attributes, prepared.options.group_by)


def joined_profile(profiles: Sequence[pl.DataFrame], grouped: GroupedStores) -> pl.DataFrame:
    """The profile of all partitions: the columns of the groups, and `CELL`."""
    window = pl.col("window_id").cast(pl.Int64)
    summed = pl.concat(profiles).group_by("group", "window_id").agg(pl.exclude("group", "window_id").sum())
    return (
        summed.join(grouped.groups, on="group")
        .sort("group", "window_id")
        .with_columns(weekday=window // 24, hour=window % 24)
        .select(*grouped.columns, *CELL)
        .cast(pl.Schema(CELL))
    )


def ranked_outages(outages: pl.DataFrame, ranks: pl.DataFrame, reasons: pl.DataFrame | None) -> pl.DataFrame:
    """`PeriodReport.outages`. reasons: code, poll_us, reason; None: there are none."""
    known = pl.DataFrame(schema={"code": pl.UInt32, "poll_us": pl.Int64, "reason": pl.String})
    return (
        outages.lazy()
        .join(ranks.lazy(), on="code")
        .join(
            (known if reasons is None else reasons).lazy(),
            left_on=["code", "first_poll_us"],
            right_on=["code", "poll_us"],
            how="left",
        )
        .with_columns(excused_us=pl.lit(0, pl.Int64))
        .select(OUTAGE.keys())
        .cast(pl.Schema(OUTAGE))
        .sort("store", "start_us")
        .collect(engine="streaming")
    )


def period_report_from(
    found: ComputedPeriods,
    facts: TableFacts,
    of_source: Sequence[DataWarning],
    notes: Sequence[str],
    polls_of_source: tuple[int, int] | None,
) -> PeriodReport:
    """The report, whose warnings are logged. of_source: the warnings of the source; notes: see `PeriodReport`;
    polls_of_source: its oldest and newest poll, where they are known.

    Raises UnknownAttribute, UnknownValue.
    """
    quality = period_quality(
        found.plan, facts, found.rows, (found.duplicates, found.contradictory), of_source, polls_of_source
    )
    for warning in quality.warnings:
        log.warning("%s: %s", found.plan.source, warning)
    report = PeriodReport(
        plan=found.plan,
        now_us=found.plan.horizon.newest_us,
        stores=found.stores,
        periods=found.periods,
        rows=found.rows,
        profile=found.profile,
        outages=found.outages,
        attributes=found.attributes,
        quality=quality,
        rejects=dict(facts.rejected),
        notes=tuple(notes),
    )
    return only_chosen_periods(report)
