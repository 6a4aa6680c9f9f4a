"""The files of a source: which there are, which table each one is, and which are passed over.

found_files   the one function by which `report` and `load` find files

What a file is follows from its content. Passed over without a word: hidden files, marks and checksums of other tools,
and what this program has written itself. Everything else that is not read is named, with the reason.
"""

import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from store_uptime.pipeline.data_warnings import DataWarning
from store_uptime.pipeline.errors import SourceMismatch, SourceMissing
from store_uptime.pipeline.mapping.mapping import AS_NAMED, SourceMapping
from store_uptime.pipeline.source.folder.content import PARQUET, CannotUnpack, beginnings, foreign
from store_uptime.pipeline.source.folder.data_file import DataFile, Kind, NotRead, PassedOver, listed, warnings_of
from store_uptime.pipeline.source.folder.odd_text import has_bare_delimiters, oddities
from store_uptime.pipeline.source.folder.own_files import is_own_header, is_own_json, is_own_workbook
from store_uptime.pipeline.source.folder.paths import is_hidden, is_utf8, partitions, path_bytes
from store_uptime.pipeline.source.folder.sizes import check_rows
from store_uptime.pipeline.source.folder.text_files import Header, has_header, headers, rejects_table
from store_uptime.pipeline.tables import COLUMNS, Table
from store_uptime.pipeline.text import printable

PACKED_TIMES = 8  # about how much larger a compressed file is when it is unpacked
MOST_COLUMNS = 1_000  # of text: Polars takes minutes for seventy thousand
HEADER_LETTERS = 80  # of a header that is shown
Found = tuple[Table, DataFile] | PassedOver | None
"""A file that is a table, one that is named, or one that nothing is said of."""


@dataclass(frozen=True)
class FoundFiles:
    """What is in a folder, in the order of the paths' bytes. source: the folder, printable."""

    source: str
    tables: dict[Table, list[DataFile]]
    passed_over: list[PassedOver]

    @property
    def remarks(self) -> list[DataWarning]:
        """What the user should know about it: that files were passed over."""
        return warnings_of(self.passed_over)


@dataclass(frozen=True)
class Place:
    """A file below a source. folders: between the source and the file; size: in bytes, as it lies there."""

    path: Path
    folders: tuple[str, ...]
    size: int = 0

    @property
    def name(self) -> str:
        """Its path below the source, printable."""
        return printable("/".join([*self.folders, self.path.name]))


def found_files(path: Path, mapping: SourceMapping = AS_NAMED) -> FoundFiles:
    """The data files of a folder and of the folders in it, or the one file that is named.

    Raises SourceMissing where something cannot be read, SourceMismatch where no file is one of the tables.
    """
    source = printable(path)
    tables: dict[Table, list[DataFile]] = {table: [] for table in COLUMNS}
    passed_over = []
    for place in places(path):
        found = looked_at(place, mapping)
        if isinstance(found, PassedOver):
            passed_over.append(found)
        elif found is not None:
            table, file = found
            tables[table].append(file)
    if not any(tables.values()):
        raise nothing_found(path, passed_over, mapping)
    return FoundFiles(source, {table: without_rejects(files) for table, files in tables.items()}, passed_over)


def without_rejects(files: list[DataFile]) -> list[DataFile]:
    """The files of a table; rejected rows count where they are all there is, for example once they are corrected."""
    return [file for file in files if not file.is_rejects] or files


def nothing_found(path: Path, passed_over: list[PassedOver], mapping: SourceMapping) -> SourceMismatch:
    """What to raise where no file is one of the tables."""
    known = "known are " + "; ".join(f"{table}: {','.join(header_of(table, mapping))}" for table in COLUMNS)
    needed = f"{known}{renaming(passed_over, list(COLUMNS), mapping)}"
    if path.is_file() and passed_over:
        return SourceMismatch(printable(path), passed_over[0].reason, needed)
    beside = f": {listed(passed_over)}" if passed_over else ""
    return SourceMismatch(printable(path), f"it holds no file that is one of the tables{beside}", needed)


