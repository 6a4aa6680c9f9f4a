"""Columns that stand in the names of folders."""

from collections.abc import Sequence

import polars as pl

from pipeline.source.files import DataFile


def partition_column(column: str, key: str, files: Sequence[DataFile], path: str) -> pl.Expr:
    """A column whose values are what the folders of its files say of a key, as text; `path` has each row's file."""
    values = [file.partitions[key] for file in files]
    if len(set(values)) == 1:
        return pl.lit(values[0], pl.String).alias(column)
    paths = pl.Series([str(file.path) for file in files])
    return pl.col(path).replace_strict(paths, pl.Series(values, dtype=pl.String)).alias(column)
