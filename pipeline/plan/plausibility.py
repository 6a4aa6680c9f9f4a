"""Whether a source is probably what it should be: docs/semantics.md, "Warnings".

    table_warnings       warnings from hours, zones and the ids of the polls
    figure_warnings      warnings from the figures
    no_poll_in_horizon   the warning of a run over one store

They read distinct ids and rejected rows only, so their time does not grow with the polls.
"""

from collections.abc import Iterator, Mapping

import polars as pl

from store_uptime.pipeline.data_warnings import (
    DataWarning,
    FewRecentPolls,
    ForeignIds,
    NoPollInHorizon,
    OldData,
    UnknownHours,
    UnknownZones,
)
from store_uptime.pipeline.durations import DAY_US
from store_uptime.pipeline.options import OLD_US
from store_uptime.pipeline.plan.plan import Plan
from store_uptime.pipeline.plan.table_facts import TableFacts
from store_uptime.pipeline.table_plausibility import (
    HALF,
    is_many,
    rejected_rows_warning,
    spreadsheet_ids,
    unlikely_times,
    weekdays_from_one,
)
from store_uptime.pipeline.tables import SPACE

FORMS: Mapping[str, pl.Expr] = {
    "case": pl.col("store_id").str.to_lowercase(),
    "spaces around them": pl.col("store_id").str.strip_chars(SPACE),
    "leading zeros": pl.col("store_id").str.strip_chars_start("0"),
    "hyphens and braces": pl.col("store_id").str.replace_all("[-{}]", ""),
    "case, hyphens and braces": pl.col("store_id").str.to_lowercase().str.replace_all("[-{}]", ""),
}
"""By what the ids of one store may differ in two tables, and the form in which they are equal."""


def table_warnings(plan: Plan, facts: TableFacts) -> Iterator[DataWarning]:
    """What is probably wrong with the tables of a run."""
    yield from unlikely_times(plan.horizon.newest_us, plan.mapping)
    yield from old_data(plan)
    for name, counts in facts.counts.items():
        yield from rejected_rows_warning(name, counts, facts.rejected[name], plan.mapping)
    yield from unknown_hours(plan)
    yield from unknown_zones(plan, facts.unknown_zone)
    yield from weekdays_from_one(facts.rejected["hours"], facts.has_monday)
    polled = plan.stores.select("store_id")
    yield from spreadsheet_ids(facts.every, {"polls": polled.lazy(), **facts.ids})
    # In a run over one store, hours and zones are read for that store only: no other ids can appear.
    observed_ids = plan.observed_ids if plan.options.store is None else {}
    for name in (name for name, (observed, number) in observed_ids.items() if HALF * observed < number):
        yield foreign_ids(name, observed_ids[name][0], facts.ids[name].select("store_id").collect(), polled)


def figure_warnings(plan: Plan, exact: pl.DataFrame) -> Iterator[DataWarning]:
    """What the figures show to be wrong with the source; `exact` has one row per store."""
    if plan.options.store is not None:
        yield from no_poll_in_horizon(plan)
        return
    recent = exact.filter(pl.col("last_poll_us") >= plan.horizon.now_us - DAY_US).height
    if HALF * recent < exact.height:
        yield FewRecentPolls(recent, exact.height)


def no_poll_in_horizon(plan: Plan) -> Iterator[DataWarning]:
    """Whether the one store of the run has no row."""
    if plan.options.store is not None and plan.stores.is_empty():
        yield NoPollInHorizon(plan.options.store)


def old_data(plan: Plan) -> Iterator[DataWarning]:
    # A now that was given has no age: it is as old as the caller means it to be.
    age_us = plan.horizon.age_us
    if age_us is not None and age_us > OLD_US:
        yield OldData(plan.horizon.newest_us, age_us, "made" if plan.options.until is None else "due")


def unknown_hours(plan: Plan) -> Iterator[DataWarning]:
    """Whether many stores have no readable row of hours."""
    stores = plan.stores.filter("hours_unknown")["store_id"]
    if is_many(stores.len(), plan.stores.height):
        yield UnknownHours(stores.len(), plan.stores.height, stores[0])


def unknown_zones(plan: Plan, example: str | None) -> Iterator[DataWarning]:
    stores = plan.stores.filter("unknown_zone").height
    if example is not None and is_many(stores, plan.stores.height):
        yield UnknownZones(stores, plan.stores.height, example)


def foreign_ids(table: str, observed: int, ids: pl.DataFrame, polled: pl.DataFrame) -> ForeignIds:
    """The warning that most ids of a table have no poll, with the form in which at least half of them would have."""
    pairs = {form: alike(ids, polled, same) for form, same in FORMS.items()}
    form = max(pairs, key=lambda name: pairs[name].height)
    if HALF * (observed + pairs[form].height) < ids.height:
        return ForeignIds(table, observed, ids.height, None, None, None)
    return ForeignIds(table, observed, ids.height, form, *pairs[form].row(0))


def alike(ids: pl.DataFrame, polled: pl.DataFrame, same: pl.Expr) -> pl.DataFrame:
    """store_id, polled: the ids without a poll, each with the id of a polled store that is equal in a form."""
    unmatched = ids.join(polled, on="store_id", how="anti")
    keyed = polled.group_by(same.alias("same")).agg(polled=pl.col("store_id").min())
    return (
        unmatched.with_columns(same.alias("same")).join(keyed, on="same").select("store_id", "polled").sort("store_id")
    )
