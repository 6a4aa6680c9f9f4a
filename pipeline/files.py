"""Files that are written to paths of the user: completely or not at all, and never over files of others.

    check_paths     called before anything is read: no target is a file that is read, or a file of others
    write_file      bytes into a file that appears completely or not at all
    write_pieces    the same for bytes that come piece by piece, of which memory never holds all
    write_stream    such pieces into a stream, once all of them have been made
    publish         the same for a file that was written piece by piece (see `unfinished`)
    remove          an earlier file, if this program has written it

A `Purpose` decides whether an existing file may be replaced.
"""

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from store_uptime.pipeline.errors import CannotWrite, WouldOverwriteSource, writing

PREFIX = ".store-uptime-"  # hidden, so that readers of the folder do not take a file that a kill has left for data
LONGEST_HEADER = 4_096
SPOOLED_BYTES = 64 << 20
"""How much of a stream memory holds before it goes to a temporary file."""
PRIVATE = 0o600
NO_FSYNC_OF_FOLDERS = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF)
NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EACCES, errno.EXDEV)


@dataclass(frozen=True)
class Purpose:
    """What a file is written for: a noun for people, how to recognise one that this program wrote for it, and whether
    its user alone may read it, whatever the umask."""

    noun: str
    is_ours: Callable[[Path], bool]
    is_private: bool = False

    @property
    def mode(self) -> int:
        """The permissions of the file."""
        return PRIVATE if self.is_private else 0o666 & ~current_umask()

    @property
    def objection(self) -> str:
        """Why a file is not replaced."""
        return f"a file is there that is no earlier {self.noun} of store-uptime"


def never(path: Path) -> bool:
    return False


@dataclass(frozen=True)
class ForEditing(Purpose):
    """The purpose of a file that its user will edit: it is never replaced."""

    is_ours: Callable[[Path], bool] = field(default_factory=lambda: never, init=False)  # a default would be a method

    @property
    def objection(self) -> str:
        return f"a file is there, and it may be {self.noun} that was edited"


def check_paths(targets: Mapping[Path, Purpose], sources: Iterable[Path]) -> None:
    """Refuse targets that are among the files that are read, and targets that hold files of others.

    Raises WouldOverwriteSource, CannotWrite.
    """
    check_sources(targets, sources)
    for target, purpose in targets.items():
        with writing(target):
            check_folder(target, targets)
            check_replaceable(target, purpose)


def check_folder(target: Path, targets: Iterable[Path]) -> None:
    """Raises CannotWrite where the folder of a path is a file, or going to be one."""
    files = {other.absolute() for other in targets}
    for folder in target.absolute().parents:
        if folder in files or folder.is_file():
            raise CannotWrite(str(target), f"{folder.name} is not a folder but a file")


def check_sources(targets: Iterable[Path], sources: Iterable[Path]) -> None:
    """Raises WouldOverwriteSource where a target is a file that is read, perhaps by another name."""
    read = {file_identity(source): source for source in sources}
    for target in targets:
        if (found := file_identity(target)) is not None and found in read:
            raise WouldOverwriteSource(str(target), str(read[found]))


def file_identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of a file, links followed; None where there is none, or something else."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None


def check_replaceable(target: Path, purpose: Purpose) -> None:
    """Raises CannotWrite where a file exists that is neither empty nor written by this program for the purpose."""
    if target.is_file() and target.stat().st_size and not purpose.is_ours(target):
        raise CannotWrite(str(target), purpose.objection)


def header_line(path: Path) -> bytes:
    """The first line of a file, without its end."""
    return first_bytes_of(path).partition(b"\n")[0].removesuffix(b"\r")


def first_bytes_of(path: Path) -> bytes:
    """The first bytes of a file."""
    with path.open("rb") as file:
        return file.read(LONGEST_HEADER)


def write_file(content: bytes, path: Path, purpose: Purpose) -> None:
    """Write bytes to a file that appears completely or not at all, or to a pipe or device. Raises CannotWrite."""
    write_pieces([content], path, purpose)


def write_pieces(pieces: Iterable[bytes], path: Path, purpose: Purpose) -> None:
    """The same for pieces of bytes, one behind the other; an error while they are made leaves no file."""
    with writing(path):
        if path.exists() and not path.is_file():
            with path.open("wb") as stream:
                write_stream(pieces, stream)
            return
        with unfinished(path) as part:
            with part.open("wb") as file:
                file.writelines(pieces)
            publish(part, path, purpose)


def write_stream(pieces: Iterable[bytes], stream: BinaryIO) -> None:
    """Write pieces of bytes to a stream once all of them have been made. Raises CannotWrite where they cannot be kept
    until then, and what the stream raises."""
    # What a stream has got cannot be taken back, so an error in the middle of the pieces must come before the first.
    folder = Path(tempfile.gettempdir())
    with tempfile.SpooledTemporaryFile(SPOOLED_BYTES) as kept:
        with writing(folder):
            for piece in pieces:  # not by `writelines`, which keeps all in memory before Python 3.13
                kept.write(piece)
            kept.seek(0)
        shutil.copyfileobj(kept, stream)


@contextmanager
def unfinished(path: Path) -> Generator[Path]:
    """An empty file in the folder of a path, to be written and published; removed after the block. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=path.resolve().parent, prefix=PREFIX)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def publish(part: Path, path: Path, purpose: Purpose) -> None:
    """Give a finished file its name. Raises OSError, and CannotWrite where a file of someone else has it."""
    part.chmod(purpose.mode)
    # Before the rename: after a power cut the name would otherwise lead to an empty file.
    synchronize(part)
    target = path.resolve()  # a link stays: the file that it leads to is replaced
    if not move_to_free_name(part, target):
        check_replaceable(target, purpose)
        part.replace(target)
    synchronize_folder(target.parent)


def move_to_free_name(part: Path, target: Path) -> bool:
    """Give a file a name that no file has; False where one has it meanwhile."""
    # A hard link, since a rename replaces what another process may have put there since the check.
    try:
        os.link(part, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in NO_HARD_LINKS:
            raise
        return move_by_placeholder(part, target)
    part.unlink()
    return True


def move_by_placeholder(part: Path, target: Path) -> bool:
    """The same on a file system without hard links: an empty file takes the name first."""
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    part.replace(target)
    return True


def write_new_file(content: bytes, path: Path, mode: int) -> None:
    """Write bytes to a new file. Raises FileExistsError where it exists, and OSError."""
    with unfinished(path) as part:
        part.write_bytes(content)
        part.chmod(mode)
        synchronize(part)
        if not move_to_free_name(part, path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    synchronize_folder(path.resolve().parent)


def remove_earlier(path: Path, purpose: Purpose) -> bool:
    """Remove an earlier file of this program's for the purpose; False where there is none. Raises OSError."""
    is_there = path.is_file() and purpose.is_ours(path)
    if is_there:
        path.unlink()
    return is_there


def synchronize(path: Path) -> None:
    """Write the bytes of a file through to the disk. Raises OSError."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def synchronize_folder(path: Path) -> None:
    """Write the names in a folder through to the disk, as far as its file system can. Raises OSError."""
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except PermissionError:
        return  # a folder that may be written and not read cannot be opened for this
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in NO_FSYNC_OF_FOLDERS:
            raise
    finally:
        os.close(folder)


def current_umask() -> int:
    """The permissions that new files of this process do not get."""
    # It can only be read by setting it. In between 0o077: a file of another thread is too private then, not too open.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
