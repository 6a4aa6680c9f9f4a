"""Parquet files of polls in, the newest accepted poll out, by what their ends say of their times.

Files are read by their greatest instants, the greatest first, until none that is left can have a newer poll than was
found: of hundreds it is nearly always one, and of that one the last row group.
"""

from collections.abc import Sequence

from store_uptime.pipeline.clean.polls import TypedPolls
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.packing import StoreCodes
from store_uptime.pipeline.source.folder.data_file import DataFile
from store_uptime.pipeline.source.folder.parquet_files import parquet_frame
from store_uptime.pipeline.source.folder.time_spans import is_without_times, newest_instant
from store_uptime.pipeline.source.frames import readable_frame

UNTOLD_US = 1 << 80
"""Stands for the greatest instant of a file that does not tell it: such a file is read before all others."""


def newest_of_files(files: Sequence[DataFile], ceiling_us: int, mapping: SourceMapping) -> int | None:
    """The newest poll up to an instant that would be accepted, of files whose times are typed. Raises READ_ERRORS."""
    by_newest = sorted(
        ((greatest_us(file, mapping), file) for file in files if not is_without_times(file, mapping)),
        key=lambda each: each[0],
        reverse=True,
    )
    newest: int | None = None
    for last_us, file in by_newest:
        if newest is not None and last_us <= newest:
            break
        found = newest_in(file, last_us, ceiling_us, mapping)
        newest = found if newest is None or (found is not None and found > newest) else newest
    return newest


def greatest_us(file: DataFile, mapping: SourceMapping) -> int:
    instant = newest_instant(file, mapping)
    return UNTOLD_US if instant is None else instant.us


def newest_in(file: DataFile, last_us: int, ceiling_us: int, mapping: SourceMapping) -> int | None:
    """The newest accepted poll of one file up to an instant; last_us: the greatest instant in it."""
    raw = readable_frame(
        parquet_frame([file], "store_status", mapping), "store_status", mapping, file.place.printable_name
    )
    polls = TypedPolls(raw, StoreCodes(), mapping)
    if last_us <= ceiling_us and polls.has_accepted(last_us):
        return last_us
    return polls.newest_us(ceiling_us)
