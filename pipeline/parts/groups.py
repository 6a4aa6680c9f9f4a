"""The files of a source in, groups of them out, each of which one task reads.

Groups are in the order in which one process reads the rows, so that rejected rows come in the same order.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from store_uptime.pipeline.clean.raw import RawFrames
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.source.folder.data_file import DataFile
from store_uptime.pipeline.source.folder.folder import forms, scan
from store_uptime.pipeline.source.folder.small_files import LARGE_BYTES
from store_uptime.pipeline.tables import Table

SHARES: Mapping[Table, float] = {"store_status": 2, "menu_hours": 0.5, "timezones": 0.5}
"""How many rows a group has, by the polls of a part: a poll is held as eight bytes while it is spread, and other rows
as they are."""
FILES = 500
TEXT_BYTES = 60
"""About how many bytes a row of text has."""


@dataclass(frozen=True)
class Group:
    """Files of one form of a table. rows: only so many of the one file, from a first one on; None: all of all files."""

    table: Table
    files: tuple[DataFile, ...]
    rows: tuple[int, int | None] | None = None

    @property
    def row_count(self) -> int:
        """How many rows it has, about."""
        whole = sum(map(row_count, self.files))
        if self.rows is None:
            return whole
        first, count = self.rows
        return whole - first if count is None else count

    def frames(self, mapping: SourceMapping) -> RawFrames:
        """Its raw rows: see `scan`. Raises SourceMismatch."""
        frames = scan(self.files, self.table, mapping)
        return frames if self.rows is None else [frame.slice(*self.rows) for frame in frames]


def groups(files: Sequence[DataFile], table: Table, mapping: SourceMapping, polls_of_a_part: int) -> list[Group]:
    """The files of a table in groups of some million rows; a large file of Parquet is several."""
    most = max(1, int(SHARES[table] * polls_of_a_part))
    return [group for form in forms(files, table, mapping) for group in groups_of_form(form, table, most)]


def groups_of_form(files: Sequence[DataFile], table: Table, most: int) -> Iterator[Group]:
    # Large files come first, as `small_files.frames` has them.
    ordered = sorted(files, key=lambda file: file.size < LARGE_BYTES)
    some: list[DataFile] = []
    for file in ordered:
        if some and (sum(map(row_count, some)) + row_count(file) > most or len(some) == FILES):
            yield Group(table, tuple(some))
            some = []
        if file.rows is None or file.rows <= most:
            some.append(file)
        else:
            firsts = range(0, file.rows, most)
            yield from (Group(table, (file,), (first, most)) for first in firsts[:-1])
            # To the end, which is another one if the file has been replaced since it was listed.
            yield Group(table, (file,), (firsts[-1], None))
    if some:
        yield Group(table, tuple(some))


def row_count(file: DataFile) -> int:
    """How many rows a file has; of text about how many."""
    return file.size // TEXT_BYTES if file.rows is None else file.rows
