"""Rejected rows in, files of them out: file, line, reason, and the row itself.

REJECTS       how to recognise one
rejects_path  where the rejected rows of an input go
RejectFiles   the files of a load, which appear once it has been committed
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path, PurePath
from typing import Self

import polars as pl

from store_uptime.pipeline.clean.columns import FILE
from store_uptime.pipeline.errors import CannotWrite, RejectsNotWritten, writing
from store_uptime.pipeline.files import (
    Purpose,
    check_replaceable,
    check_sources,
    header_line,
    publish,
    remove_earlier,
    synchronize,
    unfinished,
)
from store_uptime.pipeline.source.folder.data_file import DataFile
from store_uptime.pipeline.source.folder.places import LocalFile
from store_uptime.pipeline.source.folder.text_files import rejects_table

SUFFIX = ".rejects.csv"


def is_rejects(path: Path) -> bool:
    """Whether a file begins as one of rejected rows that this program wrote. Raises OSError."""
    return rejects_table(header_line(path).decode(errors="replace").split(",")) is not None


def rejects_path(file: PurePath, root: PurePath) -> PurePath:
    """The path of an input's rejected rows below the folder of rejects: by the input's path below the loaded folder,
    so that no two inputs have the same. Of objects it is their keys that count."""
    relative = file.relative_to(root) if root != file and file.is_relative_to(root) else PurePath(file.name)
    return relative.with_name(relative.name + SUFFIX)


REJECTS = Purpose("rejects file", is_rejects, is_private=True)


class RejectFiles:
    """The rejected rows of a load, those of each input in a file of its own; they appear together.

    A context manager: files that were not published are removed, and folders that were made for them. A file of an
    earlier load for the same input is replaced, or removed where nothing is rejected now.
    """

    def __init__(self, folder: Path, root: PurePath, inputs: Iterable[DataFile]) -> None:
        """folder: where they go; root: the path of what was loaded, absolute. Raises WouldOverwriteSource."""
        files = list(inputs)
        folder = separate_folder(folder, files)
        self._targets = {file.name: folder / rejects_path(file.place.path, root) for file in files}
        check_sources(self._targets.values(), local_paths(files))
        self._parts: dict[str, Path] = {}
        self._obsolete: list[Path] = []
        self._kept = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._kept.close()

    def add(self, rejected: pl.DataFrame) -> None:
        """Append rows (file, line, reason, the row as it was) to those of their inputs. Raises CannotWrite."""
        for (name,), rows in rejected.group_by(FILE, maintain_order=True):
            self._append(str(name), rows)

    def _append(self, name: str, rows: pl.DataFrame) -> None:
        target = self._targets[name]
        with writing(target):
            is_first = name not in self._parts
            if is_first:
                self._parts[name] = self._part_of(target)
            with self._parts[name].open("ab") as part:
                # CRLF as RFC 4180 has it, whatever the input had.
                rows.write_csv(part, include_header=is_first, line_terminator="\r\n")

    def finish(self) -> None:
        """Check that nothing is in the way of publishing. Raises CannotWrite."""
        for name, target in self._targets.items():
            with writing(target):
                self._finish(name, target)

    def _finish(self, name: str, target: Path) -> None:
        if name in self._parts:
            check_replaceable(target, REJECTS)
            synchronize(self._parts[name])  # now, since a full disk must still undo the load
        elif target.is_file() and is_rejects(target):
            self._obsolete.append(target)

    def publish(self) -> None:
        """Rename the files to their names, and remove those of an earlier load. Raises RejectsNotWritten."""
        for name, part in self._parts.items():
            with publishing(self._targets[name]):
                publish(part, self._targets[name], REJECTS)
        for target in self._obsolete:
            with publishing(target):
                remove_earlier(target, REJECTS)

    def path(self, name: str) -> Path | None:
        """Where the rejected rows of an input stand; None: it has none."""
        return self._targets[name] if name in self._parts else None

    def _part_of(self, target: Path) -> Path:
        missing = [folder for folder in target.parents if not folder.exists()]
        target.parent.mkdir(parents=True, exist_ok=True)
        for folder in reversed(missing):
            self._kept.callback(remove_if_empty, folder)
        return self._kept.enter_context(unfinished(target))


def separate_folder(folder: Path, files: Iterable[DataFile]) -> Path:
    """The folder of rejects, or `NAME-again` beside it where the rejects files in it are what is loaded."""
    # Else a load would overwrite, or remove, the corrected files that it reads.
    rejects_files = local_paths(file for file in files if file.is_rejects)
    corrected = [path.resolve() for path in rejects_files if path.name.endswith(SUFFIX)]
    while any(path.is_relative_to(folder.resolve()) for path in corrected):
        named = folder if folder.name not in ("", "..") else folder.resolve()
        folder = named.with_name(f"{named.name}-again")
    return folder


def local_paths(files: Iterable[DataFile]) -> list[Path]:
    """The paths of the files that are on the disk."""
    return [file.place.path for file in files if isinstance(file.place, LocalFile)]


def remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


@contextmanager
def publishing(path: Path) -> Iterator[None]:
    """Raises RejectsNotWritten for errors of writing: the rows have been committed by now."""
    try:
        yield
    except CannotWrite as error:
        raise RejectsNotWritten(error.path, error.reason) from error
    except OSError as error:
        raise RejectsNotWritten(str(path), error.strerror or str(error)) from error
