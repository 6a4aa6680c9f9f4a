"""A folder of CSV and Parquet files as a source: each file is known by its header, whatever its name.

tables_in   which file is which table
scanned     a file as a lazy frame of raw rows, columns under the names of docs/semantics.md
"""

import csv
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import polars as pl

from pipeline.clean import LINE, SURPLUS
from pipeline.errors import SourceMismatch, SourceUnreachable
from pipeline.source.frames import Frames, RawFrames
from pipeline.tables import COLUMNS, VARIANTS, Table

SUFFIXES = (".csv", ".csv.gz", ".parquet")


def folder(path: Path) -> Frames:
    """The source that a folder holds. Raises SourceUnreachable, SourceMismatch."""
    tables = tables_in(path)
    for table, columns in COLUMNS.items():
        if not tables[table]:
            raise SourceMismatch(
                str(path), f"no file has the columns of {table}", f"one needs the header {','.join(columns)}"
            )
    polls, hours, zones = (scans(tables[table], table) for table in COLUMNS)
    return Frames(polls, hours, zones, name=str(path), files=[file for files in tables.values() for file in files])


def tables_in(path: Path) -> dict[Table, list[Path]]:
    """The files of each table, by their headers. Raises SourceMismatch for a file that is none of the three."""
    tables: dict[Table, list[Path]] = {table: [] for table in COLUMNS}
    for file in files_in(path):
        tables[table_of(file)].append(file)
    return tables


def files_in(path: Path) -> list[Path]:
    """The data files of a folder, or the one file that was named."""
    if not path.exists():
        raise SourceUnreachable(str(path), "there is no such folder or file")
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        found = [file for file in files if file.name.endswith(SUFFIXES) and file.stat()]
    except OSError as error:
        raise SourceUnreachable(str(path), error.strerror or str(error)) from error
    if not found:
        raise SourceMismatch(str(path), "it holds no .csv, .csv.gz or .parquet file", "a report needs three tables")
    return found


def table_of(file: Path) -> Table:
    """Which of the three tables a file is, by its columns."""
    header = header_of(file)
    names = [VARIANTS.get(column, column) for column in header]
    for table, columns in COLUMNS.items():
        if set(names).issuperset(columns) and len(set(names)) == len(names):
            return table
    known = "; ".join(f"{table}: {','.join(columns)}" for table, columns in COLUMNS.items())
    raise SourceMismatch(str(file), f"its header is {','.join(header)}", f"known are {known}")


def header_of(file: Path) -> list[str]:
    """The column names of a file, as they are written."""
    try:
        if file.suffix == ".parquet":
            return list(pl.read_parquet_schema(file))
        with opened(file) as lines:
            return next(csv.reader([lines.readline().rstrip("\r\n")]), [])
    except (OSError, EOFError, zlib.error, csv.Error, pl.exceptions.PolarsError) as error:
        raise SourceMismatch(
            str(file), f"its header cannot be read ({error})", "it must be CSV in UTF-8, or Parquet"
        ) from error


def opened(file: Path) -> IO[str]:
    """A CSV file as text, a byte order mark read over."""
    if file.suffix == ".gz":
        return cast("IO[str]", gzip.open(file, "rt", encoding="utf-8-sig", errors="replace", newline="\n"))
    return file.open(encoding="utf-8-sig", errors="replace", newline="\n")


def scans(files: list[Path], table: Table) -> RawFrames:
    """A table's files, each as raw rows."""
    return [scanned(file).select(*COLUMNS[table], *extras(file)) for file in files]


def scanned(file: Path) -> pl.LazyFrame:
    """A file as a lazy frame of raw rows, its columns under their usual names.

    CSV columns are text. Bytes that are not UTF-8 become U+FFFD, a missing field null, and what a row has beyond its
    header stands in `surplus`, so that one bad row does not fail the file; `line` is where it stands in the file.
    """
    header = header_of(file)
    names = [VARIANTS.get(column, column) for column in header]
    if file.suffix == ".parquet":
        scan = pl.scan_parquet(file).rename(dict(zip(header, names, strict=True)))
        return scan.with_columns(pl.col("status").cast(pl.String)) if "status" in names else scan
    return pl.scan_csv(
        file,
        has_header=False,
        skip_rows=1,
        schema=dict.fromkeys([*names, SURPLUS], pl.String()),
        missing_columns="insert",
        truncate_ragged_lines=True,
        row_index_name=LINE,
        row_index_offset=2,
        encoding="utf8-lossy",
        raise_if_empty=False,
        glob=False,
    )


def extras(file: Path) -> Iterator[str]:
    """The columns that only CSV has."""
    if file.suffix != ".parquet":
        yield from (LINE, SURPLUS)
