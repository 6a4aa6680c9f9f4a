"""A folder for temporary files that is gone with its server, or, where that was killed, with the next one's start.

A server holds a lock on its folder, which ends with the process, kill -9 included; so what nobody holds is left over.
systemd-tmpfiles looks at the same lock before it removes what seems old.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "store-uptime-serve-"


@contextmanager
def scratch() -> Iterator[Path]:
    """A new folder for the block."""
    remove_left_over()
    folder, held = new_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def remove_left_over() -> None:
    """Remove the folders that killed servers have left; those of other users stay."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        held = try_hold(folder)
        if held is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(held)


def new_folder() -> tuple[Path, int]:
    """A new folder, and the descriptor that holds it."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        held = try_hold(folder)
        if held is not None:
            return folder, held  # else another server has just taken it for left over


def try_hold(folder: Path) -> int | None:
    """The lock on a folder, as a descriptor; None where another has it, or where the folder is gone or not ours."""
    try:
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        return None
    if not folder.exists():
        os.close(held)
        return None
    return held
