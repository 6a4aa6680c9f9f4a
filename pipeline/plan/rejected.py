"""A source without an accepted poll in; the reason, and the rejected rows, out.

why_no_polls      the error of such a run
rejected_tables   the rejected rows of the source
"""

import time
from dataclasses import dataclass

import polars as pl

from store_uptime.pipeline.clean.polls import clean_rows
from store_uptime.pipeline.clean.remedies import remedy
from store_uptime.pipeline.clean.split import CleanedTable, clean_hours, clean_zones
from store_uptime.pipeline.clean.stores import clean_stores
from store_uptime.pipeline.durations import DAY_US
from store_uptime.pipeline.errors import AllPollsRejected, NewestPollsRejected, NoPolls, OnlyPollRejected
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.panics import panics_as_errors
from store_uptime.pipeline.plan.horizon import CALENDAR_END_US, CALENDAR_START_US, no_polls, nothing_polled
from store_uptime.pipeline.source.protocol import Source
from store_uptime.pipeline.table_plausibility import example_of
from store_uptime.pipeline.text import most_frequent_first


@dataclass(frozen=True)
class RejectedTables:
    """The rejected rows of each table, where there is no report: see `Report.rejects`."""

    rejects: dict[str, pl.DataFrame]


def why_no_polls(source: Source, horizon: Horizon | None) -> NoPolls:
    """The error where no poll of the horizon is accepted; None: there is no horizon, since there is no now.

    The source must be open. The error is AllPollsRejected where no poll at all can be read.
    """
    # One poll that can be read is enough to know that the words and forms are right, and that now is the problem.
    if horizon is not None and source.newest_poll_us(CALENDAR_END_US) is not None:
        return no_polls(source, horizon)
    polls = newest_polls(source)
    reasons = most_frequent_first(polls.counts.rejected)
    if not reasons:
        return nothing_polled(source)
    reason = next(iter(reasons))
    example = str(example_of(polls.rejected, reason) or "")
    rows = polls.rejected.height
    # Fewer rows than the source gives at most: those are all that there are.
    kind = OnlyPollRejected if rows == 1 else AllPollsRejected if rows < source.newest_limit else NewestPollsRejected
    return kind(source.name, remedy(polls.rejected), rows, reasons, example)


def newest_polls(source: Source) -> CleanedTable:
    """The newest polls of a source, judged, at whatever time they are."""
    ahead_us = time.time_ns() // 1_000 + DAY_US
    ever = Horizon(CALENDAR_START_US, CALENDAR_END_US, ahead_us)
    return clean_rows(source.newest_polls(), source.codes, ever, source.mapping)


def rejected_tables(source: Source) -> RejectedTables:
    """The rejected rows of a source of which a run has raised AllPollsRejected.

    Of the polls of a database it is those of the newest ones. Raises what the source raises.
    """
    with panics_as_errors(source.name), source.opened() as opened:
        tables = {
            "polls": newest_polls(opened),
            "hours": clean_hours(opened.hours(None), opened.codes, opened.mapping),
            "zones": clean_zones(opened.zones(None), opened.codes),
        }
        if described := opened.stores_table():
            tables["stores"] = clean_stores(described, opened.codes)
    return RejectedTables({name: cleaned.rejected for name, cleaned in tables.items()})
