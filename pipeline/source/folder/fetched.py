"""Text in a bucket: fetched into a private folder a few files at a time, read there, and removed.

fetched         copies of files, for a block
fetched_frame   the rows of files that are fetched whenever they are read
still_stored    checks that files in a bucket are those that were listed
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import polars as pl

from store_uptime.pipeline.source.folder.data_file import DataFile
from store_uptime.pipeline.source.folder.places import FetchedFile, LocalFile, StoredFile
from store_uptime.pipeline.source.folder.small_files import batched, in_batches, in_one_piece
from store_uptime.pipeline.threads import in_threads

AT_ONCE = 16
"""How many files are asked for at once: a request takes as long as a hundred on a disk."""
PREFIX = "store-uptime-objects-"
UNREAD = LocalFile(Path("unread"))
"""Stands for a file of which only the columns are asked."""


@contextmanager
def fetched(files: Sequence[DataFile]) -> Iterator[list[DataFile]]:
    """The same files, of which those in a bucket are copies in a folder that is removed after the block.

    Raises OSError, and what `storage` raises.
    """
    from store_uptime.pipeline.storage.objects import fetch

    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:

        def copied(numbered: tuple[int, DataFile]) -> DataFile:
            number, file = numbered
            if not isinstance(file.place, StoredFile):
                return file
            copy = Path(folder, str(number))  # a key may be no name for a file
            fetch(file.place.object, copy)
            return replace(file, place=FetchedFile(copy, file.place))

        yield in_threads(copied, list(enumerate(files)), AT_ONCE)


def fetched_frame(files: Sequence[DataFile], read: Callable[[Sequence[DataFile]], pl.LazyFrame]) -> pl.LazyFrame:
    """The rows of text files in a bucket, by a function that reads those on the disk."""

    def frames() -> Iterator[pl.LazyFrame]:
        with fetched(files) as copies:
            yield read(copies)

    # One file may be as large as it likes; several are a batch of small ones.
    pieces = in_batches if len(files) == 1 else in_one_piece
    return batched(frames, read([replace(files[0], place=UNREAD)]).collect_schema(), pieces)


def still_stored(files: Iterable[DataFile]) -> None:
    """Raises SourceBusy where one of the files that are in a bucket is no longer the one that was listed, and what
    `storage` raises."""
    stored = [file.place.object for file in files if isinstance(file.place, StoredFile)]
    if stored:
        from store_uptime.pipeline.storage.objects import check_unchanged

        check_unchanged(stored)
