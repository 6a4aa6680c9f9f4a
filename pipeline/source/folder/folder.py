"""The files of a folder in, a `Source` out: the content of a file decides what it is, not its name.

Folder   the source
scan     files of a table as lazy frames of raw rows, columns under the names of docs/semantics.md

Which files there are is found by `discovery.py`. Files of one form are one scan: `forms`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

import polars as pl

from store_uptime.pipeline.clean.raw import PollRows, RawFrames, SearchablePolls
from store_uptime.pipeline.errors import SourceBusy, SourceMismatch
from store_uptime.pipeline.mapping.mapping import AS_NAMED, SourceMapping
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.packing import StoreCodes
from store_uptime.pipeline.source.folder.content import is_cut_off
from store_uptime.pipeline.source.folder.data_file import DataFile, Kind
from store_uptime.pipeline.source.folder.discovery import FoundFiles, missing_table
from store_uptime.pipeline.source.folder.fetched import fetched_frame, still_stored
from store_uptime.pipeline.source.folder.places import Place
from store_uptime.pipeline.source.folder.pruned_polls import PrunedPolls
from store_uptime.pipeline.source.folder.small_files import frames
from store_uptime.pipeline.source.folder.text_files import text_frame
from store_uptime.pipeline.source.folder.time_spans import is_needed, time_column
from store_uptime.pipeline.source.frames import (
    READ_ERRORS,
    REASON,
    REASON_COLUMNS,
    FrameTables,
    first_words,
    poll_rows,
    readable_frame,
    rows_of_store,
)
from store_uptime.pipeline.source.protocol import ALL_TABLES
from store_uptime.pipeline.tables import COLUMNS, Table

POLLS: Table = "store_status"
DELETED = "it was deleted while it was being read"


class Folder(FrameTables):
    """The three tables in the files of a folder, or in the objects of a bucket. tables: its files by table."""

    is_of_files = True

    def __init__(self, found: FoundFiles, mapping: SourceMapping = AS_NAMED) -> None:
        for table in COLUMNS:
            if not found.tables[table]:
                raise missing_table(found, table, mapping)
        self.tables = found.tables
        super().__init__(scans(found.tables, mapping), found.source, mapping)
        self.files = [place.target for place in self.places()]
        self.warnings = found.warnings
        self.version = found.version

    def polls(self, horizon: Horizon, store: str | None) -> Sequence[PollRows]:
        """See `Source`."""
        return self._parts if store is None else self._parts_of(store)

    def tables_for(self, horizon: Horizon) -> dict[Table, list[DataFile]]:
        """The files that a report of all stores reads: of polls only those that the horizon needs."""
        return {**self.tables, POLLS: [file for file in self.tables[POLLS] if is_needed(file, horizon, self.mapping)]}

    @contextmanager
    def opened(self, tables: Sequence[Table] = ALL_TABLES) -> Iterator[Self]:
        """See `Source`. Raises SourceBusy too, where an object was replaced meanwhile."""
        with super().opened(tables) as opened:
            yield opened
            # Polars does not compare etags.
            still_stored(file for table in tables for file in opened.tables[table])

    def _begin(self) -> None:
        self.codes = StoreCodes()
        self._parts = self._parts_of(None)

    def _parts_of(self, store: str | None) -> list[SearchablePolls]:
        """The polls of one store or of all, those of files of one form together."""

        def parts(files: Sequence[DataFile]) -> list[SearchablePolls]:
            raw = rows_of_store(frames_of_form(files, POLLS, self.mapping), store)
            return [poll_rows(frame, self.codes, self.mapping) for frame in raw]

        found: list[SearchablePolls] = []
        for files in forms(self.tables[POLLS], POLLS, self.mapping):
            if time_column(files[0], self.mapping) is None:
                found += parts(files)
            else:
                found.append(PrunedPolls(files, self.mapping, parts, are_whole=store is None))
        return found

    def _take(self, files: dict[Table, list[DataFile]]) -> None:
        """Read these files from now on; the numbers of stores stay."""
        self.tables = files
        self._keep(scans(files, self.mapping))
        self._parts = self._parts_of(None)

    def _polls_within(self, horizon: Horizon) -> RawFrames:
        files = [file for file in self.tables[POLLS] if is_needed(file, horizon, self.mapping)]
        return scan(files or self.tables[POLLS], POLLS, self.mapping)

    def places(self) -> Iterator[Place]:
        """Where its files are."""
        return (file.place for files in self.tables.values() for file in files)

    def reasons(self, horizon: Horizon, store: str | None) -> RawFrames:
        """See `Source`."""
        needed = self.tables_for(horizon)[POLLS]
        with_reason = [file for file in needed if REASON in (file.columns(POLLS, self.mapping) or {})]
        return [frame.select(REASON_COLUMNS) for frame in rows_of_store(scan(with_reason, POLLS, self.mapping), store)]

    def _read_error(self, error: BaseException) -> SourceMismatch:
        return read_error(self.name, self.tables, error, self.mapping)


def scans(files: Mapping[Table, Sequence[DataFile]], mapping: SourceMapping) -> dict[Table, RawFrames]:
    """The rows of each table, raw. Raises SourceMismatch, which names the file."""
    return {table: scan(files[table], table, mapping) for table in ALL_TABLES}


@dataclass(frozen=True)
class Form:
    """What files must have in common to be read by one scan. columns: the name of each column in the file."""

    kind: Kind
    columns: tuple[tuple[str, str], ...]
    header: tuple[str, ...]
    types: tuple[str, ...]
    delimiter: str
    line_end: str
    for_polars: bool
    has_empty_lines: bool


def forms(files: Iterable[DataFile], table: Table, mapping: SourceMapping) -> list[list[DataFile]]:
    """The files of a table, those of one form together. Raises SourceMismatch for one that is of another table."""
    groups: dict[Form, list[DataFile]] = {}
    for file in files:
        groups.setdefault(form(file, table, mapping), []).append(file)
    return list(groups.values())


def form(file: DataFile, table: Table, mapping: SourceMapping) -> Form:
    """The form of a file. Of text the whole header counts, of Parquet the types of the table's columns."""
    found = file.columns(table, mapping)
    if found is None:
        raise SourceMismatch(
            file.place.printable_name, f"it does not have the columns of {table}", "another mapping reads it"
        )
    own = {name for name in found.values() if name in file.header}
    is_text = file.kind is Kind.TEXT
    return Form(
        kind=file.kind,
        columns=tuple(found.items()),
        header=file.header if is_text else tuple(sorted(own)),
        types=tuple(kind for name, kind in zip(file.header, file.types, strict=not is_text) if name in own),
        delimiter=file.delimiter,
        line_end=file.line_end,
        for_polars=file.for_polars,
        has_empty_lines=file.has_empty_lines,
    )


