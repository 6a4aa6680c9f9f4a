"""Columns that do not stand in a file: what the names of its folders say, and its own name."""

from collections.abc import Sequence

import polars as pl

from store_uptime.pipeline.clean.columns import FILE
from store_uptime.pipeline.source.folder.data_file import DataFile


def partition_column(column: str, key: str, files: Sequence[DataFile], path: str) -> pl.Expr:
    """A column whose values are what the folders of its files say of a key, as text; `path` has each row's file."""
    return by_file([file.partitions[key] for file in files], files, path).alias(column)


def file_column(files: Sequence[DataFile], path: str) -> pl.Expr:
    """The column `file`: the name of each row's file below its source."""
    return by_file([file.name for file in files], files, path).alias(FILE)


def by_file(values: Sequence[str | None], files: Sequence[DataFile], path: str) -> pl.Expr:
    """A value for each file, in the rows of that file."""
    if len(set(values)) == 1:  # a literal costs nothing for each row, as the search for its path does
        return pl.lit(values[0], pl.String)
    paths = pl.Series([file.place.address for file in files])
    return pl.col(path).replace_strict(paths, pl.Series(values, dtype=pl.String))
