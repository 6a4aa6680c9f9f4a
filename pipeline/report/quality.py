"""A plan, facts about its tables and the figures in, the quality of the data out: docs/semantics.md, "Output".

quality_of    the quality of a run
store_lists   the ids on each list of it
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from store_uptime.pipeline.clean.split import TableCounts
from store_uptime.pipeline.data_warnings import KINDS, DataWarning
from store_uptime.pipeline.plan.plan import Plan
from store_uptime.pipeline.plan.plausibility import figure_warnings, table_warnings
from store_uptime.pipeline.plan.table_facts import TableFacts


@dataclass(frozen=True)
class Quality:
    """Counts and lists; every row that is not accepted is counted here.

    tables: counts for polls, hours, zones. duplicates: polls beyond the first of the same store, microsecond and
    status. contradictory: (store, microsecond) pairs with both statuses. stores: ids for each key of `LISTS`, in byte
    order. warnings: sentences. warning_codes: the kind of each, one of `WARNING_CODES`; empty where the report was
    archived by a version without them.
    """

    tables: dict[str, TableCounts]
    duplicates: int
    contradictory: int
    stores: dict[str, list[str]]
    warnings: list[str]
    warning_codes: list[str]

    def warnings_of(self, kind: type[DataWarning]) -> list[str]:
        """The sentences of one kind."""
        codes = self.warning_codes or [""] * len(self.warnings)
        return [sentence for sentence, code in zip(self.warnings, codes, strict=True) if code == kind.code]


def quality_of(
    plan: Plan, facts: TableFacts, exact: pl.DataFrame, repeated: tuple[int, int], of_source: Sequence[DataWarning]
) -> Quality:
    """The quality of a run.

    exact: one row per store. repeated: how many polls are duplicates, and contradictory. of_source: its own warnings.
    """
    every = [*of_source, *table_warnings(plan, facts), *figure_warnings(plan, exact)]
    found = sorted(every, key=lambda each: KINDS.index(type(each)))
    return Quality(
        tables=dict(facts.counts),
        duplicates=repeated[0],
        contradictory=repeated[1],
        stores=store_lists(plan, exact),
        warnings=[str(each) for each in found],
        warning_codes=[each.code for each in found],
    )


def store_lists(plan: Plan, exact: pl.DataFrame) -> dict[str, list[str]]:
    """The ids on each list."""
    silent = (pl.col("polls_last_day") == 0) & pl.col("has_evidence") & ~pl.col("hours_unknown")
    no_known_status = pl.col("hours_unknown") | ~pl.col("has_evidence")
    return {
        "not_observed": plan.not_observed.to_list(),
        **flagged_stores(exact),
        "no_known_status": exact.filter(no_known_status)["store_id"].to_list(),
        "carried": exact.filter(silent)["store_id"].to_list(),
    }


def flagged_stores(stores: pl.DataFrame) -> dict[str, list[str]]:
    """The ids on the lists of what hours and zones are like. stores: with the flags of a plan."""
    flags = {
        "no_hours": "always_open",
        "no_zone": "no_zone",
        "unknown_zone": "unknown_zone",
        "several_zones": "several_zones",
        "unknown_hours": "hours_unknown",
        "partly_rejected_hours": "partly_rejected_hours",
    }
    return {name: stores.filter(flag)["store_id"].to_list() for name, flag in flags.items()}
