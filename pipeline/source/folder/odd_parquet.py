"""Parquet files that Polars does not read, or not in little memory: by PyArrow, in batches of the needed columns."""

from collections.abc import Iterator, Sequence

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from store_uptime.pipeline.source.folder.data_file import UUID, DataFile
from store_uptime.pipeline.source.folder.places import Place
from store_uptime.pipeline.source.folder.small_files import batched
from store_uptime.pipeline.source.folder.thrift import Damaged

BATCH_ROWS = 1 << 16


def arrow_types(place: Place) -> list[tuple[str, str]]:
    """The names and types of a file's columns, as Arrow writes them; `UUID` for one. Raises OSError, Damaged."""
    try:
        with place.open() as file:
            return [(field.name, type_text(field.type)) for field in pq.ParquetFile(file).schema_arrow]
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # PyArrow has no number for its own
            raise
        raise Damaged(str(error).partition("\n")[0]) from error


def type_text(kind: pa.DataType) -> str:
    return UUID if str(kind) == "extension<arrow.uuid>" else str(kind)


def scan_by_pyarrow(files: Sequence[DataFile], names: Sequence[str], path: str) -> pl.LazyFrame:
    """The needed columns, and the path of each row's file under a name."""
    return batched(lambda: read_batches(files, names, path), empty(files[0], names, path).schema)


def empty(file: DataFile, names: Sequence[str], path: str) -> pl.DataFrame:
    """No row, with the types of a file."""
    with file.place.open() as opened:
        return plain(pq.ParquetFile(opened).schema_arrow.empty_table().select(names), file, path)


def read_batches(files: Sequence[DataFile], names: Sequence[str], path: str) -> Iterator[pl.LazyFrame]:
    """Raises OSError, PolarsError."""
    for file in files:
        try:
            with file.place.open() as opened:
                batches = pq.ParquetFile(opened).iter_batches(BATCH_ROWS, columns=list(names))
                yield from (plain(pa.Table.from_batches([batch]), file, path).lazy() for batch in batches)
        except pa.ArrowException as error:
            raise pl.exceptions.ComputeError(str(error)) from error


def plain(rows: pa.Table, file: DataFile, path: str) -> pl.DataFrame:
    """Rows of PyArrow's as a frame; texts and UUIDs are their bytes."""
    frame = pl.DataFrame(pa.table(list(map(plain_column, rows.columns)), names=rows.column_names))
    return frame.with_columns(pl.lit(file.place.address).alias(path))


def plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return plain_column(column.cast(kind.storage_type))
    if pa.types.is_dictionary(kind):
        return plain_column(column.cast(kind.value_type))
    # PyArrow does not look whether text is UTF-8, and Polars takes its word for it.
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    return column.cast(pa.large_binary()) if is_text else column
