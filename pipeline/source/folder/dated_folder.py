"""A folder or a prefix in, a `Source` out.

folder        the source
DatedFolder   one with so many files in folders by day that only those are opened that a report can need

docs/semantics.md, "Files that are not read", says when the name of a folder is believed.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from store_uptime.pipeline.mapping.mapping import AS_NAMED, SourceMapping
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.source.folder.data_file import DataFile, PassedOver
from store_uptime.pipeline.source.folder.dated_files import DatedFile, bears_out
from store_uptime.pipeline.source.folder.discovery import FoundFiles, classified, found_files
from store_uptime.pipeline.source.folder.folder import POLLS, Folder
from store_uptime.pipeline.source.folder.paths import path_bytes
from store_uptime.pipeline.source.folder.pruned_polls import UnopenedPolls
from store_uptime.pipeline.storage.addresses import ObjectAddress

if TYPE_CHECKING:
    from store_uptime.pipeline.clean.raw import PollRows, RawFrames, RawTables
    from store_uptime.pipeline.source.folder.places import Place
    from store_uptime.pipeline.tables import Table

BEFORE_ALL_US = -(1 << 80)


def folder(path: Path | ObjectAddress, mapping: SourceMapping = AS_NAMED) -> Folder:
    """The source that a folder holds, or a bucket below a prefix. Raises what `found_files` raises."""
    found = found_files(path, mapping, leave_old=True)
    if not found.unopened:
        return Folder(found, mapping)
    return DatedFolder(found, mapping, lambda: found_files(path, mapping))


class DatedFolder(Folder):
    """The three tables in a folder of which some files of polls have not been opened: they are when they are needed."""

    def __init__(self, found: FoundFiles, mapping: SourceMapping, found_whole: Callable[[], FoundFiles]) -> None:
        """found_whole: finds all files, and opens each."""
        self._found_whole = found_whole
        self._leave(found.unopened)
        super().__init__(found, mapping)

    def read(self, horizon: Horizon, store: str | None) -> "RawTables":
        """See `Source`."""
        self._open_for(horizon)  # before any row is read: more files may turn out to be needed, of other tables too
        return super().read(horizon, store)

    def newest_poll_us(self, ceiling_us: int) -> int | None:
        """See `Source`."""
        newest = super().newest_poll_us(ceiling_us)
        while self._unopened and (newest is None or self._unopened[0].end_us > newest):
            # Without any poll yet, those of the latest day: they nearly always have one.
            self._open(self._unopened[0].end_us - 1 if newest is None else newest)
            newest = super().newest_poll_us(ceiling_us)
        return newest

    def polls(self, horizon: Horizon, store: str | None) -> "Sequence[PollRows]":
        """See `Source`."""
        self._open_for(horizon)
        return [*super().polls(horizon, store), *([UnopenedPolls()] if self._unopened else [])]

    def tables_for(self, horizon: Horizon) -> "dict[Table, list[DataFile]]":
        """See `Folder`."""
        self._open_for(horizon)
        return super().tables_for(horizon)

    def places(self) -> "Iterator[Place]":
        """See `Folder`; those of files that have not been opened too."""
        return chain(super().places(), (file.below.place for file in self._unopened))

    def has_polled(self, store: str) -> bool:
        """See `Source`."""
        if super().has_polled(store):
            return True
        self._open(BEFORE_ALL_US)
        return super().has_polled(store)

    def poll_span_us(self) -> tuple[int, int] | None:
        """See `Source`."""
        self._open(BEFORE_ALL_US)
        return super().poll_span_us()

    def newest_polls(self) -> "RawFrames":
        """See `Source`."""
        self._open(BEFORE_ALL_US)
        return super().newest_polls()

    def _polls_within(self, horizon: Horizon) -> "RawFrames":
        self._open_for(horizon)
        return super()._polls_within(horizon)

    def _leave(self, unopened: Sequence[DatedFile]) -> None:
        self._unopened, self.files_not_opened = unopened, len(unopened)

    def _open_for(self, horizon: Horizon) -> None:
        self._open(horizon.start_us)

    def _open(self, since_us: int) -> None:
        """Open the files whose folders' days end after an instant."""
        due = [file for file in self._unopened if file.end_us > since_us]
        if not due:
            return
        found = classified([file.below for file in due], self.mapping)
        opened: list[DataFile] = []
        for file, each in zip(due, found, strict=True):
            if each is None or isinstance(each, PassedOver) or not bears_out(file, each, self.mapping):
                self._open_whole()
                return
            opened.append(each[1])
        self._leave([file for file in self._unopened if file.end_us <= since_us])
        polls = sorted([*self.tables[POLLS], *opened], key=lambda file: path_bytes(file.place.path))
        self._take({**self.tables, POLLS: polls})

    def _open_whole(self) -> None:
        # A folder's name has turned out not to say when its polls end: none is believed.
        found = self._found_whole()
        self._leave([])
        self._take(found.tables)
        self.warnings[:] = found.warnings
