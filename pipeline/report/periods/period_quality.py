"""A plan, facts about its tables and the rows in, the quality of the data of a report by periods out.

period_quality      the quality, with its warnings
period_lists        the ids on each list of it
no_poll_in_period   the warning that no poll speaks for the periods
date_facts          what the dates of hours and zones are like
period_notes        what is worth knowing and no fault of the data
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from store_uptime.pipeline.calendar.clocks import CHANGE, Clock, date_of, days_of, local_date
from store_uptime.pipeline.calendar.offsets import DEFAULT_ZONE
from store_uptime.pipeline.data_warnings import KINDS, DataWarning, NoPollInPeriod
from store_uptime.pipeline.durations import WEEK_US
from store_uptime.pipeline.instants import iso
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.plan.plan import Plan
from store_uptime.pipeline.plan.plausibility import table_warnings
from store_uptime.pipeline.plan.table_facts import TableFacts
from store_uptime.pipeline.plan.zones import CODE, DATES, FIRST_DAY, LAST_DAY
from store_uptime.pipeline.report.quality import Quality, flagged_stores
from store_uptime.pipeline.table_plausibility import HALF
from store_uptime.pipeline.text import counted

StoresAndDates = tuple[int, list[int]]
"""How many stores, and dates as days since 1970, in order."""
DATES_NAMED = 3
"""So many of its dates does a note name."""
ASSUMED = {"hours": "they count as closed then", "zones": f"{DEFAULT_ZONE} is taken for them then"}
"""What holds for a store on a date for which it has no row, though it has some."""


def period_quality(
    plan: Plan,
    facts: TableFacts,
    rows: pl.DataFrame,
    repeated: tuple[int, int],
    further: Sequence[DataWarning],
) -> Quality:
    """The quality of a run.

    rows: those of the report. repeated: how many polls are duplicates, and contradictory. further: warnings of the
    source and its polls.
    """
    # Here a plan has stores without polls, too. What is wrong with ids shows in those with some.
    polled = plan.stores.filter(~pl.col("store_id").is_in(plan.not_observed.implode()))
    # Where few stores are polled in these periods, most ids are not theirs, however they are written.
    telling = {name: ids for name, ids in plan.observed_ids.items() if HALF * polled.height >= ids[1]}
    of_tables = table_warnings(replace(plan, stores=polled, observed_ids=telling), facts)
    found = sorted([*further, *of_tables], key=lambda each: KINDS.index(type(each)))
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


def no_poll_in_period(
    plan: Plan, facts: TableFacts, first_us: int, polls: tuple[int, int] | None
) -> Iterator[NoPollInPeriod]:
    """Whether no poll speaks for periods that have begun.

    first_us: the start of the first one. polls: the oldest and the newest poll of the source, where they are known.
    """
    # Polls outside the horizon may have been counted, so the accepted ones decide, and they are those within it.
    if facts.counts["polls"].accepted == 0 and first_us < plan.horizon.newest_us:
        yield NoPollInPeriod(plan.horizon.start_us, plan.horizon.now_us, *(polls or (None, None)))


@dataclass(frozen=True)
class DateFacts:
    """What the dates of hours and zones are like; of several parts it adds up.

    first_us: the start of the first period. has_dates: whether some row of hours holds from or until a date, or there
    is none. changed, uncovered: for hours and zones, how many stores change within the periods, or have rows but none
    for some date until now; and on which dates (days since 1970) they do, or such dates begin.
    """

    first_us: int
    has_dates: bool
    changed: dict[str, StoresAndDates]
    uncovered: dict[str, StoresAndDates]

    def __add__(self, other: "DateFacts") -> "DateFacts":
        return DateFacts(
            min(self.first_us, other.first_us),
            self.has_dates or other.has_dates,
            {table: summed(both, other.changed[table]) for table, both in self.changed.items()},
            {table: summed(both, other.uncovered[table]) for table, both in self.uncovered.items()},
        )


def summed(one: StoresAndDates, other: StoresAndDates) -> StoresAndDates:
    return one[0] + other[0], sorted({*one[1], *other[1]})


def date_facts(
    hours: pl.DataFrame, zones: pl.DataFrame, clocks: pl.DataFrame, periods: pl.DataFrame, now_us: int
) -> DateFacts:
    """hours, zones: accepted rows with from_day and until_day (null: open); clocks: code, clock of their stores;
    periods: clock, start_us, end_us."""
    tables = {"hours": dated_rows(hours), "zones": dated_rows(zones)}
    stores = pl.concat(rows.select("code") for rows in tables.values()).unique()
    dates = dates_of_stores(clocks.join(stores, on="code"), periods, now_us)
    edges = tables["hours"].select("code", day=pl.concat_list(DATES)).explode("day", empty_as_null=False)
    return DateFacts(
        first_us=periods.select(pl.col("start_us").min()).item(),
        has_dates=has_dates(hours),
        changed={"hours": changes_within(edges, dates), "zones": changes_within(changes_of_clocks(dates), dates)},
        uncovered={table: uncovered_dates(rows, dates) for table, rows in tables.items()},
    )


def has_dates(rows: pl.DataFrame) -> bool:
    return rows.select(pl.any_horizontal(pl.col(DATES).is_not_null()).any()).item()


def dated_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """code, from_day, until_day of the stores of which some row has a date."""
    if not has_dates(rows):
        return rows.clear().select(CODE, *DATES)
    dated = rows.lazy().select(CODE, *DATES).unique().collect()
    return dated.join(dated.filter(pl.any_horizontal(pl.col(DATES).is_not_null())), on="code", how="semi")


def dates_of_stores(clocks: pl.DataFrame, periods: pl.DataFrame, now_us: int) -> pl.DataFrame:
    """code, clock, first_day, last_day, last_known: the local dates of the periods of each store, and the last one
    until now."""
    ends = {
        clock: (start_us, end_us)
        for clock, start_us, end_us in periods.group_by("clock")
        .agg(pl.col("start_us").min(), pl.col("end_us").max())
        .iter_rows()
    }
    found = []
    for text in clocks["clock"].unique():
        # A clock may have no period, and the one of a zone for all has no name.
        start_us, end_us = ends.get(text, ends.get("", (now_us, now_us)))
        if start_us < end_us:
            clock, instants = Clock.of_text(text), (start_us, end_us - 1, min(now_us, end_us) - 1)
            found.append((text, *(days_of(local_date(clock, instant)) for instant in instants)))
    kinds = {"clock": pl.String(), "first_day": pl.Int64(), "last_day": pl.Int64(), "last_known": pl.Int64()}
    return clocks.join(pl.DataFrame(found, schema=kinds, orient="row"), on="clock")


def changes_of_clocks(clocks: pl.DataFrame) -> pl.DataFrame:
    """code, day: the dates from which stores are in another zone."""
    texts = [text for text in clocks["clock"].unique() if CHANGE in text]
    days = [(text, day) for text in texts for day, _ in Clock.of_text(text).zones if day is not None]
    changes = pl.DataFrame(days, schema={"clock": pl.String(), "day": pl.Int64()}, orient="row")
    return clocks.join(changes, on="clock").select("code", "day")


def changes_within(changes: pl.DataFrame, dates: pl.DataFrame) -> StoresAndDates:
    """How many stores change after the first date of their periods, and on which dates. changes: code, day."""
    within = changes.join(dates, on="code").filter(
        pl.col("day") > pl.col("first_day"), pl.col("day") <= pl.col("last_day")
    )
    return within["code"].n_unique(), within["day"].unique().sort().to_list()


def uncovered_dates(rows: pl.DataFrame, dates: pl.DataFrame) -> StoresAndDates:
    """How many stores have dates of their periods, until now, on which no row holds, and where these begin."""
    # Behind all rows comes one that begins where the dates end: what is not covered lies before the start of a row.
    begin, end = pl.col("first_day"), pl.col("last_known") + 1
    known = dates.filter(begin < end).select("code", begin, end.alias("end_day"))
    held = rows.join(known, on="code").select(
        "code",
        "first_day",
        since=pl.col("from_day").fill_null(FIRST_DAY).clip("first_day", "end_day"),
        until=pl.col("until_day").fill_null(LAST_DAY).clip("first_day", "end_day"),
    )
    last = known.join(rows, on="code", how="semi").select("code", "first_day", since="end_day", until="end_day")
    gaps = (
        pl.concat([held.cast({"since": pl.Int64, "until": pl.Int64}), last])
        .sort("code", "since")
        .with_columns(covered=pl.col("until").cum_max().shift().over("code").fill_null(pl.col("first_day")))
        .filter(pl.col("since") > pl.col("covered"))
    )
    return gaps["code"].n_unique(), gaps["covered"].unique().sort().to_list()


def period_notes(dates: DateFacts, counts: int, horizon: Horizon) -> Iterator[str]:
    """What is worth knowing of periods, hours and zones, in sentences. counts: the accepted rows of hours."""
    if dates.first_us >= horizon.newest_us:
        yield f"These periods have not begun at now, {iso(horizon.newest_us)}: nothing is known of them."
    if dates.first_us < horizon.newest_us - WEEK_US and counts and not dates.has_dates:
        yield (
            f"The hours have no dates: the periods from {iso(dates.first_us)} on are computed with the hours of today. "
            "With `valid_from` and `valid_to` in `menu_hours` they are computed with those of then."
        )
    for table, (stores, days) in dates.changed.items():
        if stores:
            yield f"The {table} of {counted(stores, 'store')} change within these periods, on {listed_dates(days)}."
    for table, (stores, days) in dates.uncovered.items():
        if stores:
            yield (
                f"The {table} of {counted(stores, 'store')} leave out dates of these periods, beginning with "
                f"{listed_dates(days)}: {ASSUMED[table]}."
            )


def listed_dates(days: Sequence[int]) -> str:
    named = ", ".join(date_of(day).isoformat() for day in days[:DATES_NAMED])
    return f"{named} and {len(days) - DATES_NAMED:,} more" if len(days) > DATES_NAMED else named
