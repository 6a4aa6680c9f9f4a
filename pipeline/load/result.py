"""The result of a load: counts by file and by table, and warnings."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from store_uptime.pipeline.clean.split import TableCounts
from store_uptime.pipeline.tables import Table


@dataclass(frozen=True)
class LoadedFile:
    """The counts of one file: rows read = accepted + rejected; `added` rows are new in the table.

    Of polls, accepted - added rows were there already, or stood in an earlier file or line. replaced: how many rows of
    hours, zones or stores were replaced; those of a store in several files count at the first of them, and those of
    stores in no file at the first of all. file: its path, of an object its key. name: its path below the loaded folder,
    printable. rejected: how many rows for each reason. rejects: the file with the rejected rows, None where there are
    none. reasons_added: how many polls that were there without a reason have got one.
    """

    file: PurePath
    name: str
    table: Table
    accepted: int
    rejected: dict[str, int]
    added: int
    replaced: int
    rejects: Path | None
    reasons_added: int = 0


@dataclass(frozen=True)
class LoadedTable:
    """The sums of all files of a table."""

    files: int
    accepted: int
    rejected: dict[str, int]
    added: int
    replaced: int
    reasons_added: int = 0


@dataclass(frozen=True)
class Loaded:
    """The result of a load: the counts of its files, and the warnings about its data as sentences."""

    files: tuple[LoadedFile, ...]
    warnings: list[str]

    @property
    def tables(self) -> dict[Table, LoadedTable]:
        """The sums of each table that had files."""
        by_table: dict[Table, list[LoadedFile]] = {}
        for file in self.files:
            by_table.setdefault(file.table, []).append(file)
        return {table: sum_files(files) for table, files in by_table.items()}


def sum_files(files: Sequence[LoadedFile]) -> LoadedTable:
    rejected: Counter[str] = sum((Counter(file.rejected) for file in files), Counter())
    accepted, added, replaced, reasons = (
        sum(getattr(file, name) for file in files) for name in ("accepted", "added", "replaced", "reasons_added")
    )
    return LoadedTable(len(files), accepted, dict(rejected), added, replaced, reasons)


def table_counts(files: Sequence[LoadedFile]) -> dict[Table, TableCounts]:
    """How many rows of each table were accepted, and rejected for what."""
    return {table: TableCounts(sums.accepted, sums.rejected) for table, sums in Loaded(tuple(files), []).tables.items()}
