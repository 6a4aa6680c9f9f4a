"""Parquet files of polls in, the newest accepted poll out, by what their ends say of their times."""

from collections.abc import Sequence

from store_uptime.pipeline.clean.polls import TypedPolls
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.packing import StoreCodes
from store_uptime.pipeline.source.folder.data_file import DataFile, Instant
from store_uptime.pipeline.source.folder.parquet_files import parquet_frame
from store_uptime.pipeline.source.frames import poll_rows, readable_frame

COLUMN = "timestamp_utc"


def newest_by_statistics(files: Sequence[DataFile], ceiling_us: int, mapping: SourceMapping) -> int | None:
    """The newest poll that would be accepted; None where that takes reading all of them.

    It is read where every file says its greatest instant, and a poll of the greatest of all is accepted.
    """
    maxima = [greatest(file, mapping) for file in files]
    told = [maximum for maximum in maxima if maximum is not None]
    if len(told) < len(files):
        return None
    newest = max(told, key=lambda maximum: maximum.us)
    if newest.us > ceiling_us:
        return None
    latest = [file for file, maximum in zip(files, maxima, strict=True) if maximum == newest]
    return newest.us if any(has_accepted(file, newest.us, mapping) for file in latest) else None


def greatest(file: DataFile, mapping: SourceMapping) -> Instant | None:
    """The greatest instant of a file's polls, as its end has it; None where Polars does not read the file."""
    found = file.columns("store_status", mapping)
    return file.maxima.get(found[COLUMN]) if found and file.for_polars else None


def has_accepted(file: DataFile, us: int, mapping: SourceMapping) -> bool:
    """Whether a file has an accepted poll of that very microsecond. Raises READ_ERRORS."""
    raw = parquet_frame([file], "store_status", mapping)
    polls = poll_rows(readable_frame(raw, "store_status", mapping, file.place.shown), StoreCodes(), mapping)
    return isinstance(polls, TypedPolls) and polls.has_accepted(us)
