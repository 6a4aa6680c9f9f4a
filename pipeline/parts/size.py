"""Whether the polls of a source are more than memory would like to hold at once."""

from store_uptime.pipeline.machine import available
from store_uptime.pipeline.options import Limits, Options
from store_uptime.pipeline.parts.groups import row_count
from store_uptime.pipeline.source.folder.folder import Folder

BYTES_OF_A_POLL = 18
"""Of memory, in one pass: eight on the line, eight in its partition, and what is read at the moment."""


def is_large(source: Folder, options: Options, limits: Limits, large_polls: int | None = None) -> bool:
    """Whether there are more polls than these; where that is None, whether one pass would take more memory than a run
    should. A report of one store is never large."""
    if options.store is not None:
        return False
    polls = sum(map(row_count, source.tables["store_status"]))
    if large_polls is not None:
        return polls > large_polls
    return BYTES_OF_A_POLL * polls > (available() // 2 if limits.process is None else limits.process)
