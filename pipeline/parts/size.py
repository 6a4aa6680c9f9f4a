"""Whether the polls of a source are more than memory would like to hold at once."""

import time
from collections.abc import Iterator

from store_uptime.pipeline.durations import DAY_US
from store_uptime.pipeline.instants import instant_us
from store_uptime.pipeline.machine import available
from store_uptime.pipeline.options import Horizon, Limits, Options
from store_uptime.pipeline.parts.groups import row_count
from store_uptime.pipeline.plan.horizon import Now, horizon_before
from store_uptime.pipeline.plan.periods import likely_periods
from store_uptime.pipeline.source.folder.data_file import DataFile
from store_uptime.pipeline.source.folder.folder import POLLS, Folder
from store_uptime.pipeline.source.folder.time_spans import is_needed, newest_instant

BYTES_OF_A_POLL = 18
"""Of memory, in one pass: eight on the line, eight in its partition, and what is read at the moment."""


def is_large(source: Folder, options: Options, limits: Limits, large_polls: int | None = None) -> bool:
    """Whether there are more polls than these; where that is None, whether one pass would take more memory than a run
    should. A report of one store is never large."""
    if options.store is not None:
        return False
    polls = sum(map(row_count, likely_files(source, options)))
    if large_polls is not None:
        return polls > large_polls
    return BYTES_OF_A_POLL * polls > (available() // 2 if limits.process is None else limits.process)


def likely_files(source: Folder, options: Options) -> Iterator[DataFile]:
    """The files of polls that a report will probably read: now is not known yet, but by the ends of the files."""
    files, latest_us = source.tables[POLLS], time.time_ns() // 1_000 + DAY_US
    instants = (newest_instant(file, source.mapping) for file in files)
    newest = [instant.us for instant in instants if instant is not None and instant.us <= latest_us]
    if options.now is None and not newest:
        yield from files
        return
    now_us = max(newest) if options.now is None else instant_us(options.now)
    horizon = likely_horizon(options, now_us)
    yield from (file for file in files if is_needed(file, horizon, source.mapping))


def likely_horizon(options: Options, now_us: int) -> Horizon:
    """The horizon, on whatever clocks the stores have."""
    if options.period is None:
        return horizon_before(Now(now_us), options.lookback)
    return likely_periods(options, options.period, Now(now_us)).horizon
