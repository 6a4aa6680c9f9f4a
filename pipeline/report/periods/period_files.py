"""The tables of a report by periods in, files out, piece by piece: CSV, JSON and Parquet.

csv_pieces, json_pieces, parquet_pieces   bytes, which together are a file
guarded_texts                             a table whose texts no spreadsheet runs as formulas
OWN_HEADERS                               how the headers of these CSV files begin
"""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import polars as pl

from store_uptime.pipeline.report.periods.sliced import SlicedTable
from store_uptime.pipeline.report.report import CSV_TIME, csv_bytes, guarded
from store_uptime.pipeline.source.folder.own_files import MARK

if TYPE_CHECKING:
    from typing_extensions import Buffer

IN_HOURS = (
    *("business", "uptime", "downtime", "unknown", "excused"),
    *("longest_outage", "downtime_least", "downtime_most"),
)
HEADINGS = {name: f"{name}(hours)" for name in IN_HOURS}
"""Those with a unit."""


def guarded_texts(table: SlicedTable) -> SlicedTable:
    """The same with ' before each text that a spreadsheet would run as a formula."""
    return table.changed(guarded_table)


def guarded_table(piece: pl.DataFrame) -> pl.DataFrame:
    """The same of a frame."""
    found = piece.with_columns(guarded(pl.col(pl.String)))
    # Columns of attributes are called as they are in the source.
    return found.rename(dict(zip(found.columns, safe_names(found.columns), strict=True)))


def safe_names(names: Sequence[str]) -> list[str]:
    return pl.select(guarded(pl.lit(pl.Series("name", names, pl.String)))).to_series().to_list()


def csv_pieces(table: SlicedTable) -> Iterator[bytes]:
    """RFC 4180 in UTF-8, with the units in the header."""
    for number, piece in enumerate(table.pieces()):
        yield csv_bytes(piece.rename(HEADINGS, strict=False), include_header=number == 0)


def json_pieces(table: SlicedTable, name: str, about: Mapping[str, object], total: pl.DataFrame) -> Iterator[bytes]:
    """One object: what is told about the report, the total of all stores, and the rows under a name."""
    head = json.dumps({**about}, ensure_ascii=False)
    yield f'{head[:-1]}, "total": {numbers(total).write_json()}, "{name}": ['.encode()
    separator = ""
    for piece in table.pieces():
        if rows := numbers(piece).write_json()[1:-1]:
            yield f"{separator}{rows}".encode()
            separator = ","
    yield b"]}\n"


def numbers(table: pl.DataFrame) -> pl.DataFrame:
    """Figures as numbers, times as text."""
    return table.with_columns(pl.col(pl.Decimal).cast(pl.Float64), pl.col(pl.Datetime).dt.strftime(CSV_TIME))


def parquet_pieces(table: SlicedTable, about: Mapping[str, object]) -> Iterator[bytes]:
    """DECIMAL columns; what is told about the report is in the file's metadata, under `store_uptime`."""
    # By pyarrow: it writes a row group at a time, and Polars a whole table.
    from pyarrow import parquet

    written = Written()
    writer: parquet.ParquetWriter | None = None
    for piece in table.pieces():
        rows = piece.to_arrow()
        if writer is None:
            schema = rows.schema.with_metadata({MARK: json.dumps(about)})
            writer = parquet.ParquetWriter(written, schema, compression="zstd")
        writer.write_table(rows.cast(writer.schema))
        yield written.drained()
    if writer is not None:
        writer.close()
    yield written.drained()


class Written(io.RawIOBase):
    """A file whose bytes are given away as they are written."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        """It may be written."""
        return True

    def write(self, content: "Buffer", /) -> int:
        """Keep some bytes until they are asked for."""
        self._parts.append(bytes(content))
        self._length += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        """How many bytes were written."""
        return self._length

    def drained(self) -> bytes:
        """What was written since this was last asked."""
        content = b"".join(self._parts)
        self._parts.clear()
        return content
