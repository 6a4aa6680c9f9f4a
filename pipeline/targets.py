"""Where results are written: paths, and objects in buckets, by the same promises.

    check_targets   called before anything is read: no target is one of the sources, or holds what others have written
    write_target    bytes to a path or an object that appears completely or not at all
    write_pieces_to_target  the same for bytes that come piece by piece
    remove_target   an earlier file or object, if this program has written it
    place_below     a file below a folder, or an object below a prefix
    names_in        the files of a folder, or the objects right below a prefix

`files.py` does it for paths. An object is written by one request, and only if it is as it was when it was looked at.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from store_uptime.pipeline.errors import (
    CannotWrite,
    SourceBusy,
    SourceMissing,
    SourceRefused,
    SourceUnreachable,
    WouldOverwriteSource,
    writing,
)
from store_uptime.pipeline.files import Purpose, check_paths, remove_earlier, synchronize_folder, write_pieces
from store_uptime.pipeline.storage.addresses import ObjectAddress, StoredObject

Target = Path | ObjectAddress
PREFIX = "store-uptime-object-"


@dataclass(frozen=True)
class ReportFolder:
    """A folder, or a prefix in a bucket, in which a report lies as several files."""

    place: Target

    def __str__(self) -> str:
        return f"{str(self.place).removesuffix('/')}/"


def check_targets(targets: Mapping[Target, Purpose], sources: Iterable[Target]) -> None:
    """Refuse targets that are among the files that are read, and targets that hold files of others.

    Raises WouldOverwriteSource, CannotWrite, and for objects ExtraMissing.
    """
    read = list(sources)
    check_paths(
        {target: purpose for target, purpose in targets.items() if isinstance(target, Path)},
        [source for source in read if isinstance(source, Path)],
    )
    for target, purpose in targets.items():
        if isinstance(target, ObjectAddress):
            if target in read:
                raise WouldOverwriteSource(str(target), str(target))
            check_object(target, purpose)


def write_target(content: bytes, target: Target, purpose: Purpose) -> None:
    """Write bytes to a path or an object that appears completely or not at all. Raises CannotWrite."""
    write_pieces_to_target([content], target, purpose)


def write_pieces_to_target(pieces: Iterable[bytes], target: Target, purpose: Purpose) -> None:
    """The same for pieces of bytes, one behind the other. Those of an object are held in memory all together."""
    if isinstance(target, Path):
        write_pieces(pieces, target, purpose)
        return
    from store_uptime.pipeline.storage.written import PutRefused, put

    replaced = check_object(target, purpose)
    content = list(pieces)
    with writing_object(target):
        try:
            put(target, content, replaced)
        except PutRefused:
            raise CannotWrite(str(target), "somebody else has written it meanwhile") from None


def remove_target(target: Target, purpose: Purpose) -> None:
    """Remove an earlier file or object of this program's for the purpose. Raises CannotWrite."""
    if isinstance(target, Path):
        with writing(target):
            if remove_earlier(target, purpose):
                synchronize_folder(target.resolve().parent)
        return
    from store_uptime.pipeline.storage.written import delete

    found = check_object(target, purpose)
    if found is not None and found.size:
        with writing_object(target):
            delete(target)


def names_in(folder: Target) -> list[str]:
    """The names of the files in a folder, or of the objects right below a prefix; none where it is not there.

    Raises CannotWrite, ExtraMissing.
    """
    if isinstance(folder, Path):
        with writing(folder):
            return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    from store_uptime.pipeline.storage.objects import objects_in

    with writing_object(folder):
        return [found.address.name for found in objects_in(folder)]


def place_below(folder: Target, name: str) -> Target:
    """The file of a name in a folder, or the object of that name below a prefix."""
    return folder / name if isinstance(folder, Path) else folder.below(name)


def check_object(target: ObjectAddress, purpose: Purpose) -> StoredObject | None:
    """The object that may be replaced; None: there is none. Raises CannotWrite, ExtraMissing."""
    if not target.key:
        raise CannotWrite(str(target), "it names a bucket, and no object in it")
    from store_uptime.pipeline.storage.objects import check_bucket, fetch, object_of

    with writing_object(target):
        try:
            found = object_of(target)
        except SourceMissing:
            check_bucket(target)
            return None
        if found.size:
            with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
                copy = Path(folder, target.name)
                fetch(found, copy)
                if not purpose.is_ours(copy):
                    raise CannotWrite(str(target), purpose.objection)
        return found


@contextmanager
def writing_object(target: ObjectAddress) -> Iterator[None]:
    """Raises CannotWrite for what goes wrong with an object in the block."""
    try:
        yield
    except (SourceMissing, SourceUnreachable, SourceBusy) as error:
        raise CannotWrite(str(target), error.reason) from error
    except SourceRefused as error:
        raise CannotWrite(str(target), error.reason, error.remedy) from error
    except OSError as error:  # of the copy that was looked at
        raise CannotWrite(str(target), error.strerror or str(error)) from error
