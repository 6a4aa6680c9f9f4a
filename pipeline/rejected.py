"""Why no poll of a source is accepted, and the rows that were rejected where there is no report.

why_no_polls      the error of a run without an accepted poll
rejected_tables   the rejected rows of a source, for whoever wants to mend them
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from pipeline.clean import Reason
from pipeline.errors import AllPollsRejected, NoPolls
from pipeline.horizon import CALENDAR_END_US, CALENDAR_START_US, no_polls, nothing_polled
from pipeline.intake import Taken, taken_hours, taken_polls, taken_zones
from pipeline.mapping import suggestion
from pipeline.options import DAY_US, Horizon
from pipeline.plausibility import commonest, example_of
from pipeline.source.frames import NONE_USUAL, RawPolls, Source
from pipeline.tables import SPACE

UNITS = {10: "s", 13: "ms", 16: "us"}
"""What a number of so many digits counts since 1970, if it is an instant of the last decades."""
FORMS = "Times are written like 2024-05-05 12:00:00 UTC."


@dataclass(frozen=True)
class RejectedTables:
    """The rejected rows of polls, hours and zones, where there is no report: see `Report.rejects`."""

    rejects: dict[str, pl.DataFrame]

    def rejected_csv(self, table: str) -> bytes:
        """The rejected rows of a table: file, line, reason, the row as it was, and its surplus."""
        return self.rejects[table].write_csv(line_terminator="\r\n").encode()


def why_no_polls(source: Source, horizon: Horizon | None) -> NoPolls:
    """What to raise where no poll of the horizon is accepted; None: there is not even a now.

    The source must be entered. It is AllPollsRejected where no poll at all can be read.
    """
    if horizon is not None and source.newest_poll_us(CALENDAR_END_US) is not None:
        return no_polls(source, horizon)
    polls = newest_polls(source)
    reasons = dict(sorted(polls.counts.rejected.items(), key=lambda item: (-item[1], item[0])))
    if not reasons:
        return nothing_polled(source)
    reason, _ = commonest(reasons)
    example = str(example_of(polls.rejected, reason) or "")
    is_all = polls.rejected.height < source.newest_limit
    return AllPollsRejected(source.name, polls.rejected.height, is_all, reasons, example, remedy(polls.rejected))


def newest_polls(source: Source) -> Taken:
    """The newest polls of a source, judged, whenever they were."""
    ahead_us = time.time_ns() // 1_000 + DAY_US
    ever = Horizon(CALENDAR_START_US, CALENDAR_END_US, ahead_us)
    return taken_polls(RawPolls(NONE_USUAL, source.newest_polls()), ever, source.mapping, gives_all=False)


def remedy(rejected: pl.DataFrame) -> str:
    """What would mend the rejected polls: lines of a mapping where one would."""
    return " ".join([*unit_lines(rejected), *word_lines(rejected)])


def unit_lines(rejected: pl.DataFrame) -> Iterator[str]:
    """What to do about timestamps that cannot be read."""
    texts = rejected.filter(reason=Reason.BAD_TIMESTAMP)["timestamp_utc"].str.strip_chars(SPACE)
    if texts.is_empty():
        return
    digits = texts.str.extract(r"^-?([0-9]+)(?:\.[0-9]+)?$").str.len_chars().drop_nulls()
    unit = UNITS.get(digits.mode().sort()[0]) if 2 * digits.len() > texts.len() else None
    if unit is None:
        yield FORMS
        return
    line = suggestion("store_status", "timestamp_unit", unit)
    yield f"The line {line} in a mapping (--map) says what its numbers count."


def word_lines(rejected: pl.DataFrame) -> Iterator[str]:
    """What to do about words for the status that are not known, the commonest taken for active."""
    words = rejected.filter(reason=Reason.BAD_STATUS)["status"].str.strip_chars(SPACE).str.to_lowercase()
    counts = words.drop_nulls().value_counts(sort=True).sort("count", "status", descending=[True, False])
    if counts.is_empty():
        return
    active, *others = counts["status"].head(2)
    lines = [suggestion("store_status", "active", [active])]
    lines += [suggestion("store_status", "inactive", [word]) for word in others]
    yield f"A mapping (--map) says which words mean what, with lines such as {' and '.join(lines)}."


def rejected_tables(source: Source) -> RejectedTables:
    """The rejected rows of a source of which a run has raised AllPollsRejected.

    Of the polls of a database it is those of the newest ones. Raises what the source raises.
    """
    with source:
        tables = {
            "polls": newest_polls(source),
            "hours": taken_hours(source.hours(None), source.mapping),
            "zones": taken_zones(source.zones(None)),
        }
    return RejectedTables({name: taken.rejected for name, taken in tables.items()})
