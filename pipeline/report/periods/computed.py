"""A prepared run and the figures of its partitions in, the parts of a report by periods out; and the report.

computed_periods      what follows from polls, hours and zones of some stores or all
period_report_from    the same with the quality of its data
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from store_uptime.pipeline.calendar.clocks import CHANGE, Clock, zone_at
from store_uptime.pipeline.data_warnings import DataWarning
from store_uptime.pipeline.errors import BadPeriod
from store_uptime.pipeline.logs import logger_of
from store_uptime.pipeline.packing import scattered
from store_uptime.pipeline.plan.plan import Plan, ranked_stores
from store_uptime.pipeline.plan.prepare import Prepared, make_plan
from store_uptime.pipeline.plan.table_facts import TableFacts
from store_uptime.pipeline.report.choice import choice_of, chosen
from store_uptime.pipeline.report.only_chosen import renumbered
from store_uptime.pipeline.report.periods.groups import GroupedStores, grouped_stores
from store_uptime.pipeline.report.periods.period_quality import (
    DateFacts,
    date_facts,
    no_poll_in_period,
    period_lists,
    period_notes,
    period_quality,
)
from store_uptime.pipeline.report.periods.period_report import CELL, FIGURES, OUTAGE, PeriodReport
from store_uptime.pipeline.uptime.periods import PeriodFigures

log = logger_of(__name__)


@dataclass(frozen=True)
class ComputedPeriods:
    """Of some stores or all: see `PeriodReport`. plan.stores: every store that is known. clocks: store, clock, of each;
    profile: with the columns of its groups. dates: what its notes say."""

    plan: Plan
    clocks: pl.DataFrame
    rows: pl.DataFrame
    profile: pl.DataFrame | None
    outages: pl.DataFrame | None
    dates: DateFacts
    duplicates: int
    contradictory: int


def computed_periods(
    prepared: Prepared, figures: Sequence[PeriodFigures], periods: pl.DataFrame, grouped: GroupedStores
) -> ComputedPeriods:
    """The parts of a report. figures: of each partition; periods: see `period_windows`; grouped: see `groups_of`."""
    at_now = ranked_stores(pl.concat(each.stores for each in figures), prepared.source.codes)
    stores = with_last_zones(at_now, periods, prepared.horizon.newest_us)
    intervals = pl.concat(each.intervals for each in figures)
    profiles = [each.profile for each in figures if each.profile is not None]
    outages = [each.outages for each in figures if each.outages is not None]
    clocks = with_own_clocks(stores, periods)
    return ComputedPeriods(
        plan=make_plan(prepared, stores, intervals, stores.filter(pl.col("last_poll").is_not_null())),
        clocks=clocks.select("store", "clock"),
        rows=rows_of(clocks, periods, pl.concat(each.periods for each in figures)),
        profile=joined_profile(profiles, grouped) if profiles else None,
        outages=ranked_outages(pl.concat(outages), stores, prepared.reasons) if outages else None,
        dates=date_facts(
            prepared.hours.accepted,
            prepared.zones.accepted.drop_nulls("zone"),
            at_now.select("code", "clock"),
            periods,
            prepared.horizon.newest_us,
        ),
        duplicates=sum(each.duplicates for each in figures),
        contradictory=sum(each.contradictory for each in figures),
    )


def with_last_zones(stores: pl.DataFrame, periods: pl.DataFrame, now_us: int) -> pl.DataFrame:
    """The stores with the zone of the last date of their last period, or of now where that is earlier."""
    # Only where zones change with dates: the zone of all others is that of now already.
    changing = stores["clock"].unique().drop_nulls()
    changing = changing.filter(changing.str.contains(CHANGE, literal=True))
    ends = dict(periods.group_by("clock").agg(pl.col("end_us").max()).iter_rows())
    # A clock may have no period, and the one of a zone for all has no name.
    last = {clock: min(now_us, ends.get(clock, ends.get("", now_us + 1)) - 1) for clock in changing}
    zones = {clock: zone_at(Clock.of_text(clock), last_us) for clock, last_us in last.items()}
    return stores.with_columns(
        zone=pl.col("clock").replace_strict(zones, default=pl.col("zone"), return_dtype=pl.String)
    )


def with_own_clocks(stores: pl.DataFrame, periods: pl.DataFrame) -> pl.DataFrame:
    """The stores with the clock of their periods, which is empty where one zone is given for all."""
    return stores.with_columns(clock=pl.lit("")) if (periods["clock"] == "").any() else stores


def with_scopes(clocks: pl.DataFrame, periods: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """store, scope, and the periods by scope: see `PeriodReport`."""
    scopes = clocks.select(pl.col("clock").unique().sort()).with_row_index("scope")
    scoped = clocks.join(scopes, on="clock", maintain_order="left").select("store", "scope")
    numbered = periods.join(scopes, on="clock").sort("scope", "number")
    return scoped, numbered.select("scope", "number", "period", "start_us", "end_us")


def rows_of(stores: pl.DataFrame, periods: pl.DataFrame, figures: pl.DataFrame) -> pl.DataFrame:
    """`PeriodReport.rows`: a row for each store and each period on its clock. figures: see `PeriodFigures.periods`."""
    counts = periods.group_by("clock").agg(periods=pl.len().cast(pl.Int64))
    counted = stores.join(counts, on="clock", maintain_order="left").with_columns(
        place=pl.col("periods").cum_sum() - pl.col("periods")
    )
    every = (
        counted.lazy()
        .select("store", "hours_unknown", number=pl.int_ranges("periods", dtype=pl.UInt32))
        .explode("number", empty_as_null=False)
        .collect()
    )
    # Put where they belong, since to join millions of rows takes as long as to compute them.
    places = scattered(counted["place"], counted["code"], counted.select(1 + pl.col("code").max().fill_null(0)).item())
    rows = places.gather(figures["code"]) + figures["window_id"]
    placed = every.with_columns(
        scattered(figures[name], rows, every.height) for name in figures.columns if name not in {"code", "window_id"}
    )
    known_hours = ~pl.col("hours_unknown")
    business, up, down = (pl.col(f"{kind}_us") for kind in ("business", "uptime", "downtime"))
    is_known = (business == 0) | (up + down > 0)
    return placed.select(
        "store",
        "number",
        business_us=pl.when(known_hours).then(business),
        uptime_us=pl.when(known_hours & is_known).then(up),
        downtime_us=pl.when(known_hours & is_known).then(down),
        excused_us=pl.when(known_hours).then(pl.lit(0, pl.Int64)),
        polls="polls",
        outages="outages",
        longest_outage_us=pl.when(known_hours).then("longest_outage_us"),
        downtime_least_us=pl.when(known_hours).then("sure_down_us"),
        downtime_most_us=pl.when(known_hours).then(business - pl.col("sure_up_us")),
    ).cast(pl.Schema(FIGURES))


def groups_of(prepared: Prepared) -> GroupedStores:
    """The groups of the profile, of the stores that are chosen; `store` is the code of the store.

    Raises UnknownAttribute.
    """
    options, attributes = prepared.options, prepared.attributes
    every = prepared.source.codes.table.select(store="code", store_id="store_id", scope=pl.lit(0, pl.UInt32))
    return grouped_stores(chosen(every, attributes, options.only), attributes, options.group_by)


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
    periods: pl.DataFrame,
    facts: TableFacts,
    of_source: Sequence[DataWarning],
    attributes: pl.DataFrame | None,
    polls_of_source: tuple[int, int] | None,
) -> PeriodReport:
    """The report, whose warnings are logged.

    periods: see `period_windows`; of_source: the warnings of the source; attributes: see `PeriodReport`;
    polls_of_source: its oldest and newest poll, where they are known. Raises BadPeriod, UnknownAttribute, UnknownValue.
    """
    plan, repeated = found.plan, (found.duplicates, found.contradictory)
    unpolled = no_poll_in_period(plan, facts, found.dates.first_us, polls_of_source)
    quality = period_quality(plan, facts, found.rows, repeated, [*of_source, *unpolled])
    for warning in quality.warnings:
        log.warning("%s: %s", plan.source, warning)
    scopes, numbered = with_scopes(found.clocks, periods)
    if numbered.is_empty():  # there are periods, of the zone of stores without one, but no store is there
        raise BadPeriod(f"{plan.options.period} has no instant on the clock of any store")
    stores = plan.stores.join(scopes, on="store", maintain_order="left")
    report = PeriodReport(
        plan=plan,
        now_us=plan.horizon.newest_us,
        stores=stores.select("store", "store_id", "zone", "scope", "hours_unknown"),
        periods=numbered,
        rows=found.rows,
        profile=found.profile,
        outages=found.outages,
        attributes=attributes,
        quality=quality,
        rejects=dict(facts.rejected),
        notes=tuple(period_notes(found.dates, facts.counts["hours"].accepted, plan.horizon)),
    )
    return only_chosen_periods(report)


def only_chosen_periods(report: PeriodReport) -> PeriodReport:
    """The report of the stores of `Options.only`: its rows, plan, outages and lists; all else is of all stores.

    Raises UnknownAttribute, UnknownValue.
    """
    plan, only = report.plan, report.plan.options.only
    if not only:
        return report
    stores = choice_of(report.stores, report.attributes, plan.options)
    kept = stores["store"]
    silent = chosen(plan.not_observed.to_frame("store_id"), report.attributes, only)["store_id"]
    cut = replace(
        plan,
        stores=renumbered(plan.stores, kept),
        intervals=renumbered(plan.intervals, kept),
        not_observed=silent,
    )
    rows = renumbered(report.rows, kept)
    return replace(
        report,
        plan=cut,
        stores=renumbered(stores, kept),
        rows=rows,
        outages=None if report.outages is None else renumbered(report.outages, kept),
        quality=replace(report.quality, stores=period_lists(cut, rows)),
    )
