"""What the data of a report was like: docs/semantics.md, "Output", provenance and data quality."""

from dataclasses import dataclass

import polars as pl

from pipeline.intake import TableCounts
from pipeline.lists import LISTS
from pipeline.options import DAY_US
from pipeline.plan import Plan
from pipeline.prepare import Prepared


@dataclass(frozen=True)
class Quality:
    """Counts and lists; nothing is dropped without standing here.

    tables: counts for polls, hours, zones. duplicates: polls beyond the first of the same store, microsecond and
    status. contradictory: (store, microsecond) pairs with both statuses. stores: ids for each key of `LISTS`, in byte
    order. warnings: sentences.
    """

    tables: dict[str, TableCounts]
    duplicates: int
    contradictory: int
    stores: dict[str, list[str]]
    warnings: list[str]

    @staticmethod
    def meaning(name: str) -> str:
        """What puts a store on a list."""
        return LISTS[name]


def quality(ready: Prepared, exact: pl.DataFrame) -> Quality:
    """The quality of a run; `exact` has one row per store."""
    return Quality(
        tables=ready.counts,
        duplicates=sum(part.duplicates for part in ready.partitions),
        contradictory=sum(part.contradictory for part in ready.partitions),
        stores=store_lists(ready.plan, exact),
        warnings=[*ready.remarks, *warnings(ready.plan, exact)],
    )


def store_lists(plan: Plan, exact: pl.DataFrame) -> dict[str, list[str]]:
    """The ids on each list."""
    silent = (pl.col("polls_last_day") == 0) & pl.col("has_evidence") & ~pl.col("hours_unknown")
    on_list = {
        "no_hours": pl.col("always_open"),
        "no_zone": pl.col("no_zone"),
        "unknown_zone": pl.col("unknown_zone"),
        "several_zones": pl.col("several_zones"),
        "unknown_hours": pl.col("hours_unknown"),
        "partly_rejected_hours": pl.col("partly_rejected_hours"),
        "no_known_status": pl.col("hours_unknown") | ~pl.col("has_evidence"),
        "carried": silent,
    }
    listed = {name: exact.filter(test)["store_id"].to_list() for name, test in on_list.items()}
    return {"not_observed": plan.not_observed.to_list(), **listed}


def warnings(plan: Plan, exact: pl.DataFrame) -> list[str]:
    """Sentences about a source that is probably not what it should be."""
    store = plan.options.store
    if store is not None:
        return [] if exact.height else [f"Store {store!r} has polls, but none in the horizon: it has no row."]
    recent = exact.filter(pl.col("last_poll_us") >= plan.horizon.now_us - DAY_US).height
    found = []
    if 2 * recent < exact.height:
        found.append(f"Only {recent} of {exact.height} stores have a poll in the day before now: is the feed complete?")
    for name, (observed, ids) in plan.observed_ids.items():
        if 2 * observed < ids:
            found.append(
                f"Only {observed} of the {ids} store ids in {name} are those of a polled store: "
                "are they written alike (case, padding)?"
            )
    return found
