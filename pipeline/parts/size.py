"""Whether the polls of a source are more than memory would like to hold at once."""

from store_uptime.pipeline.machine import available
from store_uptime.pipeline.options import Limits, Options
from store_uptime.pipeline.parts.groups import row_count
from store_uptime.pipeline.source.folder.folder import Folder

BYTES_OF_A_POLL = 18
"""Of memory, in one pass: eight on the line, eight in its partition, and what is read at the moment."""


def is_large(source: Folder, options: Options, limits: Limits) -> bool:
    """Whether one pass would take more memory than a run should. A report of one store never does."""
    if options.store is not None:
        return False
    wanted = BYTES_OF_A_POLL * sum(map(row_count, source.tables["store_status"]))
    return wanted > (available() // 2 if limits.process is None else limits.process)
