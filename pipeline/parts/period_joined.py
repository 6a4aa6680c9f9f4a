"""What both passes have left of a report by periods in, the report of all stores out."""

from collections.abc import Sequence
from functools import reduce
from operator import add

import polars as pl

from store_uptime.pipeline.parts.exchange import Exchange
from store_uptime.pipeline.parts.job import Job
from store_uptime.pipeline.parts.joined import Unread, frames_of, joined_facts, joined_plan, ranked
from store_uptime.pipeline.parts.period_part import PeriodPartFigures
from store_uptime.pipeline.parts.spread import Spread
from store_uptime.pipeline.plan.periods import period_windows
from store_uptime.pipeline.plan.plan import STORE_COLUMNS
from store_uptime.pipeline.report.periods.computed import ComputedPeriods, period_report_from
from store_uptime.pipeline.report.periods.period_report import CELL, PeriodReport


def joined_periods(
    job: Job,
    exchange: Exchange,
    groups: Sequence[Spread],
    parts: Sequence[PeriodPartFigures],
    unread: Unread,
    polls_of_source: tuple[int, int] | None,
) -> PeriodReport:
    """The report. groups, parts: in the order of their numbers; polls_of_source: see `period_report_from`."""
    known = ranked(exchange, [(part.facts, part.known) for part in parts])
    stores, every = known.select(STORE_COLUMNS), [part.facts for part in parts]
    profiles = [(part.facts, part.profile) for part in parts if part.profile is not None]
    outages = [(part.facts, part.outages) for part in parts if part.outages is not None]
    _, periods = period_windows(job.of_periods.run, {clock for part in parts for clock in part.clocks})
    found = ComputedPeriods(
        plan=joined_plan(job, exchange, every, stores),
        clocks=known.select("store", "clock"),
        rows=ranked(exchange, [(part.facts, part.rows) for part in parts]),
        profile=summed_profile(frames_of(exchange, profiles)) if profiles else None,
        outages=ranked(exchange, outages) if outages else None,
        dates=reduce(add, (part.dates for part in parts)),
        duplicates=sum(part.duplicates for part in every),
        contradictory=sum(part.contradictory for part in every),
    )
    facts = joined_facts(exchange, groups, every, stores, unread)
    return period_report_from(found, periods, facts, unread.warnings, unread.attributes, polls_of_source)


def summed_profile(cells: pl.DataFrame) -> pl.DataFrame:
    """The cells of all parts as those of one: groups are sums of sums."""
    _, _, *sums = CELL
    keys = [name for name in cells.columns if name not in sums]
    summed = cells.group_by(keys).agg(pl.col(sums).sum()).sort(keys)
    return summed.select(cells.columns).cast(pl.Schema(CELL))
