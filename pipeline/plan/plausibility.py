"""Whether a source is probably what it should be: docs/semantics.md, "Warnings".

    table_warnings          what hours, zones and the ids of the polls say of themselves
    figure_warnings         what is only seen once there are figures
    rejected_rows_warning   many rows of one table rejected, for a report as for a load

It only looks at distinct ids and at rows that were rejected, so that it costs nothing on many polls.
"""

from collections.abc import Iterator, Mapping

import polars as pl

from store_uptime.pipeline.clean.remedies import remedy
from store_uptime.pipeline.clean.rules import FILE, LINE, SURPLUS, Reason
from store_uptime.pipeline.clean.split import CleanedTable, TableCounts
from store_uptime.pipeline.data_warnings import (
    BadValue,
    DataWarning,
    FewRecentPolls,
    ForeignIds,
    NoPollInHorizon,
    OldData,
    RejectedRows,
    SpreadsheetIds,
    UnknownHours,
    UnknownZones,
    UnlikelyTimes,
    WeekdaysFromOne,
)
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.mapping.time_units import is_unlikely, other_unit
from store_uptime.pipeline.options import DAY_US, OLD_US
from store_uptime.pipeline.plan.plan import DeclaredStores, Plan
from store_uptime.pipeline.tables import SPACE
from store_uptime.pipeline.text import most_frequent_first

# The thresholds are those of docs/semantics.md, "Warnings"; when data is old stands in `options`.
MANY_PERCENT = 1
HALF = 2  # as many times what is there must be less than all of it

SPREADSHEET_ID = r"^[0-9](?:\.[0-9]+)?[Ee]\+[0-9]{2,}$|^[0-9]+\.0$"
BAD_COLUMNS: Mapping[str, tuple[str, ...]] = {
    Reason.BAD_QUOTES: (SURPLUS,),
    Reason.TOO_MANY_FIELDS: (SURPLUS,),
    Reason.MISSING_STORE_ID: ("store_id",),
    Reason.BAD_STORE_ID: ("store_id",),
    Reason.MISSING_TIMESTAMP: ("timestamp_utc",),
    Reason.BAD_TIMESTAMP: ("timestamp_utc",),
    Reason.AHEAD_OF_THE_CLOCK: ("timestamp_utc",),
    Reason.BAD_STATUS: ("status",),
    Reason.BAD_WEEKDAY: ("day_of_week",),
    Reason.BAD_TIME: ("start_time_local", "end_time_local"),
}
FORMS: Mapping[str, pl.Expr] = {
    "case": pl.col("store_id").str.to_lowercase(),
    "spaces around them": pl.col("store_id").str.strip_chars(SPACE),
    "leading zeros": pl.col("store_id").str.strip_chars_start("0"),
    "hyphens and braces": pl.col("store_id").str.replace_all("[-{}]", ""),
    "case, hyphens and braces": pl.col("store_id").str.to_lowercase().str.replace_all("[-{}]", ""),
}
"""In which form two ids of one store may differ, and what is the same of both."""


def table_warnings(plan: Plan, places: DeclaredStores, tables: Mapping[str, CleanedTable]) -> Iterator[DataWarning]:
    """What the tables of a run say of themselves. tables: polls, hours and zones, judged."""
    yield from unlikely_times(plan.horizon.now_us, plan.mapping)
    yield from old_data(plan)
    for name, taken in tables.items():
        yield from rejected_rows_warning(name, taken.counts, taken.rejected, plan.mapping)
    yield from unknown_hours(plan)
    yield from unknown_zones(plan, tables["zones"].accepted)
    yield from weekdays_from_one(tables["hours"])
    ids = {"polls": plan.stores.select("store_id"), **places.ids}
    yield from spreadsheet_ids(ids)
    if plan.options.store is None:
        for name, (observed, number) in plan.observed_ids.items():
            if HALF * observed < number:
                yield foreign_ids(name, observed, ids[name], ids["polls"])


def figure_warnings(plan: Plan, exact: pl.DataFrame) -> Iterator[DataWarning]:
    """What the figures of a run say of its source; `exact` has one row per store."""
    if plan.options.store is not None:
        yield from no_poll_in_horizon(plan)
        return
    recent = exact.filter(pl.col("last_poll_us") >= plan.horizon.now_us - DAY_US).height
    if HALF * recent < exact.height:
        yield FewRecentPolls(recent, exact.height)


def no_poll_in_horizon(plan: Plan) -> Iterator[DataWarning]:
    """Whether the one store that was asked for has no row."""
    if plan.options.store is not None and plan.stores.is_empty():
        yield NoPollInHorizon(plan.options.store)


def unlikely_times(newest_us: int, mapping: SourceMapping) -> Iterator[UnlikelyTimes]:
    """Whether polls are hardly of their time. newest_us: the newest one, or now: the horizon is short."""
    if is_unlikely(newest_us):
        unit = mapping.timestamp_unit
        yield UnlikelyTimes(newest_us, unit, other_unit(newest_us, unit))


