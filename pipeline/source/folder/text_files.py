"""Files of text in, their headers, and their rows as a lazy frame, out.

The header tells delimiter and line end. Files of one form are one scan, however many there are.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from typing import TYPE_CHECKING

from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.source.folder.data_file import OF_REJECTS, DataFile
from store_uptime.pipeline.tables import COLUMNS, OPTIONAL_COLUMNS, Table

if TYPE_CHECKING:
    import polars as pl

    from store_uptime.pipeline.source.folder.odd_text import Row

DELIMITERS = (",", ";", "\t", "|")
FIRST_LINE = re.compile(r'(?:[^"\r\n]|"[^"]*(?:"|\Z))*(\r\n|\n|\r|\Z)')
BATCH_FIELDS, BATCH_LETTERS = 1 << 19, 1 << 25
FIRST_ROW = 2
"""The line of a file's first row, where no field holds a line break."""


@dataclass(frozen=True)
class Header:
    """The first line of a text. names: as written; empty: no delimiter gives a table's columns."""

    names: tuple[str, ...]
    delimiter: str
    line_end: str


def has_header(content: bytes) -> bool:
    """Whether the first line ends within the content."""
    match = FIRST_LINE.match(decoded(content))
    return match is not None and match[1] != ""


def decoded(content: bytes) -> str:
    return content.decode("utf-8-sig", errors="replace")


def headers(content: bytes) -> Iterator[Header]:
    """The headers that the first line is, one per delimiter."""
    text = decoded(content)
    match = FIRST_LINE.match(text)
    first, line_end = (text, "") if match is None else (text[: match.start(1)], match[1])
    for delimiter in DELIMITERS:
        yield Header(fields(first, delimiter), delimiter, "\r" if line_end == "\r" else "\n")


@cache  # of thousands of files nearly all have the same header
def fields(line: str, delimiter: str) -> tuple[str, ...]:
    """The fields of one line."""
    try:
        return tuple(next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter), ()))
    except csv.Error:
        return ()


def rejects_table(names: Sequence[str]) -> Table | None:
    """The table of which a file with this header holds rejected rows that this program has written."""
    for table, columns in COLUMNS.items():
        dates = [name for name in OPTIONAL_COLUMNS[table] if name in names and name not in OF_REJECTS]
        now = ("file", "line", "reason", *columns, *dates, "surplus")
        if tuple(names) in (now, now[:-1], now[1:-1]):  # the others are of earlier versions
            return table
    is_of_stores = tuple(names[:5]) == ("file", "line", "reason", "store_id", "name") and names[-1] == "surplus"
    return "stores" if is_of_stores else None


def text_frame(files: Sequence[DataFile], table: Table, mapping: SourceMapping) -> "pl.LazyFrame":
    """Raw rows of files of one form: the table's columns, all text, and `file`, `line`, and those of `surplus_fields`.

    Bytes that are not UTF-8 become U+FFFD, a missing field is null, and what a row has beyond its header stands in
    columns of its own, so that one bad row does not fail the file. Of rejected rows of ours `surplus` is as it was.
    """
    import polars as pl

    from store_uptime.pipeline.clean.columns import BEYOND_HEADER, FILE, LINE, MISQUOTED, SURPLUS
    from store_uptime.pipeline.source.folder.columns import file_column, partition_column

    found = files[0].columns(table, mapping) or {}
    position = {name: str(number) for number, name in enumerate(files[0].header)}
    surplus_column = [pl.col(position[SURPLUS]).alias(SURPLUS)] if files[0].is_rejects and SURPLUS in position else []
    scan, misquoted_column = (numbered, ()) if files[0].for_polars else (scan_by_line, (MISQUOTED,))
    return scan(files).select(
        *(
            pl.col(position[name]).alias(column) if name in position else partition_column(column, name, files, FILE)
            for column, name in found.items()
        ),
        file_column(files, FILE),
        LINE,
        *surplus_column,
        *misquoted_column,
        *BEYOND_HEADER,
    )


def numbered(files: Sequence[DataFile]) -> "pl.LazyFrame":
    """The columns of files of one form by their position, each row with its line, and without empty lines."""
    import polars as pl

    from store_uptime.pipeline.clean.columns import BEYOND_HEADER, FILE, LINE

    frame = scan_text_files(files)
    if len(files) > 1:  # Polars counts on from file to file
        frame = frame.with_columns(pl.col(LINE) - pl.col(LINE).min().over(FILE) + FIRST_ROW)
    if files[0].has_empty_lines:
        names = [*map(str, range(len(files[0].header))), *BEYOND_HEADER]
        frame = frame.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in names))
    return frame


def scan_text_files(files: Sequence[DataFile]) -> "pl.LazyFrame":
    """The columns of files of one form, named by their position."""
    import polars as pl

    from store_uptime.pipeline.clean.columns import BEYOND_HEADER, FILE, LINE

    return pl.scan_csv(
        [file.place.address for file in files],
        has_header=False,
        skip_rows=1,
        separator=files[0].delimiter,
        eol_char=files[0].line_end,
        # All text: a value that is no number or time is one rejected row, and for Polars an error of the whole file.
        schema=dict.fromkeys([*map(str, range(len(files[0].header))), *BEYOND_HEADER], pl.String()),
        missing_columns="insert",
        extra_columns="ignore",
        truncate_ragged_lines=True,
        row_index_name=LINE,
        row_index_offset=FIRST_ROW,
        include_file_paths=FILE,
        encoding="utf8-lossy",
        raise_if_empty=False,
        glob=False,  # a name may hold * or [
    )


def scan_by_line(files: Sequence[DataFile]) -> "pl.LazyFrame":
    """The same, line by line, for files that Polars does not read."""
    import polars as pl

    from store_uptime.pipeline.clean.columns import BEYOND_HEADER, FILE, LINE, MISQUOTED
    from store_uptime.pipeline.source.folder.small_files import batched

    names = [*map(str, range(len(files[0].header))), *BEYOND_HEADER, MISQUOTED]
    texts = dict.fromkeys(names, pl.String())
    schema = pl.Schema({LINE: pl.UInt32(), **texts, FILE: pl.String()})
    return batched(lambda: (frame for file in files for frame in frames_of_lines(file, schema)), schema)


def frames_of_lines(file: DataFile, schema: "pl.Schema") -> "Iterator[pl.LazyFrame]":
    """The rows of a file as frames of a schema: line, fields, the misquoted line, file; an empty field is null."""
    import polars as pl

    from store_uptime.pipeline.source.folder.odd_text import odd_rows

    width = len(schema) - 3
    rows = odd_rows(file)
    while some := next_rows(rows, width):
        columns = list(zip_longest(*(row.fields[:width] for _, row in some)))
        columns += [[None] * len(some)] * (width - len(columns))
        lines, misquoted = [line for line, _ in some], [row.misquoted for _, row in some]
        address = [file.place.address] * len(some)
        frame = pl.DataFrame([lines, *columns, misquoted, address], schema=schema, orient="col")
        yield frame.with_columns(pl.col(pl.String).replace("", None)).lazy()


def next_rows(rows: "Iterator[tuple[int, Row]]", width: int) -> "list[tuple[int, Row]]":
    """The next rows, as many as are handled at once; none after the last one."""
    some: list[tuple[int, Row]] = []
    letters = 0
    for numbered_row in rows:
        some.append(numbered_row)
        letters += sum(map(len, numbered_row[1].fields))
        if len(some) * width > BATCH_FIELDS or letters > BATCH_LETTERS:
            break
    return some
