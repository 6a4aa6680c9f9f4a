"""The data directory of the embedded server: where it is, and what it must be like."""

import os
from contextlib import suppress
from pathlib import Path

from store_uptime.pipeline.embedded.watcher import PGDATA, SOCKET
from store_uptime.pipeline.errors import EmbeddedUnavailable

LONGEST_SOCKET_BYTES = 100  # Linux takes 107, macOS 103
CHOOSE_ANOTHER = "choose another folder with STORE_UPTIME_DATA_DIR"


def default_data_dir() -> Path:
    """STORE_UPTIME_DATA_DIR, else /var/lib/store-uptime for root, else the user's own folder for data."""
    named = os.environ.get("STORE_UPTIME_DATA_DIR")
    if named:
        return Path(named)
    if os.name == "posix" and os.geteuid() == 0:
        return Path("/var/lib/store-uptime")  # outside any home, where PostgreSQL's own account could not enter
    import platformdirs

    return Path(platformdirs.user_data_dir("store-uptime"))


def check_data_dir(folder: Path) -> None:
    """Raises EmbeddedUnavailable for what cannot work in this folder or on this machine."""
    if os.name != "posix":
        raise EmbeddedUnavailable("it is made for Linux and macOS")
    if "," in str(folder) or not str(folder).isprintable():
        raise EmbeddedUnavailable(f"{str(folder)!r} holds a character that its address cannot hold: {CHOOSE_ANOTHER}")
    if len(os.fsencode(folder / PGDATA / SOCKET)) > LONGEST_SOCKET_BYTES:
        raise EmbeddedUnavailable(f"{folder} is too long a path for a socket: {CHOOSE_ANOTHER}")


def make_data_dir(folder: Path) -> None:
    """Make the data directory and its parents; one that is there keeps its mode."""
    with suppress(FileExistsError):
        if not folder.parent.exists():
            make_data_dir(folder.parent)
        folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            folder.chmod(0o711)  # PostgreSQL's account has to get through to its own folder, whatever root's umask says
