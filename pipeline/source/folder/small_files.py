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
BATCH_ROWS = 100_000
LAST = "is last"
Read = Callable[[Sequence[DataFile]], pl.LazyFrame]
Pieces = Callable[[pl.LazyFrame], Iterator[pl.DataFrame]]


def frames(files: Sequence[DataFile], read: Read) -> list[pl.LazyFrame]:
    """The rows of files of one form: a frame for each large file, and one for all the others."""
    small = small_ones(files)
    large = [read([file]) for file in files if file.size >= LARGE_BYTES]
    if not small:
        return large
    return [*large, read_in_batches(small, read) if is_worth_keeping(small) else read(small[0:1])]


def are_kept(files: Sequence[DataFile]) -> bool:
    """Whether the rows of the small ones among these files stay in memory once they are read."""
    # A report collects each table four times.
    small = small_ones(files)
    return is_worth_keeping(small) and sum(file.size for file in small) <= KEPT_BYTES


def is_worth_keeping(small: Sequence[DataFile]) -> bool:
    """Whether to read small files another time costs more than to hold their rows: several, or one over a network."""
    return len(small) > 1 or any(file.is_stored for file in small)


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


def in_one_piece(frame: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    """All rows of a frame at once."""
    yield frame.collect().rechunk()


def in_batches(frame: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    """The rows of a frame in their order, some at a time. Raises READ_ERRORS."""
    # Where a thread of Polars panics, `collect_batches` ends without an error (its panic is written to stderr only, as
    # in https://github.com/pola-rs/polars/issues/25047): so a row of ours comes last, and must have arrived.
    last = pl.DataFrame(schema=frame.collect_schema()).clear(1).with_columns(pl.lit(True).alias(LAST))
    marked = pl.concat([frame.with_columns(pl.lit(False).alias(LAST)), last.lazy()])
    has_ended = False
    for batch in marked.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
        has_ended = bool(batch[LAST][-1])
        yield (batch.head(-1) if has_ended else batch).drop(LAST)
    if not has_ended:
        raise pl.exceptions.ComputeError("reading ended before its last row")


def batched(
    frames: Callable[[], Iterator[pl.LazyFrame]], schema: pl.Schema, pieces: Pieces = in_one_piece
) -> pl.LazyFrame:
    """The rows of frames, one frame after the other, each in one piece, or in several."""

    def rows(
        columns: list[str] | None, predicate: pl.Expr | None, limit: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        for frame in frames():
            part = frame if columns is None else frame.select(columns)
            for found in pieces(part if limit is None else part.head(limit)):
                limit = None if limit is None else limit - found.height
                yield found if predicate is None else found.filter(predicate)
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
