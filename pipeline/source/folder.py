"""A folder of files as a source: each file is known by its content, whatever its name.

Folder   the source
scan     files of a table as lazy frames of raw rows, columns under the names of docs/semantics.md

Which files there are is found by `discovery.py`. Files of one form are one scan: `forms`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import polars as pl

from pipeline.clean import FILE, LINE
from pipeline.errors import SourceMismatch
from pipeline.mapping import AS_NAMED, SourceMapping
from pipeline.source.discovery import FoundFiles, found_files
from pipeline.source.files import DataFile, Kind
from pipeline.source.frames import READ_ERRORS, FrameTables, RawFrames, checked, first_words
from pipeline.source.text_files import FIRST_ROW, first_lines, text_frame
from pipeline.source.content import is_cut_off
from pipeline.tables import COLUMNS, Table


def folder(path: Path, mapping: SourceMapping = AS_NAMED) -> "Folder":
    """The source that a folder holds. Raises SourceUnreachable, SourceMismatch."""
    return Folder(found_files(path, mapping), mapping)


class Folder(FrameTables):
    """The three tables in the files of a folder."""

    def __init__(self, found: FoundFiles, mapping: SourceMapping = AS_NAMED) -> None:
        for table, files in found.tables.items():
            if not files:
                raise missing_table(found, table, mapping)
        self._files = found.tables
        super().__init__(
            {table: scan(files, table, mapping) for table, files in found.tables.items()}, found.source, mapping
        )
        self.remarks = found.remarks

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, READ_ERRORS):
            raise read_error(self.name, self._files, error, self.mapping) from error

    def located(self, rejected: pl.DataFrame) -> pl.DataFrame:
        """See `Source`. Lines are counted within each file only now, and only where there is a rejected row."""
        if rejected[FILE].null_count() == rejected.height:
            return rejected
        paths = set(rejected[FILE].unique())
        firsts = [pl.DataFrame(schema={FILE: pl.String, "first_line": pl.UInt32})]
        for table, files in self._files.items():
            for group in forms(files, table, self.mapping):
                if len(group) > 1 and group[0].kind is Kind.TEXT and not paths.isdisjoint(str(f.path) for f in group):
                    firsts.append(first_lines(group).collect(engine="streaming"))
        names = {str(file.path): file.name for files in self._files.values() for file in files}
        line = (pl.col(LINE) - pl.col("first_line").fill_null(FIRST_ROW) + FIRST_ROW).cast(pl.UInt32)
        return (
            rejected.join(pl.concat(firsts), on=FILE, how="left", maintain_order="left")
            .with_columns(line.alias(LINE), pl.col(FILE).replace(names))
            .drop("first_line")
        )


def missing_table(found: FoundFiles, table: Table, mapping: SourceMapping) -> SourceMismatch:
    """What to raise where no file is a table."""
    names = [mapping.columns.get(table, {}).get(column, column) for column in COLUMNS[table]]
    return SourceMismatch(
        found.source, f"no file has the columns of {table}", f"one needs the header {','.join(names)}{found.beside}"
    )


@dataclass(frozen=True)
class Form:
    """What files must have in common to be read by one scan. columns: for each of a table's its name in the file."""

    kind: Kind
    columns: tuple[tuple[str, str], ...]
    header: tuple[str, ...]
    types: tuple[str, ...]
    delimiter: str
    line_end: str
    for_polars: bool


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
        raise SourceMismatch(file.name, f"it does not have the columns of {table}", "another mapping reads it")
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
    )


def scan(files: Sequence[DataFile], table: Table, mapping: SourceMapping = AS_NAMED) -> RawFrames:
    """The rows of files of one table, raw, a frame for each form that they have.

    A frame has the table's columns and `file`, the absolute path; of text also `line` and `surplus`. `line` is right
    where a frame is of one file; in others it runs on: see `Folder.located`. Raises SourceMismatch.
    """
    return [scan_of_form(group, table, mapping) for group in forms(files, table, mapping)]


def scan_of_form(files: Sequence[DataFile], table: Table, mapping: SourceMapping) -> pl.LazyFrame:
    """The rows of files of one form."""
    try:
        return checked(unchecked(files, table, mapping), table, mapping, files[0].name)
    except READ_ERRORS as error:
        raise read_error(files[0].name, {table: list(files)}, error, mapping) from error


def unchecked(files: Sequence[DataFile], table: Table, mapping: SourceMapping) -> pl.LazyFrame:
    """The same, whatever the types of their columns."""
    if files[0].kind is Kind.TEXT:
        return text_frame(files, table, mapping)
    from pipeline.source.parquet_files import parquet_frame

    return parquet_frame(files, table, mapping)


def read_error(
    source: str, tables: dict[Table, list[DataFile]], error: BaseException, mapping: SourceMapping = AS_NAMED
) -> SourceMismatch:
    """What to raise where files cannot be read to their end: it names the first one of which that is so."""
    found = f"it cannot be read to its end ({first_words(error)})"
    for table, files in tables.items():
        for file in files:
            if is_cut_off(file.path):
                return SourceMismatch(file.name, found, "it is cut off: copy it again")
            if not can_be_read(file, table, mapping):
                return SourceMismatch(file.name, found, "it is damaged, or a quote in it is never closed")
    return SourceMismatch(source, found, "try once more")


def can_be_read(file: DataFile, table: Table, mapping: SourceMapping) -> bool:
    """Whether a file can be read to its end."""
    try:
        unchecked([file], table, mapping).select(pl.all().null_count()).collect(engine="streaming")
    except READ_ERRORS:
        return False
    return True