def missing_table(found: FoundFiles, table: Table, mapping: SourceMapping) -> SourceMismatch:
    """What to raise where no file is a table: the header that one needs, and what was passed over."""
    beside = f"; passed over: {listed(found.passed_over)}" if found.passed_over else ""
    needed = f"one needs the header {','.join(header_of(table, mapping))}{beside}"
    remedy = renaming(found.passed_over, [table], mapping)
    return SourceMismatch(found.source, f"no file has the columns of {table}", f"{needed}{remedy}")


def header_of(table: Table, mapping: SourceMapping) -> list[str]:
    """What the columns of a table are called in a source."""
    return [mapping.column_name(table, column) for column in COLUMNS[table]]


def renaming(passed_over: list[PassedOver], tables: list[Table], mapping: SourceMapping) -> str:
    """How a mapping would make a table of the file that is most like one; empty where none is."""
    if not any(file.header for file in passed_over):
        return ""
    from store_uptime.pipeline.mapping.likeness import PROBABLE, naming, table_likeness

    likeness, table, header = max(
        (table_likeness(table, list(file.header)), table, list(file.header))
        for file in passed_over
        for table in tables
        if file.header
    )
    return f"; {naming(table, header, mapping)}" if likeness >= PROBABLE else ""


def places(path: Path) -> list[Place]:
    """The files of a folder that are not hidden, or the one file that is named, whatever its name.

    Raises SourceMissing, and SourceMismatch where the name of the folder or file is no text.
    """
    if not is_utf8(path):
        raise SourceMismatch(printable(path), "its name is not UTF-8", "rename it")
    top = path.absolute()
    try:
        if not top.exists():
            raise SourceMissing(printable(path), "there is no such folder or file")
        found = walked(top) if top.is_dir() else [Place(top, ())]
        return sorted(found, key=lambda place: path_bytes(place.path))
    except OSError as error:
        where = printable(error.filename if isinstance(error.filename, str) else path)
        raise SourceMissing(where, error.strerror or str(error)) from error


def walked(top: Path) -> Iterator[Place]:
    """The files below a folder. A folder that is reached twice, by links, counts once. Raises OSError."""
    waiting: list[tuple[Path, tuple[str, ...]]] = [(top, ())]
    seen = set()
    while waiting:
        folder, names = waiting.pop()
        status = folder.stat()
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as entries:
            shown = sorted((entry for entry in entries if not is_hidden(entry.name)), key=lambda e: path_bytes(e.name))
        yield from (Place(folder / entry.name, names) for entry in shown if not entry.is_dir())
        waiting += [(folder / entry.name, (*names, entry.name)) for entry in reversed(shown) if entry.is_dir()]


def looked_at(place: Place, mapping: SourceMapping) -> Found:
    """What a file is, by its name as far as that forbids to read it, then by its content. Raises SourceMissing."""
    try:
        status = place.path.stat()
        if not stat.S_ISREG(status.st_mode):
            return PassedOver(place.name, NotRead.NO_FILE)
        if not is_utf8(place.path):
            return PassedOver(place.name, NotRead.NAME)
        return by_content(replace(place, size=status.st_size), mapping)
    except CannotUnpack as error:
        return PassedOver(place.name, error.why)
    except (zlib.error, ValueError) as error:
        return PassedOver(place.name, NotRead.DAMAGED, str(error))
    except FileNotFoundError as error:
        if place.path.is_symlink():
            return PassedOver(place.name, NotRead.BROKEN_LINK)
        raise SourceMissing(printable(place.path), error.strerror or str(error)) from error
    except OSError as error:
        raise SourceMissing(printable(place.path), error.strerror or str(error)) from error


def by_content(place: Place, mapping: SourceMapping) -> Found:
    """What a file is by its first bytes. Raises what `beginnings` raises."""
    content, size = b"", place.size
    for packed, content in beginnings(place.path):
        if packed is None and content.startswith(PARQUET):
            return parquet(place, mapping)
        size = place.size if packed is None else PACKED_TIMES * place.size
        if has_header(content):
            break
    if is_own_json(content):
        return None
    why = foreign(content)
    if why is NotRead.ZIP and is_own_workbook(place.path):
        return None
    return text(replace(place, size=size), content, mapping) if why is None else PassedOver(place.name, why)


