"""The facts about a file before it is read: a data file, or the reason why it is not read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple

from store_uptime.pipeline.data_warnings import DataWarning, FilesPassedOver
from store_uptime.pipeline.mapping.mapping import AS_NAMED, SourceMapping
from store_uptime.pipeline.source.folder.places import Place, StoredFile
from store_uptime.pipeline.tables import Table

OF_REJECTS = ("file", "line", "reason", "surplus")
"""The columns of a rejects file of ours beside those of its table."""
NAMED_FILES = 5  # in the sentence of an error
WARNED_FILES = 20  # in that of a warning, which stands in the report and its provenance
TEXT_TYPES = re.compile(
    "(large_)?(string|binary)|string_view|u?int[0-9]|float|double|bool|date|timestamp|decimal|cat|enum|uuid|null"
    "|time(32|64|$)|dictionary<values=string",
    re.IGNORECASE,
)
"""The beginnings of types, as Polars and PyArrow write them, whose values can be written as text."""
UUID = "UUID"  # the type of such a column of Parquet, whose values are read as bytes
Unit = Literal["ms", "us", "ns"]
PER_US = {"ms": (1_000, 1), "us": (1, 1), "ns": (1, 1_000)}


class Kind(StrEnum):
    """The format of a file; text may be compressed by gzip or zstd."""

    TEXT = "text"
    PARQUET = "Parquet"


class NotRead(StrEnum):
    """Why a file is passed over; each fits into `NAME (…)`."""

    EMPTY = "it is empty"
    NO_FILE = "it is no regular file"
    BROKEN_LINK = "a link that leads nowhere"
    NAME = "its name is not UTF-8: rename it"
    UNKNOWN_HEADER = "its header is"
    REPEATED_COLUMN = "its header has a needed column more than once:"
    NO_HEADER = "it has no header in its first 256 KiB"
    TOO_WIDE = "its header has more than 1,000 columns"
    WIDE_WINDOW = "zstd with a window of more than 128 MiB: pack it again with --long=27 or less"
    DAMAGED = "it is damaged:"
    CUT_OFF = "it is cut off: copy it again"
    UTF_16 = "it is UTF-16: save it as UTF-8"
    BLANK = "it holds nothing but zero bytes: copy it again"
    BINARY = "it is neither text nor Parquet"
    LFS_POINTER = "a pointer of Git LFS: fetch the file itself with `git lfs pull`"
    JSON = "JSON: write it as CSV or Parquet"
    ENCRYPTED = "it is encrypted"
    PACKED = "packed in a way that is not read: unpack it"
    ZIP = "ZIP or XLSX: unpack it, or save it as CSV"
    FORMAT = "a format that is not read: write it as CSV or Parquet"


@dataclass(frozen=True)
class PassedOver:
    """A file that is not read. name: below its source, printable. header: of one whose header is unknown."""

    name: str
    why: NotRead
    detail: str = ""
    header: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} ({self.reason})"

    @property
    def reason(self) -> str:
        """The reason, with the details of this file."""
        return f"{self.why} {self.detail}" if self.detail else self.why.value


class Instant(NamedTuple):
    """A time as a Parquet file has it: how many of a unit since 1970."""

    count: int
    unit: Unit

    @property
    def us(self) -> int:
        """In microseconds, cut."""
        times, parts = PER_US[self.unit]
        return self.count * times // parts


@dataclass(frozen=True)
class DataFile:
    """A file that is one of the tables.

    place: where it is. name: below its source, printable. size: about how many bytes it has, unpacked. header: the
    names of its columns as they are written. types: of Parquet, the columns' types as its reader writes them. rows: how
    many it has, by its end; None: of text, or its end contradicts itself. group_rows: of each row group. minima,
    maxima: of Parquet, the least and the greatest instant of each column of times for which its end tells it. nulls:
    how many values such a column lacks, likewise. for_polars: whether Polars can read it: all types of Parquet, all
    quotes of text. has_empty_lines: of text, which are no rows. partitions: what the folders above it say as key=value.
    is_rejects: rejected rows that this program has written, its own columns included.

    It is a plain value: another process that gets it reads the same file, with credentials of its own.
    """

    place: Place
    name: str
    kind: Kind
    size: int
    header: tuple[str, ...]
    delimiter: str = ","
    line_end: str = "\n"
    types: tuple[str, ...] = ()
    rows: int | None = None
    group_rows: tuple[int, ...] = ()
    minima: dict[str, Instant] = field(default_factory=dict)
    maxima: dict[str, Instant] = field(default_factory=dict)
    nulls: dict[str, int] = field(default_factory=dict)
    for_polars: bool = True
    has_empty_lines: bool = False
    partitions: dict[str, str | None] = field(default_factory=dict)
    is_rejects: bool = False

    @property
    def is_stored(self) -> bool:
        """Whether it is in a bucket."""
        return isinstance(self.place, StoredFile)

    @property
    def present(self) -> list[str]:
        """The names of its columns and, after them, of its partitions."""
        return [*self.header, *(key for key in self.partitions if key not in self.header)]

    def columns(self, table: Table, mapping: SourceMapping) -> dict[str, str] | None:
        """The name of each column of a table in the file; None where the file does not have each that the table needs
        once."""
        if not self.is_rejects:
            return mapping.found_columns(
                table, [name for name in self.present if table != "stores" or self._is_text(name)]
            )
        return AS_NAMED.found_columns(table, [name for name in self.present if name not in OF_REJECTS])

    def _is_text(self, name: str) -> bool:
        """Whether text is written of a column: it is not of a list in Parquet, which no report should fail for."""
        if self.kind is Kind.TEXT or name not in self.header:
            return True
        return TEXT_TYPES.match(self.types[self.header.index(name)]) is not None


def warnings_of(files: Sequence[PassedOver]) -> list[DataWarning]:
    """The warning about files that were not read: how many, which and why."""
    return [FilesPassedOver(len(files), tuple(map(str, files[:WARNED_FILES])))] if files else []


def listed_with_reasons(files: Sequence[PassedOver]) -> str:
    """The first few with their reasons, and how many more there are."""
    more = [f"and {len(files) - NAMED_FILES:,} more"] if len(files) > NAMED_FILES else []
    return ", ".join([*map(str, files[:NAMED_FILES]), *more])
