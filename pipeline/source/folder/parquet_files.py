"""Parquet files in, their columns, and their rows as a lazy frame, out.

Only the columns that are needed are touched. Polars reads the files; where it would fail at a type that nobody needs
(INTERVAL, two columns of one name), PyArrow does: `odd_parquet`.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from store_uptime.pipeline.clean.columns import FILE
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.source.folder.columns import file_column, partition_column
from store_uptime.pipeline.source.folder.data_file import UUID, DataFile
from store_uptime.pipeline.source.folder.footer import Footer
from store_uptime.pipeline.source.folder.places import Place, StoredFile
from store_uptime.pipeline.tables import Table

if TYPE_CHECKING:
    from polars._typing import PolarsDataType

HEX_GROUPS = ((0, 8), (8, 4), (12, 4), (16, 4), (20, 12))
KEPT_SCHEMAS = 16
MOST_DIGITS = 38  # of Polars' decimals
scan = partial(pl.scan_parquet, glob=False, hive_partitioning=False, extra_columns="ignore")


class Columns(NamedTuple):
    """The columns of a Parquet file: their names, their types as its reader writes them, and whether that is Polars."""

    header: tuple[str, ...]
    types: tuple[str, ...]
    for_polars: bool


@dataclass(frozen=True)
class Example:
    """A file that stands for all of its schema."""

    schema: str
    place: Place = field(compare=False)


def parquet_columns(place: Place, footer: Footer) -> Columns:
    """The columns of a file with this footer. Raises OSError, Damaged."""
    kinds = None
    with suppress(pl.exceptions.PolarsError, pl.exceptions.PanicException):
        kinds = polars_types(Example(footer.schema, place)) if footer.for_polars else None
    if kinds is not None:
        types = tuple(UUID if name in footer.uuids else kind for name, kind in kinds.items())
        return Columns(tuple(kinds), types, for_polars=True)
    from store_uptime.pipeline.source.folder.odd_parquet import arrow_types

    odd = arrow_types(place)
    return Columns(tuple(name for name, _ in odd), tuple(kind for _, kind in odd), for_polars=False)


@lru_cache(KEPT_SCHEMAS)  # of thousands of files nearly all have the same schema
def polars_types(file: Example) -> Mapping[str, str] | None:
    """The types of a file's columns; None where Polars does not read all of them. Raises what Polars does."""
    kinds = scan_places([file.place]).collect_schema()
    return {name: str(kind) for name, kind in kinds.items()} if all(map(is_known, kinds.values())) else None


def is_known(kind: "PolarsDataType") -> bool:
    """Whether Polars reads the values of a type that it has a name for."""
    if isinstance(kind, pl.List | pl.Array):
        return is_known(kind.inner)
    if isinstance(kind, pl.Struct):
        return all(is_known(field.dtype) for field in kind.fields)
    if isinstance(kind, pl.Map):
        return is_known(kind.key) and is_known(kind.value)
    if isinstance(kind, pl.Decimal):
        return kind.precision <= MOST_DIGITS
    return not isinstance(kind, pl.Extension)


def parquet_frame(files: Sequence[DataFile], table: Table, mapping: SourceMapping) -> pl.LazyFrame:
    """Raw rows of files of one form: the table's columns, as they are typed, and `file`. Raises pl PolarsError."""
    found = files[0].columns(table, mapping) or {}
    names = [name for name in found.values() if name in files[0].header]
    types = dict(zip(files[0].header, files[0].types, strict=True))
    path = unused(FILE, files)
    rows = scan_parquet_files if files[0].for_polars else scan_odd_files
    return rows(files, names, path).select(
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
    # The schema is given, so that columns that are not needed may differ from file to file.
    places = [file.place for file in files]
    kinds = scan_places(places[:1]).collect_schema()
    schema = {name: kinds[name] for name in names}
    return scan_places(places, schema=schema, include_file_paths=path).select(*names, path)


def scan_places(places: Sequence[Place], **how: Any) -> pl.LazyFrame:
    """A scan of Parquet files; those of one scan are all on the disk, or all in one bucket."""
    addresses = [place.address for place in places]
    if not isinstance(places[0], StoredFile):
        return scan(addresses, **how)
    from store_uptime.pipeline.storage.stores import polars_options

    # Without a provider of credentials Polars takes them from the environment, as obstore does, and not from boto3.
    return scan(addresses, storage_options=polars_options(places[0].object.address), credential_provider=None, **how)


def scan_odd_files(files: Sequence[DataFile], names: Sequence[str], path: str) -> pl.LazyFrame:
    """The same of files that Polars does not read."""
    from store_uptime.pipeline.source.folder.odd_parquet import scan_by_pyarrow

    return scan_by_pyarrow(files, names, path)


def uuid_text(name: str) -> pl.Expr:
    """Sixteen bytes as a UUID is written: lower case, with dashes."""
    digits = pl.col(name).bin.encode("hex")
    groups = [digits.str.slice(start, length) for start, length in HEX_GROUPS]
    return pl.concat_str(groups, separator="-")