def old_data(plan: Plan) -> Iterator[DataWarning]:
    """Whether now is long before the clock; one that was given is as old as it was meant to be."""
    age_us = plan.horizon.age_us
    if age_us is not None and age_us > OLD_US:
        yield OldData(plan.horizon.now_us, age_us, "made" if plan.options.until is None else "due")


def rejected_rows_warning(
    table: str, counts: TableCounts, rejected: pl.DataFrame, mapping: SourceMapping
) -> Iterator[RejectedRows]:
    """The warning where many rows of a table were rejected, or nothing.

    table: what the rows are called. counts: of all rows. rejected: those rows or some of them, as `as_it_was` gives
    them: file, line, reason, and the raw columns as text. mapping: what the rows were read by; where at least half of
    the polls were rejected for one reason, the warning says what in it would mend that.
    """
    number = sum(counts.rejected.values())
    if is_many(number, counts.read):
        reason, times = commonest(counts.rejected)
        example = example_of(rejected, reason)
        is_half = table == "polls" and HALF * times >= counts.read
        mended = remedy(rejected.filter(reason=reason), mapping if counts.accepted else None) if is_half else ""
        yield RejectedRows(table, number, counts.read, reason, times, example, mended)


def is_many(number: int, of: int) -> bool:
    """Whether that is more than docs/semantics.md lets pass."""
    return 100 * number > MANY_PERCENT * of


def commonest(reasons: Mapping[str, int]) -> tuple[str, int]:
    """The reason of the most rows, and how many; of equal ones the first by name."""
    return next(iter(most_frequent_first(reasons).items()))


def example_of(rejected: pl.DataFrame, reason: str) -> BadValue | None:
    """The first row that was rejected for a reason, where it is bad."""
    columns = BAD_COLUMNS[reason]
    rows = rejected.lazy().filter(reason=reason).sort(FILE, LINE, *columns, nulls_last=True).head(1).collect()
    if rows.is_empty():
        return None
    row = rows.row(0, named=True)
    return BadValue(tuple((column, row[column]) for column in columns), row[FILE], row[LINE])


def unknown_hours(plan: Plan) -> Iterator[DataWarning]:
    """Whether many stores have no readable row of hours."""
    stores = plan.stores.filter("hours_unknown")["store_id"]
    if is_many(stores.len(), plan.stores.height):
        yield UnknownHours(stores.len(), plan.stores.height, stores[0])


def unknown_zones(plan: Plan, zones: pl.DataFrame) -> Iterator[DataWarning]:
    """Whether many stores have a zone that nobody knows. zones: the accepted rows."""
    stores = plan.stores.filter("unknown_zone")["store_id"]
    if is_many(stores.len(), plan.stores.height):
        named = zones.filter(pl.col("zone").is_not_null(), pl.col("store_id").cast(pl.String) == stores[0])
        yield UnknownZones(stores.len(), plan.stores.height, str(named["zone"].min()))


def weekdays_from_one(hours: CleanedTable) -> Iterator[DataWarning]:
    """Whether Sunday seems to be 7. Where a mapping has Monday as 1 that is no bad weekday, and nothing is said."""
    day = pl.col("day_of_week").str.strip_chars(SPACE)
    bad = hours.rejected.filter(day.is_in(["0", "7"])).select(day, "reason")
    has_seven = not bad.filter(day_of_week="7", reason=Reason.BAD_WEEKDAY).is_empty()
    has_zero = "0" in bad["day_of_week"] or (hours.accepted["weekday"] == 0).any()
    if has_seven and not has_zero:
        yield WeekdaysFromOne()


def spreadsheet_ids(ids: Mapping[str, pl.DataFrame]) -> Iterator[DataWarning]:
    """Whether any id looks as a spreadsheet leaves it. ids: by table, distinct."""
    odd = {name: rows.filter(pl.col("store_id").str.contains(SPREADSHEET_ID)) for name, rows in ids.items()}
    found = {name: rows for name, rows in odd.items() if not rows.is_empty()}
    if found:
        every = pl.concat(found.values())["store_id"].unique().sort()
        yield SpreadsheetIds(tuple(found), every.len(), every[0])


def foreign_ids(table: str, observed: int, ids: pl.DataFrame, polled: pl.DataFrame) -> ForeignIds:
    """Which form makes the most ids of a table those of a polled store, if one makes half of them."""
    pairs = {form: alike(ids, polled, same) for form, same in FORMS.items()}
    form = max(pairs, key=lambda name: pairs[name].height)
    if HALF * (observed + pairs[form].height) < ids.height:
        return ForeignIds(table, observed, ids.height, None, None, None)
    return ForeignIds(table, observed, ids.height, form, *pairs[form].row(0))


def alike(ids: pl.DataFrame, polled: pl.DataFrame, same: pl.Expr) -> pl.DataFrame:
    """store_id, polled: the ids that are not those of a polled store, but for a form."""
    others = ids.join(polled, on="store_id", how="anti")
    keyed = polled.group_by(same.alias("same")).agg(polled=pl.col("store_id").min())
    return others.with_columns(same.alias("same")).join(keyed, on="same").select("store_id", "polled").sort("store_id")
