"""Parquet files of polls in, their polls out, without a look at the files that a horizon does not need.

PrunedPolls    the polls of files of one form whose times are typed
UnopenedPolls  those of files that were not opened, so that nobody knows how many there are

Both are `SearchablePolls`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from store_uptime.pipeline.clean.raw import NO_POLLS, NO_REJECTS, PackedRows, PollRows
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.packing import PollKeys
from store_uptime.pipeline.source.folder.data_file import DataFile
from store_uptime.pipeline.source.folder.newest import newest_of_files
from store_uptime.pipeline.source.folder.time_spans import is_needed


@dataclass(frozen=True)
class PrunedPolls:
    """The polls of files of one form whose times are typed.

    parts_of: the polls of some of the files. are_whole: these are the polls of all stores, so that the files' ends say
    how many there are.
    """

    files: Sequence[DataFile]
    mapping: SourceMapping
    parts_of: Callable[[Sequence[DataFile]], Sequence[PollRows]]
    are_whole: bool = True

    def read(self, keys: PollKeys, horizon: Horizon) -> PackedRows:
        """See `PollRows`."""
        needed = [file for file in self.files if is_needed(file, horizon, self.mapping)]
        read = [part.read(keys, horizon) for part in (self.parts_of(needed) if needed else ())]
        return PackedRows(
            pl.concat([NO_POLLS, *(rows.polls for rows in read)]),
            pl.concat([NO_REJECTS, *(rows.rejected for rows in read)]),
        )

    def newest_us(self, ceiling_us: int) -> int | None:
        """See `SearchablePolls`."""
        return newest_of_files(self.files, ceiling_us, self.mapping)

    def height(self) -> int | None:
        """See `PollRows`."""
        told = [file.rows for file in self.files if file.rows is not None]
        if self.are_whole and len(told) == len(self.files):
            return sum(told)
        heights = [part.height() for part in self.parts_of(self.files)]
        return sum(height for height in heights if height is not None)


@dataclass(frozen=True)
class UnopenedPolls:
    """The polls of files that were not opened, since they are older than any horizon that is asked for."""

    def read(self, keys: PollKeys, horizon: Horizon) -> PackedRows:
        """See `PollRows`."""
        return PackedRows(NO_POLLS)

    def newest_us(self, ceiling_us: int) -> int | None:
        """See `SearchablePolls`."""
        return None

    def height(self) -> int | None:
        """See `PollRows`."""
        return None
