"""Writing a sample's tables, and telling a sample's file from any other."""

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import polars as pl
from polars.io.plugins import register_io_source

from store_uptime.pipeline.files import Purpose, publish, unfinished

Format = Literal["csv", "parquet"]
# The file beside a sample with its digests. CSV looks alike whoever wrote it, so only a digest tells that it is ours.
LIST = ".store-uptime-sample"


@contextmanager
def sample_file(path: Path) -> Generator[Path]:
    """A path to write to; what is there takes the place of `path` once the block has ended without an error."""
    with unfinished(path) as partial:
        yield partial
        # Listed before it is published: a kill in between leaves an entry too many, never a sample that is not listed.
        with path.with_name(LIST).open("a", encoding="utf-8") as samples:
            samples.write(list_entry(partial, path.name))
        publish(partial, path, SAMPLE)


def is_sample(path: Path) -> bool:
    """Whether a file is as this program has written it: the list beside it has its digest. Raises OSError."""
    samples = path.with_name(LIST)
    return samples.is_file() and list_entry(path, path.name) in samples.read_text(encoding="utf-8").splitlines(
        keepends=True
    )


def list_entry(path: Path, name: str) -> str:
    """A line of the list of samples, as sha256sum writes it. Raises OSError."""
    with path.open("rb") as file:
        return f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name}\n"


SAMPLE = Purpose("sample", is_sample)


def write_csv(path: Path, frames: Iterable[pl.DataFrame]) -> None:
    """All frames in one CSV file, under the header of the first."""
    with path.open("wb") as file:
        for number, frame in enumerate(frames):
            frame.write_csv(
                file,
                include_header=number == 0,
                datetime_format="%Y-%m-%d %H:%M:%S%.6f UTC",
                time_format="%H:%M:%S",
            )


def write_parquet(path: Path, frames: Iterable[pl.DataFrame]) -> None:
    """All frames in one Parquet file, in row groups of as many rows as the first has."""
    later = iter(frames)
    first = next(later)

    def rows(*_: object) -> Iterator[pl.DataFrame]:
        yield first
        yield from later

    # Written as they are made, so that memory does not grow with the file.
    scan = register_io_source(rows, schema=first.schema)
    scan.sink_parquet(path, compression="zstd", row_group_size=max(1, first.height))


WRITERS: dict[Format, Callable[[Path, Iterable[pl.DataFrame]], None]] = {"csv": write_csv, "parquet": write_parquet}
