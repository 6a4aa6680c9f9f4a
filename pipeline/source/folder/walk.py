"""The files below a folder."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from store_uptime.pipeline.errors import SourceMismatch, SourceMissing
from store_uptime.pipeline.source.folder.paths import is_hidden, is_utf8, path_bytes
from store_uptime.pipeline.text import printable


@dataclass(frozen=True)
class PathBelow:
    """A file below a source. folders: between the source and the file; size: in bytes, on disk; 0: not yet known."""

    path: Path
    folders: tuple[str, ...]
    size: int = 0

    @property
    def name(self) -> str:
        """Its path below the source, printable."""
        return printable("/".join([*self.folders, self.path.name]))


def files_below(path: Path) -> list[PathBelow]:
    """The files of a folder that are not hidden, or the one file that is named, whatever its name.

    Raises SourceMissing, and SourceMismatch where the name of the folder or file is no text.
    """
    if not is_utf8(path):
        raise SourceMismatch(printable(path), "its name is not UTF-8", "rename it")
    top = path.absolute()
    try:
        if not top.exists():
            raise SourceMissing(printable(path), "there is no such folder or file")
        found = walk(top) if top.is_dir() else [PathBelow(top, ())]
        return sorted(found, key=lambda file: path_bytes(file.path))
    except OSError as error:
        # The file that was met, for an error of scandir far below the folder that was named.
        where = printable(error.filename if isinstance(error.filename, str) else path)
        raise SourceMissing(where, error.strerror or str(error)) from error


def walk(top: Path) -> Iterator[PathBelow]:
    """The files below a folder. A folder that is reached twice, by links, counts once. Raises OSError."""
    waiting: list[tuple[Path, tuple[str, ...]]] = [(top, ())]
    seen = set()
    while waiting:
        folder, names = waiting.pop()
        status = folder.stat()
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as entries:
            shown = sorted((entry for entry in entries if not is_hidden(entry.name)), key=lambda e: path_bytes(e.name))
        yield from (PathBelow(folder / entry.name, names) for entry in shown if not entry.is_dir())
        waiting += [(folder / entry.name, (*names, entry.name)) for entry in reversed(shown) if entry.is_dir()]
