"""Text that Polars does not read as RFC 4180 and Python's `csv` do: quotes inside fields, quotes that are never
closed (https://github.com/pola-rs/polars/issues/15022), empty lines.

oddities             which of these a file has
has_bare_delimiters  whether a line that seems empty may hold delimiters
odd_rows             the rows of such a file, read line by line

Of such a file each row is read by itself, so that one bad quote does not cost the others.
"""

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import cast

from store_uptime.pipeline.source.folder.content import open_content
from store_uptime.pipeline.source.folder.data_file import DataFile
from store_uptime.pipeline.source.folder.sizes import LineLengths, check_unpacked

CHUNK_BYTES = 1 << 20
LONGEST_FIELD = 1 << 20  # bytes; in a longer quoted field the quote is taken for a stray one
MOST_LINES = 100  # of a quoted field; after more lines its quote counts as one that is never closed
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Groups are repeated within atomic ones: before Python 3.11.5 a possessive repeat of a group matches what the plain one
# does not: https://github.com/python/cpython/issues/106052.
QUOTED = rb'[^"]*+(?<![^%b\r\n])"[^"]*+(?>(?:""[^"]*+)*)"'


def text_chunks(file: DataFile) -> Iterator[bytes]:
    """A text, some bytes at a time, without its byte order mark. Raises SourceMismatch where it is too large."""
    packed, unpacked, lines = file.place.measured(), 0, LineLengths(file.place, file.line_end)
    with open_content(file.place) as content:
        while chunk := content.read(CHUNK_BYTES):
            unpacked += len(chunk)
            check_unpacked(file.place, packed, unpacked)
            lines.add(chunk)
            yield chunk.removeprefix(BYTE_ORDER_MARK) if unpacked == len(chunk) else chunk


@dataclass(frozen=True)
class Oddities:
    """Whether each quote opens or closes a field, or stands twice in one, and whether any line is empty."""

    is_well_quoted: bool
    has_empty_lines: bool


def oddities(file: DataFile) -> Oddities:
    """The oddities of a file; where its quotes are odd, empty lines are not searched to the end.

    Raises OSError, EOFError, zlib.error, ValueError, and SourceMismatch where it is too large.
    """
    edge = re.escape(file.delimiter.encode())
    quoted = re.compile(rb"(?>(?:%b(?=[%b\r\n]))*)" % (QUOTED % edge, edge))
    quoted_to_the_end = re.compile(rb'(?>(?:%b(?![^%b\r\n]))*)[^"]*+' % (QUOTED % edge, edge))
    rest, before, is_empty, is_odd = b"", b"", False, False
    for chunk in text_chunks(file):
        # Read to the end all the same: `text_chunks` refuses a file that is too large.
        if is_odd:
            continue
        rest = after_quotes(quoted, rest + chunk)
        is_odd = len(rest) > LONGEST_FIELD
        is_empty = is_empty or has_empty_line(before + chunk, file.line_end)
        before = (before + chunk)[-2:]  # an empty line may lie across two chunks
    return Oddities(not is_odd and quoted_to_the_end.fullmatch(rest) is not None, is_empty)


def after_quotes(quoted: re.Pattern[bytes], text: bytes) -> bytes:
    """The rest after the quoted fields of a text: its last byte, or a field that has not ended yet."""
    if b'"' in text:
        text = text[cast("re.Match[bytes]", quoted.match(text)).end() :]
    return text if b'"' in text else text[-1:]


def has_empty_line(text: bytes, line_end: str) -> bool:
    """Whether a line is empty, or would be without its carriage return; also one within quotes."""
    if line_end == "\r":
        return b"\r\r" in text
    return b"\n\n" in text or (b"\r" in text and b"\n\r\n" in text)


def has_bare_delimiters(file: DataFile) -> bool:
    """Whether a line holds delimiters and nothing else: Polars takes it for an empty one."""
    bare = re.compile(rb"[%b]+" % re.escape(file.delimiter.encode()))
    with open_content(file.place) as content:
        return any(bare.fullmatch(line) for part in content for line in part.splitlines())


class Lines:
    """An iterator of lines that takes lines back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines, self._again = lines, deque[str]()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return self._again.popleft() if self._again else next(self._lines)

    def give_back(self, lines: list[str]) -> None:
        """Lines that come next, before all others."""
        self._again.extendleft(reversed(lines))


@dataclass(frozen=True)
class Row:
    """A row. misquoted: the whole line where its quotes do not match; its fields then hold them as letters."""

    fields: list[str]
    misquoted: str | None = None


def odd_rows(file: DataFile) -> Iterator[tuple[int, Row]]:
    """The rows behind the header, each with its line, as Polars counts it. An empty line is no row."""
    with open_content(file.place) as content:
        lines = Lines(io.TextIOWrapper(content, encoding="utf-8-sig", errors="replace", newline=file.line_end))
        rows = ((number, next_row(line, lines, file.delimiter)) for number, line in enumerate(lines, 1))
        yield from ((number, row) for number, row in rows if number > 1 and row.fields)


def next_row(first: str, further: Lines, delimiter: str) -> Row:
    """The row that begins with a line; it has no fields if that is empty."""
    plain = first.rstrip("\r\n")
    if '"' not in first:
        return Row(plain.split(delimiter) if plain else [])
    read: list[str] = []
    try:
        return Row(next(csv.reader(noting(first, further, read), delimiter=delimiter, strict=True)))
    except csv.Error:
        further.give_back(read)
        return Row(plain.split(delimiter), misquoted=plain)


def noting(first: str, further: Lines, read: list[str]) -> Iterator[str]:
    """A line and a few further ones; each further one is appended to `read`, so that it can be given back."""
    yield first
    for line in islice(further, MOST_LINES):
        read.append(line)
        yield line
