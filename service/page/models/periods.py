"""What the page shows of a report by periods: totals, groups, the worst stores, the first outages.

Made in a worker process from the bytes of a stored report.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from store_uptime.pipeline import Only
from store_uptime.service.page.models.attributes import AttributeCounts, attribute_counts
from store_uptime.service.page.models.fleet import TableRow
from store_uptime.service.page.period_words import state_words
from store_uptime.service.registry.reports import StoredFigures
from store_uptime.service.workers.interactive import restored_periods

if TYPE_CHECKING:
    import polars as pl

SHOWN_PERIODS, SHOWN_GROUPS, SHOWN_STORES, SHOWN_OUTAGES = 200, 100, 25, 50  # the files have all of them


@dataclass(frozen=True)
class ShownRows:
    """The first rows of a table as they are written, and how many it has in all."""

    rows: list[TableRow]
    number: int


@dataclass(frozen=True)
class PeriodsOverview:
    """A report by periods, or some of its stores; lengths are in hours.

    now, now_is, age_s: as in the provenance; first, last: when its periods begin and end; choices: what stores can be
    chosen by; columns: the attributes of its groups, empty without any; unpolled: how many of the stores have no poll;
    states: of each period in words, nothing of those that are final; clocks: how many have periods of their own, 1
    where all share them; worst: the stores over all periods; has_profile: not of stores that are no whole groups;
    notes: what is no fault of the data.
    """

    now: str
    now_is: str
    age_s: float | None
    first: str | None
    last: str | None
    choices: AttributeCounts
    columns: list[str]
    stores: int
    unpolled: int
    states: dict[str, str]
    clocks: int
    periods: ShownRows
    groups: ShownRows
    worst: ShownRows
    outages: ShownRows
    has_profile: bool
    warnings: list[str]
    notes: list[str]


def periods_overview(stored: StoredFigures, search: str, only: Only) -> PeriodsOverview:
    """What stands on the page of a report by periods. Raises UnknownAttribute."""
    whole = restored_periods(stored)
    report = whole.select(only, search)
    provenance, by = report.provenance, report.options.group_by
    totals = report.rollup_table()
    groups = report.rollup_table(by) if by else totals.clear()
    return PeriodsOverview(
        now=provenance["now"],
        now_is=provenance["now_is"],
        age_s=provenance["data_age_seconds"],
        first=provenance["periods"]["start"],
        last=provenance["periods"]["end"],
        choices=attribute_counts(whole.stores, whole.attributes),
        columns=groups.columns[: groups.columns.index("period")],
        stores=report.stores.height,
        unpolled=report.stores.join(report.plan.not_observed.to_frame("store_id"), on="store_id", how="semi").height,
        states={
            period: state_words(state, start_us, report.now_us)
            for period, start_us, _, state in report.period_states().iter_rows()
        },
        clocks=clocks_of(report.periods),
        periods=first_rows(totals, SHOWN_PERIODS),
        groups=first_rows(groups, SHOWN_GROUPS),
        worst=first_rows(report.worst_stores(), SHOWN_STORES),
        outages=first_rows(report.outages_table(), SHOWN_OUTAGES),
        has_profile=report.profile is not None,
        warnings=report.quality.warnings,
        notes=list(report.notes),
    )


def clocks_of(periods: "pl.DataFrame") -> int:
    """How many clocks have periods that no other has; 1 where all share them. periods: those of the report."""
    most = periods.group_by("scope").len()["len"].max()
    return periods["scope"].n_unique() if periods["period"].n_unique() > most else 1  # type: ignore[operator]


def first_rows(table: "pl.DataFrame", most: int) -> ShownRows:
    """The first rows of a table."""
    return ShownRows(table.head(most).to_dicts(), table.height)
