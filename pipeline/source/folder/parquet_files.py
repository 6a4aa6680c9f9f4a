"""Parquet files in, their columns, and their rows as a lazy frame, out.

Only the columns that are needed are touched. Polars reads the files; where it would fail at a type that nobody needs
(INTERVAL, two columns of one name), pyarrow does, in batches.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from store_uptime.pipeline.clean.columns import FILE
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.source.folder.columns import file_column, partition_column
from store_uptime.pipeline.source.folder.data_file import DataFile
from store_uptime.pipeline.source.folder.own_files import MARK
from store_uptime.pipeline.source.folder.sizes import LARGE_GROUP_BYTES, LARGE_GROUP_ROWS
from store_uptime.pipeline.source.folder.small_files import batched
from store_uptime.pipeline.source.folder.unreadable import PARQUET
from store_uptime.pipeline.tables import Table

UUID = "extension<arrow.uuid>"
HEX_GROUPS = ((0, 8), (8, 4), (12, 4), (16, 4), (20, 12))
BATCH_ROWS = 1 << 16


@dataclass(frozen=True)
class Footer:
    """The columns of a Parquet file: their names, their types as Arrow writes them, and whether Polars reads all.

    rows, unpacked: how many rows it has, and of how many bytes they are unpacked.
    """

    header: tuple[str, ...]
    types: tuple[str, ...]
    for_polars: bool
    is_ours: bool
    rows: int
    unpacked: int


def footer(path: Path) -> Footer:
    """The footer of a file. Raises OSError, pyarrow.ArrowException."""
    with path.open("rb") as file:
        parquet = pq.ParquetFile(file)
        schema, groups = parquet.schema_arrow, row_groups(parquet)
        return Footer(
            header=tuple(schema.names),
            types=tuple(str(field.type) for field in schema),
            for_polars=is_for_polars(parquet) and all(is_small(group) for group in groups),
            is_ours=MARK.encode() in (parquet.metadata.metadata or {}),
            rows=parquet.metadata.num_rows,
            unpacked=sum(group.total_byte_size for group in groups),
        )


def row_groups(file: pq.ParquetFile) -> list[pq.RowGroupMetaData]:
    return [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]


def is_small(group: pq.RowGroupMetaData) -> bool:
    """Whether Polars may read a row group, all of which it decodes at once; pyarrow reads some rows at a time."""
    return group.num_rows <= LARGE_GROUP_ROWS and group.total_byte_size <= LARGE_GROUP_BYTES


def has_end(path: Path) -> bool:
    """Whether the file ends as a Parquet file does."""
    with path.open("rb") as file:
        file.seek(-len(PARQUET), 2)
        return file.read() == PARQUET


def is_for_polars(file: pq.ParquetFile) -> bool:
    # It panics at an INTERVAL, whether or not that column is needed: https://github.com/pola-rs/polars/issues/15969.
    columns = [file.schema.column(number) for number in range(len(file.schema))]
    names = file.schema_arrow.names
    return (
        len(set(names)) == len(names)
        and all(column.converted_type != "INTERVAL" for column in columns)
        and all(is_known(field.type) for field in file.schema_arrow)
    )


def is_known(kind: pa.DataType) -> bool:
    """Whether Polars has a type for it."""
    if pa.types.is_nested(kind):
        return not pa.types.is_union(kind) and all(is_known(kind.field(at).type) for at in range(kind.num_fields))
    if pa.types.is_dictionary(kind):
        return is_known(kind.value_type)
    return str(kind) == UUID or not (
        isinstance(kind, pa.BaseExtensionType) or pa.types.is_decimal256(kind) or pa.types.is_interval(kind)
    )


def parquet_frame(files: Sequence[DataFile], table: Table, mapping: SourceMapping) -> pl.LazyFrame:
    """Raw rows of files of one form: the table's columns, as they are typed, and `file`. Raises pl PolarsError."""
    found = files[0].columns(table, mapping) or {}
    names = [name for name in found.values() if name in files[0].header]
    types = dict(zip(files[0].header, files[0].types, strict=True))
    path = unused(FILE, files)
    scan = scan_parquet_files if files[0].for_polars else scan_by_pyarrow
    return scan(files, names, path).select(
        *(
            (uuid_text(name) if types[name] == UUID else pl.col(name)).alias(column)
            if name in names
            else partition_column(column, name, files, path)
            for column, name in found.items()
        ),
        file_column(files, path),
    )


def unused(name: str, files: Sequence[DataFile]) -> str:
    """A name that no column of these files has."""
    used = {column for file in files for column in file.header}
    while name in used:
        name += "_"
    return name


def scan_parquet_files(files: Sequence[DataFile], names: Sequence[str], path: str) -> pl.LazyFrame:
    """The needed columns, and the path of each row's file under a name, by Polars."""
    scan = partial(pl.scan_parquet, glob=False, hive_partitioning=False, extra_columns="ignore")
    # The schema is given, so that columns that are not needed may differ from file to file.
    kinds = scan(files[0].path).collect_schema()
    return scan(
        [file.path for file in files], schema={name: kinds[name] for name in names}, include_file_paths=path
    ).select(*names, path)


def scan_by_pyarrow(files: Sequence[DataFile], names: Sequence[str], path: str) -> pl.LazyFrame:
    return batched(lambda: read_batches(files, names, path), empty(files[0], names, path).schema)


def empty(file: DataFile, names: Sequence[str], path: str) -> pl.DataFrame:
    """No row, with the types of a file."""
    with file.path.open("rb") as opened:
        return plain(pq.ParquetFile(opened).schema_arrow.empty_table().select(names), file, path)


def read_batches(files: Sequence[DataFile], names: Sequence[str], path: str) -> Iterator[pl.LazyFrame]:
    for file in files:
        with file.path.open("rb") as opened:
            batches = pq.ParquetFile(opened).iter_batches(BATCH_ROWS, columns=list(names))
            yield from (plain(pa.Table.from_batches([batch]), file, path).lazy() for batch in batches)


def plain(rows: pa.Table, file: DataFile, path: str) -> pl.DataFrame:
    """Rows of pyarrow's as a frame; a UUID is its bytes."""
    storage = [
        column.cast(column.type.storage_type) if isinstance(column.type, pa.BaseExtensionType) else column
        for column in rows.columns
    ]
    frame = pl.DataFrame(pa.table(storage, names=rows.column_names))
    return frame.with_columns(pl.lit(str(file.path)).alias(path))


def uuid_text(name: str) -> pl.Expr:
    """Sixteen bytes as a UUID is written: lower case, with dashes."""
    digits = pl.col(name).bin.encode("hex")
    groups = [digits.str.slice(start, length) for start, length in HEX_GROUPS]
    return pl.concat_str(groups, separator="-")
