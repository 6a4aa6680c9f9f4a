"""A file in, what it is by its content out: a table, a file that is not read, with the reason, or None."""

import re
import stat
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from store_uptime.pipeline.mapping.likeness import table_likeness
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.source.folder.content import CannotUnpack, first_bytes
from store_uptime.pipeline.source.folder.data_file import DataFile, Kind, NotRead, PassedOver
from store_uptime.pipeline.source.folder.footer import footer, has_end
from store_uptime.pipeline.source.folder.odd_text import has_bare_delimiters, oddities
from store_uptime.pipeline.source.folder.own_files import is_own_header, is_own_json, is_own_workbook
from store_uptime.pipeline.source.folder.paths import hive_partitions, is_utf8
from store_uptime.pipeline.source.folder.places import StoredFile
from store_uptime.pipeline.source.folder.sizes import check_rows
from store_uptime.pipeline.source.folder.text_files import Header, has_header, headers, rejects_table
from store_uptime.pipeline.source.folder.unreadable import PARQUET, unreadable_reason
from store_uptime.pipeline.source.folder.walk import FileBelow
from store_uptime.pipeline.tables import ATTRIBUTE, COLUMNS, OPTIONAL_COLUMNS, VARIANTS, Table
from store_uptime.pipeline.text import printable

PACKED_TIMES = 8  # about how much larger a compressed file is when it is unpacked
MOST_COLUMNS = 1_000  # of text: Polars takes minutes for seventy thousand
HEADER_LETTERS = 80  # of a header that is shown
KNOWN_OBJECTS = 20_000
NUMBERED_STORES = re.compile(r"stores[^a-z]")  # the beginning of a name such as `stores-2024-05`
DATED: tuple[Table, ...] = ("menu_hours", "timezones")
Classified = tuple[Table, DataFile] | PassedOver | None
"""A file that is a table; one that is not read, with the reason; None: one that is not mentioned."""


def classify(below: FileBelow, mapping: SourceMapping) -> Classified:
    """What a file is, by its name where that cannot be read, else by its content.

    Raises SourceMissing, and of an object what `storage` raises.
    """
    try:
        if not isinstance(below.place, StoredFile):
            return classify_path(below, Path(below.place.path), mapping)
        if below.place.object.etag is None:  # nothing tells whether it is still the same
            return classify_content(below, mapping)
        return classify_object(below, Reading(type(mapping), mapping.digest, mapping))
    except CannotUnpack as error:
        return PassedOver(below.name, error.why)
    except (zlib.error, ValueError) as error:
        return PassedOver(below.name, NotRead.DAMAGED, str(error))
    except OSError as error:
        raise below.place.error_of(error) from error


@dataclass(frozen=True)
class Reading:
    """A mapping, comparable by what it says."""

    kind: type[SourceMapping]
    digest: str
    mapping: SourceMapping = field(compare=False)


@lru_cache(KNOWN_OBJECTS)  # a service looks at the same objects again and again
def classify_object(below: FileBelow, reading: Reading) -> Classified:
    """The same of an object, remembered: under its etag it stays as it is. Raises what `first_bytes` raises."""
    return classify_content(below, reading.mapping)


def classify_path(below: FileBelow, path: Path, mapping: SourceMapping) -> Classified:
    """The same of a file on the disk. Raises OSError, and what `first_bytes` raises."""
    try:
        status = path.stat()
    except FileNotFoundError:
        if path.is_symlink():
            return PassedOver(below.name, NotRead.BROKEN_LINK)
        raise
    if not stat.S_ISREG(status.st_mode):
        return PassedOver(below.name, NotRead.NO_FILE)
    if not is_utf8(path):
        return PassedOver(below.name, NotRead.NAME)
    return classify_content(replace(below, size=status.st_size), mapping)


def classify_content(below: FileBelow, mapping: SourceMapping) -> Classified:
    """What a file is by its first bytes. Raises what `first_bytes` raises."""
    content, size = b"", below.size
    for packed, content in first_bytes(below.place):
        if packed is None and content.startswith(PARQUET):
            return classify_parquet(below, mapping)
        size = below.size if packed is None else PACKED_TIMES * below.size
        if has_header(content):
            break
    if is_own_json(content):
        return None
    why = unreadable_reason(content)
    if why is NotRead.ZIP:
        with below.place.open() as opened:
            if is_own_workbook(opened):
                return None
    return classify_text(replace(below, size=size), content, mapping) if why is None else PassedOver(below.name, why)


def classify_text(below: FileBelow, content: bytes, mapping: SourceMapping) -> Classified:
    """What a text is by its header: the delimiter is the one with which it has a table's columns."""
    for header in headers(content):
        if is_own_header(header.names):
            return None
        if len(header.names) > MOST_COLUMNS:
            return PassedOver(below.name, NotRead.TOO_WIDE)
        file = text_file(below, header)
        if table := rejects_table(header.names) or table_of(file, below, mapping):
            return known_file(table, with_oddities(file), mapping)
    doubts = (repeated_in(text_file(below, header), mapping) for header in headers(content))
    repeated = next(filter(None, doubts), None)
    if repeated is not None:
        return PassedOver(below.name, NotRead.REPEATED_COLUMN, repeated)
    if not has_header(content) and len(content) > HEADER_LETTERS * HEADER_LETTERS:
        return PassedOver(below.name, NotRead.NO_HEADER)
    likely = max(headers(content), key=lambda header: likeness_to_any(header.names))
    return unknown_header(below, likely.names, likely.delimiter)


