"""The files below a folder, or the objects below a prefix."""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath

from store_uptime.pipeline.errors import SourceMismatch, SourceMissing
from store_uptime.pipeline.source.folder.paths import is_hidden, is_utf8, path_bytes
from store_uptime.pipeline.source.folder.places import LocalFile, Place, StoredFile
from store_uptime.pipeline.storage.addresses import ObjectAddress, StoredObject
from store_uptime.pipeline.text import printable


@dataclass(frozen=True)
class FileBelow:
    """A file below a source. folders: between the source and the file; size: in bytes, as stored; 0: not yet known."""

    place: Place
    folders: tuple[str, ...]
    size: int = 0

    @property
    def name(self) -> str:
        """Its path below the source, printable."""
        return printable("/".join([*self.folders, self.place.path.name]))


def files_below(source: Path | ObjectAddress) -> list[FileBelow]:
    """The files of a folder that are not hidden, or the one file that is named, whatever its name; or objects, alike.

    Raises SourceMissing, SourceMismatch where the name of the folder or file is no text, and of objects what `storage`
    raises.
    """
    return objects_below(source) if isinstance(source, ObjectAddress) else paths_below(source)


def paths_below(path: Path) -> list[FileBelow]:
    if not is_utf8(path):
        raise SourceMismatch(printable(path), "its name is not UTF-8", "rename it")
    top = path.absolute()
    try:
        if not top.exists():
            raise SourceMissing(printable(path), "there is no such folder or file")
        found = walk(top) if top.is_dir() else [FileBelow(LocalFile(top), ())]
        return sorted(found, key=lambda file: path_bytes(file.place.path))
    except OSError as error:
        # The file that was met, for an error of scandir far below the folder that was named.
        where = printable(error.filename if isinstance(error.filename, str) else path)
        raise SourceMissing(where, error.strerror or str(error)) from error


def walk(top: Path) -> Iterator[FileBelow]:
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
        yield from (FileBelow(LocalFile(folder / entry.name), names) for entry in shown if not entry.is_dir())
        waiting += [(folder / entry.name, (*names, entry.name)) for entry in reversed(shown) if entry.is_dir()]


def objects_below(prefix: ObjectAddress) -> list[FileBelow]:
    """The objects below a prefix that are not hidden, in the order of their keys, or the one object of that key."""
    from store_uptime.pipeline.storage import objects

    listed = objects.objects_below(prefix)
    if not listed and prefix.key:
        found = objects.object_of(prefix)
        return [FileBelow(StoredFile(found), (), found.size)]
    folders = {folder for each in listed for folder in PurePosixPath(each.address.key).parents}
    below = [each for each in listed if not is_marker(each, folders)]
    parts = [each.address.key[len(prefix.key) :].lstrip("/").split("/") for each in below]
    return [
        FileBelow(StoredFile(each), tuple(names[:-1]), each.size)
        for each, names in zip(below, parts, strict=True)
        if not any(map(is_hidden, names))
    ]


def is_marker(found: StoredObject, folders: Collection[PurePath]) -> bool:
    """Whether an object only stands for a folder, as consoles and Hadoop make one: empty, and named like a folder."""
    path = PurePosixPath(found.address.key)
    return found.size == 0 and (path in folders or not path.suffix)
