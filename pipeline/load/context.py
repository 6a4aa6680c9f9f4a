"""What the steps of a load share, and how they count the rows of its files."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Literal

import polars as pl
import psycopg

from store_uptime.pipeline.clean.columns import FILE
from store_uptime.pipeline.load.reject_files import RejectFiles
from store_uptime.pipeline.load.result import LoadedFile
from store_uptime.pipeline.load.row_samples import RowSamples
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.source.folder.data_file import DataFile
from store_uptime.pipeline.tables import Table

ReplacedStores = Literal["listed", "all"]
Progress = Callable[[PurePath, int], None]
"""Called with a file and how many of its rows have been read so far."""
Changed = Iterable[tuple[int, ...]]
"""The number of a file, and how many rows of a table were added and replaced by it; of polls also how many reasons were
added to those that were there."""


@dataclass(frozen=True)
class LoadContext:
    """What the steps of a load share."""

    connection: psycopg.Connection
    rejects: RejectFiles
    mapping: SourceMapping
    replaced_stores: ReplacedStores
    progress: Progress | None
    samples: RowSamples


@dataclass
class FileCounts:
    """How many rows of a file have been accepted so far, and rejected for each reason."""

    file: PurePath
    accepted: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    def count(self, reason: str | None, rows: int) -> None:
        """Count further rows, all accepted (no reason) or rejected for one reason."""
        if reason is None:
            self.accepted += rows
        else:
            self.rejected[reason] += rows

    @property
    def rows(self) -> int:
        return self.accepted + self.rejected.total()


def tally_rows(counts: Mapping[str, FileCounts], batch: pl.DataFrame, progress: Progress | None) -> None:
    """Count further rows, by their `file` and `reason`."""
    for name, reason, rows in batch.group_by(FILE, "reason", maintain_order=True).len().iter_rows():
        counts[name].count(reason, rows)
        if progress is not None:
            progress(counts[name].file, counts[name].rows)


def loaded_files(
    load: LoadContext, table: Table, files: Sequence[DataFile], counts: Mapping[str, FileCounts], changed: Changed
) -> list[LoadedFile]:
    """The result of the files of a table."""
    by_number = {number: numbers for number, *numbers in changed}
    loaded = []
    for number, file in enumerate(files):
        added, replaced, *reasons = by_number.get(number, (0, 0))
        loaded.append(
            LoadedFile(
                file.place.path,
                file.name,
                table,
                counts[file.name].accepted,
                dict(counts[file.name].rejected),
                added,
                replaced,
                load.rejects.path(file.name),
                sum(reasons),
            )
        )
    return loaded
