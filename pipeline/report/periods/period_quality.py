"""A plan, facts about its tables and the rows in, the quality of the data of a report by periods out.

period_quality   the quality, with its warnings
period_lists     the ids on each list of it
period_notes     what is worth knowing and no fault of the data
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from store_uptime.pipeline.calendar.periods import date_of
from store_uptime.pipeline.data_warnings import KINDS, DataWarning, NoPollInPeriod
from store_uptime.pipeline.durations import DAY_US, WEEK_US
from store_uptime.pipeline.instants import iso
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.plan.plan import Plan
from store_uptime.pipeline.plan.plausibility import table_warnings
from store_uptime.pipeline.plan.table_facts import TableFacts
from store_uptime.pipeline.report.quality import Quality, flagged_stores
from store_uptime.pipeline.text import counted

DATES_NAMED = 3
"""So many of the dates on which hours or zones change does a note name."""


def period_quality(
    plan: Plan,
    facts: TableFacts,
    rows: pl.DataFrame,
    repeated: tuple[int, int],
    of_source: Sequence[DataWarning],
    polls: tuple[int, int] | None = None,
) -> Quality:
    """The quality of a run.

    rows: those of the report. repeated: how many polls are duplicates, and contradictory. of_source: its own warnings.
    polls: the oldest and the newest poll of the source, in microseconds, where the caller knows them.
    """
    # Here a plan has stores without polls, too. What is wrong with ids shows in those with some.
    polled = plan.stores.filter(~pl.col("store_id").is_in(plan.not_observed.implode()))
    of_tables = table_warnings(replace(plan, stores=polled), facts)
    every = [*of_source, *of_tables, *no_poll_in_period(plan, facts, polls)]
    found = sorted(every, key=lambda each: KINDS.index(type(each)))
    return Quality(
        tables=dict(facts.counts),
        duplicates=repeated[0],
        contradictory=repeated[1],
        stores=period_lists(plan, rows),
        warnings=[str(each) for each in found],
        warning_codes=[each.code for each in found],
    )


def period_lists(plan: Plan, rows: pl.DataFrame) -> dict[str, list[str]]:
    """The ids on each list. rows: those of the report."""
    known = (pl.col("polls") > 0) | (pl.col("uptime_us") + pl.col("downtime_us") > 0).fill_null(False)
    evident = rows.lazy().filter(known).select(pl.col("store").unique()).collect(engine="streaming")
    silent = plan.stores.join(evident, on="store", how="anti", maintain_order="left")["store_id"]
    return {
        "not_observed": plan.not_observed.to_list(),
        **flagged_stores(plan.stores),
        "no_known_status": silent.to_list(),
    }


def no_poll_in_period(plan: Plan, facts: TableFacts, polls: tuple[int, int] | None) -> Iterator[NoPollInPeriod]:
    # Polls outside the horizon may have been counted, so the accepted ones decide, and they are those within it.
    if facts.counts["polls"].accepted == 0:
        yield NoPollInPeriod(plan.horizon.start_us, plan.horizon.now_us, *(polls or (None, None)))


@dataclass(frozen=True)
class DateFacts:
    """What the dates of hours and zones are like; of several parts it adds up.

    first_us: the start of the first period. has_dates: whether some row of hours holds from or until a date, or there
    is none. changed: for hours and zones, how many stores change within their own periods, and on which dates (days
    since 1970).
    """

    first_us: int
    has_dates: bool
    changed: dict[str, tuple[int, list[int]]]

    def __add__(self, other: "DateFacts") -> "DateFacts":
        changed = {
            table: (stores + other.changed[table][0], sorted({*dates, *other.changed[table][1]}))
            for table, (stores, dates) in self.changed.items()
        }
        return DateFacts(min(self.first_us, other.first_us), self.has_dates or other.has_dates, changed)


def date_facts(hours: pl.DataFrame, zones: pl.DataFrame, clocks: pl.DataFrame, periods: pl.DataFrame) -> DateFacts:
    """hours, zones: accepted rows with from_day and until_day (null: open); clocks: store_id (text), clock of each
    store; periods: clock, start_us, end_us."""
    ends = periods.group_by("clock").agg(first_us=pl.col("start_us").min(), last_us=pl.col("end_us").max())
    of_stores = clocks.lazy().join(ends.lazy(), on="clock").select("store_id", "first_us", "last_us")
    changed = {name: changes_within(rows, of_stores) for name, rows in (("hours", hours), ("zones", zones))}
    return DateFacts(periods.select(pl.col("start_us").min()).item(), has_dates(hours), changed)


def has_dates(hours: pl.DataFrame) -> bool:
    return hours.select(pl.any_horizontal(pl.col("from_day", "until_day").is_not_null()).any()).item()


def changes_within(rows: pl.DataFrame, ends: pl.LazyFrame) -> tuple[int, list[int]]:
    """How many stores have other hours, or another zone, from some date in their periods on; and these dates.

    ends: store_id, first_us, last_us: of the periods of each store.
    """
    dated = (
        rows.lazy()
        .filter(pl.any_horizontal(pl.col("from_day", "until_day").is_not_null()))
        .select(pl.col("store_id").cast(pl.String), day=pl.concat_list("from_day", "until_day"))
        .explode("day")
    )
    is_within = (pl.col("day") > pl.col("first_us") // DAY_US) & (pl.col("day") < pl.col("last_us") // DAY_US)
    changes = dated.join(ends, on="store_id").filter(is_within).select("store_id", "day").unique().collect()
    return changes["store_id"].n_unique(), changes["day"].unique().sort().to_list()


def period_notes(dates: DateFacts, counts: int, horizon: Horizon) -> Iterator[str]:
    """What is worth knowing of hours and zones, in sentences. counts: the accepted rows of hours."""
    if dates.first_us < horizon.newest_us - WEEK_US and counts and not dates.has_dates:
        yield (
            f"The hours have no dates: the periods from {iso(dates.first_us)} on are computed with the hours of today. "
            "With `valid_from` and `valid_to` in `menu_hours` they are computed with those of then."
        )
    for table, (stores, days) in dates.changed.items():
        if stores:
            yield f"The {table} of {counted(stores, 'store')} change within these periods, on {listed_dates(days)}."


def listed_dates(days: Sequence[int]) -> str:
    named = ", ".join(date_of(day).isoformat() for day in days[:DATES_NAMED])
    return f"{named} and {len(days) - DATES_NAMED:,} more" if len(days) > DATES_NAMED else named
