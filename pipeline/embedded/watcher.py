"""Starts the embedded server, and stops it when its last user has gone.

    python -I -S watcher.py FOLDER [UID:GID POSTGRES]

Run by its path and with the standard library alone: up in 30 ms, and no heavy import stays in memory.
Locks on files of FOLDER say who is alive: a lock ends with the last process that holds it, kill -9 included.
A list of process ids would outlive them, and another process may get the same number.

    users.lock      shared by all who are inside `embedded_server`; the watcher waits to have it alone
    starting.lock   held while someone checks what runs and starts what is missing
    watching.lock   the watcher's, as long as it lives
    serving.lock    the server's: the postmaster inherits it, and its backends from there
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Generator

USERS, STARTING, WATCHING, SERVING = "users.lock", "starting.lock", "watching.lock", "serving.lock"
PGDATA, SOCKET = "postgres", ".s.PGSQL.5432"

# Seconds after each. SIGINT ends the sessions and writes a checkpoint; SIGQUIT does not: the next start recovers.
STOPS = ((signal.SIGINT, 60), (signal.SIGQUIT, 10)) if sys.platform != "win32" else ()


def main(folder: Path, owner: str = "", postgres: str = "") -> None:
    """Start the server (not without POSTGRES) and a watcher, where there is none; the watcher stays behind."""
    if postgres:
        start_server(folder, owner, postgres)
    start_watcher(folder)


def start_server(folder: Path, owner: str, postgres: str) -> None:
    """Leave a postmaster behind that holds serving.lock, unless a server process holds it already."""
    serving = try_lock(folder / SERVING)
    if serving is None:
        return
    pgdata = folder / PGDATA
    forget_dead_postmaster(pgdata)
    uid, gid = map(int, owner.split(":")) if owner else (None, None)
    subprocess.Popen(
        [postgres, "-D", pgdata, "-k", pgdata, "-h", ""],
        user=uid,
        group=gid,
        extra_groups=[] if owner else None,
        stdin=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,  # no Ctrl-C and no hang-up of a terminal reaches it
        pass_fds=[serving],
    )
    os.close(serving)  # this copy alone: to unlock would take it from the postmaster as well


def start_watcher(folder: Path) -> None:
    """Leave a process behind that holds watching.lock, unless one holds it already."""
    watching = try_lock(folder / WATCHING)
    if watching is None or os.fork() > 0:
        return  # the fork has the lock from its first moment on
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    watch(folder, watching)


def watch(folder: Path, watching: int) -> None:
    """Wait until there is no user, then stop the server."""
    # By descriptor: should FOLDER be removed and made anew, this watcher keeps to the server that it was made for.
    pgdata = os.open(folder / PGDATA, os.O_RDONLY)
    serving, users = open_lock(folder / SERVING), open_lock(folder / USERS)
    fcntl.flock(users, fcntl.LOCK_EX)
    stop_server(pgdata, serving)
    os.close(watching)  # before `users`: who gets in then must not take this process for a watcher
    os.close(users)


def stop_server(pgdata: int, serving: int) -> None:
    """Ask the postmaster to end until serving.lock is free, that is, until the last of its processes has gone."""
    for signal_number, seconds in STOPS:
        if ends_by(signal_number, seconds, pgdata, serving):
            return


def ends_by(signal_number: int, seconds: float, pgdata: int, serving: int) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if lock_at_once(serving):
            return True
        # Again and again: one that has just been started may not have written its process id yet.
        signal_postmaster(pgdata, signal_number)
        time.sleep(0.02)
    return False


def signal_postmaster(pgdata: int, signal_number: int) -> None:
    postmaster = postmaster_id(pgdata)
    if postmaster is not None:
        with suppress(ProcessLookupError):
            os.kill(postmaster, signal_number)


def forget_dead_postmaster(pgdata: Path) -> None:
    """Remove what a killed postmaster left: its process id, in two files."""
    # PostgreSQL refuses to start while any process of the same user has that number: after a restart of a container
    # or a machine that is often another program, and a zombie counts until its parent has waited for it.
    folder = os.open(pgdata, os.O_RDONLY)
    left = ("postmaster.pid", f"{SOCKET}.lock") if postmaster_id(folder) is None else ()
    for name in left:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
    os.close(folder)


def postmaster_id(pgdata: int) -> int | None:
    """The process id in postmaster.pid; None where there is none, or where another program has that number now."""
    try:
        file = os.open("postmaster.pid", os.O_RDONLY, dir_fd=pgdata)
        with os.fdopen(file) as lines:
            process = int(lines.readline())
    except (FileNotFoundError, ValueError):
        return None
    return process if works_in(process, pgdata) else None


def works_in(process: int, folder: int) -> bool:
    """Whether the process has `folder` as its working directory, as a postmaster has; True without a /proc to ask."""
    if not Path("/proc/self/cwd").exists():
        return True
    try:
        return os.path.samestat(Path(f"/proc/{process}/cwd").stat(), os.fstat(folder))
    except OSError:
        return False


@contextmanager
def lock(path: Path, how: int) -> "Generator[None]":
    """The lock at `path` for the block, `how` LOCK_SH or LOCK_EX, after waiting for it."""
    file = open_lock(path)
    try:
        fcntl.flock(file, how)
        yield
    finally:
        unlock(file)


def try_lock(path: Path) -> int | None:
    """The lock at `path` for this process alone, as a descriptor; None while another has it."""
    file = open_lock(path)
    if lock_at_once(file):
        return file
    os.close(file)
    return None


def lock_at_once(file: int) -> bool:
    """Lock a file for this process alone; False while another has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def unlock(file: int) -> None:
    """Release the lock and close its descriptor."""
    # Closing alone would not release it: a process forked meanwhile still has the file open.
    fcntl.flock(file, fcntl.LOCK_UN)
    os.close(file)


def held(path: Path) -> bool:
    """Whether anyone has the lock at `path`."""
    file = try_lock(path)
    if file is not None:
        unlock(file)
    return file is None


def open_lock(path: Path) -> int:
    """A descriptor of a lock file, made if need be, that no program started from here inherits."""
    # 0600: any user who may open the file could hold the lock.
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