def scan(files: Sequence[DataFile], table: Table, mapping: SourceMapping = AS_NAMED) -> RawFrames:
    """The rows of files of one table, raw, in one or more frames; one file is one frame.

    A frame has the table's columns and `file`, its name below the source; of text also `line` and what is beyond the
    header. Raises SourceMismatch, which names the file.
    """
    return [frame for group in forms(files, table, mapping) for frame in frames_of_form(group, table, mapping)]


def frames_of_form(files: Sequence[DataFile], table: Table, mapping: SourceMapping) -> RawFrames:
    """The rows of files of one form."""
    try:
        raw = frames(files, partial(read, table=table, mapping=mapping))
        return [readable_frame(frame, table, mapping, files[0].place.printable_name) for frame in raw]
    except READ_ERRORS as error:
        raise read_error(files[0].place.printable_name, {table: list(files)}, error, mapping) from error


def read(files: Sequence[DataFile], table: Table, mapping: SourceMapping) -> pl.LazyFrame:
    """The rows of files of one form, by one scan."""
    if files[0].kind is Kind.TEXT:
        on_disk = partial(text_frame, table=table, mapping=mapping)
        return fetched_frame(files, on_disk) if files[0].is_stored else on_disk(files)
    from store_uptime.pipeline.source.folder.parquet_files import parquet_frame

    return parquet_frame(files, table, mapping)


def read_error(
    source: str, tables: dict[Table, list[DataFile]], error: BaseException, mapping: SourceMapping = AS_NAMED
) -> SourceMismatch:
    """The error where files cannot be read to their end: it names the first such file.

    Raises SourceBusy where one is gone, or an object has been replaced, since it was listed, and what `storage` raises.
    """
    still_stored(file for files in tables.values() for file in files)
    for file, table in ((file, table) for table, files in tables.items() for file in files):
        own = error_of(file, table, mapping)
        if own is not None:
            if not file.is_stored and not Path(file.place.path).exists():
                raise SourceBusy(file.place.printable_name, DELETED) from own
            remedy = "it is cut off" if is_cut_off(file.place) else "it is damaged"
            return unreadable(file.place.printable_name, own, remedy)
    return unreadable(source, error, "each of its files can be read: if one was being written meanwhile, try once more")


def unreadable(name: str, error: BaseException, remedy: str) -> SourceMismatch:
    """The error where something cannot be read to its end."""
    return SourceMismatch(name, f"it cannot be read to its end ({first_words(error)})", remedy)


def error_of(file: DataFile, table: Table, mapping: SourceMapping) -> BaseException | None:
    """The error of reading a file alone, to its end."""
    try:
        frame = readable_frame(read([file], table, mapping), table, mapping, file.place.printable_name)
        frame.select(pl.all().null_count()).collect(engine="streaming")
    except READ_ERRORS as error:
        return error
    return None
