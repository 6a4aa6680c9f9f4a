"""The account that the embedded server runs as, and commands run as it.

PostgreSQL refuses to run as root: for root the server runs as the owner of the cluster that is there, else as the
system account `store-uptime`.
"""

import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from store_uptime.pipeline.embedded.data_dir import CHOOSE_ANOTHER
from store_uptime.pipeline.embedded.watcher import PGDATA
from store_uptime.pipeline.errors import EmbeddedUnavailable

if sys.platform != "win32":
    import pwd

ACCOUNT = "store-uptime"
# "FATAL: the database system is starting up" answers our own try to connect, and is no fault of the server.
FAULT = re.compile("PANIC:|FATAL:(?!  the database system is)|error:")


def server_account(folder: Path) -> tuple[int, int] | None:
    """The user and group that the server runs as; None for our own."""
    if os.geteuid() != 0:
        return None
    owner = cluster_owner(folder) or ensure_account()
    instead = f"PostgreSQL refuses to run as root, and the account that it runs as instead (user id {owner[0]})"
    try:
        shut = next((path for path in reversed([folder, *folder.parents]) if not can_enter(owner, path)), None)
    except OSError as error:  # root of a user namespace
        raise EmbeddedUnavailable(f"{instead} is not to be had ({error.strerror}): run as an ordinary user") from error
    if shut:
        raise EmbeddedUnavailable(f"{instead} cannot enter {shut}: {CHOOSE_ANOTHER}, or run as an ordinary user")
    return owner


def cluster_owner(folder: Path) -> tuple[int, int] | None:
    # Root may be a guest in the folder of someone else, whose cluster must stay theirs.
    with suppress(FileNotFoundError):
        found = (folder / PGDATA).stat()
        return found.st_uid, found.st_gid
    return None


def ensure_account() -> tuple[int, int]:
    """The system account `store-uptime`, made if there is none yet."""
    with suppress(KeyError):
        return find_account()
    try:
        output = run_as(None, "useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT).stderr
    except OSError as error:
        output = str(error)
    with suppress(KeyError):
        return find_account()
    raise EmbeddedUnavailable(
        f"PostgreSQL refuses to run as root, and no account {ACCOUNT} can be made for it ({fault_line(output)}): "
        "run as an ordinary user"
    )


def find_account() -> tuple[int, int]:
    """Raises KeyError where it does not exist."""
    entry = pwd.getpwnam(ACCOUNT)
    return entry.pw_uid, entry.pw_gid


def can_enter(owner: tuple[int, int], path: Path) -> bool:
    """Whether the account may enter the folder, or run the program, at `path`."""
    return run_as(owner, "/bin/sh", "-c", 'test -x "$0"', str(path)).returncode == 0


def run_as(owner: tuple[int, int] | None, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end as a user and group (None: our own); its output is captured as text."""
    uid, gid = owner or (None, None)
    return subprocess.run(
        command,
        user=uid,
        group=gid,
        extra_groups=[] if owner else None,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd="/",  # ours may be closed to that user
        env=environment(),
        check=False,
    )


def environment() -> dict[str, str]:
    """The environment of PostgreSQL's programs: no PGPORT to move the socket, no password, messages in English."""
    inherited = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))  # useradd is not for everyone
    return {**inherited, "PATH": path, "LC_ALL": "C"}


def fault_line(output: str) -> str:
    """The first line of a program's output that names an error, else its last line."""
    lines = output.strip().splitlines() or ["nothing"]
    return next(filter(FAULT.search, lines), lines[-1])
