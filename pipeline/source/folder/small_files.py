"""Thousands of small files: read some at a time, so that their rows come in few large pieces."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache

import polars as pl
from polars.io.plugins import register_io_source

from store_uptime.pipeline.source.folder.data_file import DataFile

# Polars gives a chunk for each file, and to judge a chunk of five rows takes as long as one of a thousand.
LARGE_BYTES = 8 << 20
BATCH_BYTES = 16 << 20
BATCH_FILES = 1_000
KEPT_BYTES = 32 << 20
Read = Callable[[Sequence[DataFile]], pl.LazyFrame]


def frames(files: Sequence[DataFile], read: Read) -> list[pl.LazyFrame]:
    """The rows of files of one form: a frame for each large file, and one for all the others."""
    small = small_ones(files)
    large = [read([file]) for file in files if file.size >= LARGE_BYTES]
    if not small:
        return large
    return [*large, read(small) if len(small) == 1 else read_in_batches(small, read)]


def are_kept(files: Sequence[DataFile]) -> bool:
    """Whether the rows of the small ones among these files stay in memory once they are read."""
    # A report collects each table four times.
    small = small_ones(files)
    return len(small) > 1 and sum(file.size for file in small) <= KEPT_BYTES


def small_ones(files: Sequence[DataFile]) -> list[DataFile]:
    return [file for file in files if file.size < LARGE_BYTES]


def read_in_batches(files: Sequence[DataFile], read: Read) -> pl.LazyFrame:
    """The rows of files, some files at a time."""
    frames = [read(batch) for batch in file_batches(files)]
    schema = frames[0].collect_schema()
    if not are_kept(files):
        return batched(lambda: iter(frames), schema)

    @cache
    def rows(number: int) -> pl.DataFrame:
        return frames[number].collect()

    return batched(lambda: (rows(number).lazy() for number in range(len(frames))), schema)


def batched(frames: Callable[[], Iterator[pl.LazyFrame]], schema: pl.Schema) -> pl.LazyFrame:
    """The rows of frames, one frame after the other, each in one piece."""

    def rows(
        columns: list[str] | None, predicate: pl.Expr | None, limit: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        for frame in frames():
            part = frame if columns is None else frame.select(columns)
            found = (part if limit is None else part.head(limit)).collect()
            limit = None if limit is None else limit - found.height
            yield found.rechunk() if predicate is None else found.filter(predicate)
            if limit == 0:
                return

    return register_io_source(rows, schema=schema)


def file_batches(files: Sequence[DataFile]) -> Iterator[list[DataFile]]:
    batch: list[DataFile] = []
    size = 0
    for file in files:
        if batch and (size + file.size > BATCH_BYTES or len(batch) == BATCH_FILES):
            yield batch
            batch = []
            size = 0
        batch.append(file)
        size += file.size
    yield batch