def text_file(below: FileBelow, header: Header) -> DataFile:
    return DataFile(
        below.place,
        below.name,
        Kind.TEXT,
        below.size,
        header.names,
        delimiter=header.delimiter,
        line_end=header.line_end,
        partitions=hive_partitions(below.folders),
        is_rejects=rejects_table(header.names) is not None,
    )


def with_oddities(file: DataFile) -> DataFile:
    """A file of text, with the oddities that Polars does not read."""
    try:
        found = oddities(file)
        is_clear = not (found.has_empty_lines and has_bare_delimiters(file))
    except (OSError, EOFError, ValueError, zlib.error):
        return file  # it is damaged further down: the error of reading it names the table too
    return replace(file, for_polars=found.is_well_quoted and is_clear, has_empty_lines=found.has_empty_lines)


def classify_parquet(below: FileBelow, mapping: SourceMapping) -> Classified:
    """What a Parquet file is by the columns that its end names. Raises OSError, and ValueError where it is damaged."""
    if not has_end(below.place):
        return PassedOver(below.name, NotRead.CUT_OFF)
    end = footer(below.place)
    if end.is_ours:
        return None
    check_rows(below.place, below.size, end.rows, end.unpacked)
    from store_uptime.pipeline.source.folder.parquet_files import parquet_columns  # which imports Polars

    columns = parquet_columns(below.place, end)
    file = DataFile(
        below.place,
        below.name,
        Kind.PARQUET,
        PACKED_TIMES * below.size,
        columns.header,
        types=columns.types,
        rows=end.rows if end.is_consistent else None,
        group_rows=end.group_rows,
        minima=end.minima,
        maxima=end.maxima,
        nulls=end.nulls,
        for_polars=columns.for_polars,
        partitions=hive_partitions(below.folders),
    )
    if table := table_of(file, below, mapping):
        return known_file(table, file, mapping)
    if repeated := repeated_in(file, mapping):
        return PassedOver(below.name, NotRead.REPEATED_COLUMN, repeated)
    return unknown_header(below, columns.header, ",")


def table_of(file: DataFile, below: FileBelow, mapping: SourceMapping) -> Table | None:
    """The table whose columns a file has; where those are several, a folder of the name of one of them decides."""
    fitting = [table for table in COLUMNS if file.columns(table, mapping)]
    if not fitting:
        found = file.columns("stores", mapping)
        return "stores" if found is not None and are_of_stores(found, below, mapping) else None
    if len(fitting) > 1:
        names = {name: table for table in fitting for name in (table, mapping.table_name(table))}
        fitting = [names[folder] for folder in reversed(below.folders) if folder in names] + fitting
    return next(iter(fitting), None)


def are_of_stores(found: Mapping[str, str], below: FileBelow, mapping: SourceMapping) -> bool:
    """Whether columns that no other table has are those of `stores`: by `name` among them, or by what the file or a
    folder is called. found: see `found_columns`."""
    called = {"stores", mapping.table_name("stores").rpartition(".")[2].lower()}
    stem = below.place.path.name.partition(".")[0].lower()
    if stem in called:
        return True
    # Polls of which one column is called otherwise are polls all the same, and the mistake must come to light.
    of_others = {mapping.column_name(table, column) for table, columns in COLUMNS.items() for column in columns}
    if not found.keys().isdisjoint(ATTRIBUTE + name for name in (*of_others, *VARIANTS)):
        return False
    folders = {folder.lower() for folder in below.folders}
    return "name" in found or not called.isdisjoint(folders) or NUMBERED_STORES.match(stem) is not None


def repeated_in(file: DataFile, mapping: SourceMapping) -> str | None:
    """The names that occur more than once in its header, so that a file is no table."""
    once = list(dict.fromkeys(file.present))
    for table in COLUMNS:
        found = mapping.found_columns(table, once)
        if found:
            return ",".join(name for name in found.values() if file.present.count(name) > 1)
    return None


def known_file(table: Table, file: DataFile, mapping: SourceMapping) -> Classified:
    """A file of a table, unless its header has a date more than once: without it, rows would hold always."""
    dates = [mapping.column_name(table, column) for column in OPTIONAL_COLUMNS[table] if table in DATED]
    repeated = ",".join(name for name in dates if file.present.count(name) > 1)
    return PassedOver(file.name, NotRead.REPEATED_COLUMN, repeated) if repeated else (table, file)


def unknown_header(below: FileBelow, names: tuple[str, ...], delimiter: str) -> PassedOver:
    return PassedOver(below.name, NotRead.UNKNOWN_HEADER, shown_header(delimiter.join(names)), names)


def likeness_to_any(names: tuple[str, ...]) -> float:
    """The likeness of a header to that of a table, which is highest with the right delimiter."""
    return max(table_likeness(table, list(names)) for table in COLUMNS)


def shown_header(header: str) -> str:
    line = printable(header)
    return line if len(line) <= HEADER_LETTERS else line[: HEADER_LETTERS - 1] + "…"