def text(place: Place, content: bytes, mapping: SourceMapping) -> Found:
    """What a text is by its header: the delimiter is the one with which it has a table's columns."""
    for header in headers(content):
        if is_own_header(header.names):
            return None
        if len(header.names) > MOST_COLUMNS:
            return PassedOver(place.name, NotRead.TOO_WIDE)
        file = text_file(place, header)
        if table := rejects_table(header.names) or table_of(file, mapping):
            return table, looked_through(file)
    doubts = (repeated_in(text_file(place, header), mapping) for header in headers(content))
    repeated = next(filter(None, doubts), None)
    if repeated is not None:
        return PassedOver(place.name, NotRead.REPEATED_COLUMN, repeated)
    if not has_header(content) and len(content) > HEADER_LETTERS * HEADER_LETTERS:
        return PassedOver(place.name, NotRead.NO_HEADER)
    likely = max(headers(content), key=lambda header: likeness_to_any(header.names))
    return unknown_header(place, likely.names, likely.delimiter)


def text_file(place: Place, header: Header) -> DataFile:
    """A file of text with a header."""
    return DataFile(
        place.path,
        place.name,
        Kind.TEXT,
        place.size,
        header.names,
        delimiter=header.delimiter,
        line_end=header.line_end,
        partitions=partitions(place.folders),
        is_rejects=rejects_table(header.names) is not None,
    )


def looked_through(file: DataFile) -> DataFile:
    """A file of text, and whether Polars reads it; what is damaged is told once it is read."""
    try:
        odd = oddities(file)
        is_clear = not (odd.has_empty_lines and has_bare_delimiters(file))
    except (OSError, EOFError, ValueError, zlib.error):
        return file
    return replace(file, for_polars=odd.is_well_quoted and is_clear, has_empty_lines=odd.has_empty_lines)


def parquet(place: Place, mapping: SourceMapping) -> Found:
    """What a Parquet file is by the columns that its end names."""
    from pyarrow import ArrowException

    from store_uptime.pipeline.source.folder.parquet_files import footer, has_end

    if not has_end(place.path):
        return PassedOver(place.name, NotRead.CUT_OFF)
    try:
        end = footer(place.path)
    except (ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # pyarrow has no number for its own
            raise
        return PassedOver(place.name, NotRead.DAMAGED, str(error).partition("\n")[0])
    if end.is_ours:
        return None
    check_rows(place.path, place.size, end.rows, end.unpacked)
    file = DataFile(
        place.path,
        place.name,
        Kind.PARQUET,
        PACKED_TIMES * place.size,
        end.header,
        types=end.types,
        for_polars=end.for_polars,
        partitions=partitions(place.folders),
    )
    if table := table_of(file, mapping):
        return table, file
    if repeated := repeated_in(file, mapping):
        return PassedOver(place.name, NotRead.REPEATED_COLUMN, repeated)
    return unknown_header(place, end.header, ",")


def table_of(file: DataFile, mapping: SourceMapping) -> Table | None:
    """The table whose columns a file has, each once."""
    return next((table for table in COLUMNS if file.columns(table, mapping)), None)


def repeated_in(file: DataFile, mapping: SourceMapping) -> str | None:
    """The names that keep a file from being a table because they stand in its header more than once."""
    for table in COLUMNS:
        found = mapping.found_columns(table, list(dict.fromkeys(file.present)))
        if found:
            return ",".join(name for name in found.values() if file.present.count(name) > 1)
    return None


def unknown_header(place: Place, names: tuple[str, ...], delimiter: str) -> PassedOver:
    """A file that has the columns of no table."""
    return PassedOver(place.name, NotRead.UNKNOWN_HEADER, shown_header(delimiter.join(names)), names)


def likeness_to_any(names: tuple[str, ...]) -> float:
    """How much a header is like that of a table: the right delimiter makes it so."""
    from store_uptime.pipeline.mapping.likeness import (
        table_likeness,  # difflib is only needed where a header is unknown
    )

    return max(table_likeness(table, list(names)) for table in COLUMNS)


def shown_header(header: str) -> str:
    """A header for people, not longer than a line."""
    line = printable(header)
    return line if len(line) <= HEADER_LETTERS else line[: HEADER_LETTERS - 1] + "…"
