"""PostgreSQL for the tests: databases of their own, and a second server that asks for passwords."""

import atexit
import os
import select
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, LiteralString, Self, cast
from urllib.parse import quote
from uuid import uuid4

import psutil
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from store_uptime.pipeline.embedded.account import run_as, server_account
from store_uptime.pipeline.embedded.programs import readable_programs
from store_uptime.pipeline.embedded.server import embedded_server
from store_uptime.pipeline.embedded.watcher import SERVING, WATCHING, held

FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
SAFE = ("synchronous_commit=on", "full_page_writes=on")  # what was committed outlives a kill, though no power cut
SSL_REQUEST = struct.pack("!i", 80877103)
PASSWORD = "p@ss/wörd:%?#"


@contextmanager
def open_folder() -> Generator[Path]:
    """A temporary folder, short of name, that PostgreSQL's account can enter when root runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="uptime-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def own_server() -> Generator[str]:
    """An embedded server for this process of the tests alone, not careful about power cuts."""
    with open_folder() as folder:
        with embedded_server(folder / "data") as url:
            run(
                url, *(f"alter system set {setting.replace('=', ' = ')}" for setting in FAST), "select pg_reload_conf()"
            )
            yield url
        eventually(lambda: not (held(folder / "data" / SERVING) or held(folder / "data" / WATCHING)))


@contextmanager
def fresh_database(server: str, ending: str = "") -> Generator[str]:
    """The URL of an empty database, that is gone after the block whoever is still in it."""
    name = f"test_{uuid4().hex}{ending}"
    run(server, f'create database "{name}" strategy file_copy')  # half the time of the default
    try:
        yield in_database(server, name)
    finally:
        run(server, f'drop database "{name}" with (force)')


def in_database(url: str, name: str) -> str:
    """The same server, another database."""
    before, _, query = url.partition("?")
    return f"{before.rpartition('/')[0]}/{quote(name, safe='')}?{query}"


def as_user(url: str, user: str, password: str = "") -> str:
    """The same database, another user."""
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    return f"postgresql://{login}@{url.partition('@')[2]}"


def network_url(port: int, user: str, password: str = "", database: str = "postgres", **options: str) -> str:
    """As somebody, over TCP on this machine."""
    query = "&".join(f"{key}={quote(value, safe='')}" for key, value in options.items())
    return as_user(f"postgresql://x@localhost:{port}/{quote(database, safe='')}?{query}", user, password)


def run(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """What the last of the statements gives, each committed at once."""
    rows: list[tuple[Any, ...]] = []
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(cast("LiteralString", statement))
            rows = cursor.fetchall() if cursor.description else []
    return rows


def insert(url: str, table: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Rows into a table, by COPY."""
    if not rows:
        return
    columns = ", ".join(f'"{column}"' for column in rows[0])
    statement = cast("LiteralString", f"copy {table} ({columns}) from stdin")
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row(list(row.values()))


def eventually(holds: Any, seconds: float = 10) -> None:
    """Wait for something that is about to be true."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)  # more looks would take time from what is looked at


@dataclass(frozen=True)
class Cluster:
    """A server on 127.0.0.1 and on a socket, where the socket trusts everyone and TCP asks for passwords."""

    data: Path
    port: int
    owner: tuple[int, int] | None
    programs: Path

    @property
    def socket_url(self) -> str:
        """As the superuser, without a password."""
        return f"postgresql://postgres@localhost:{self.port}/postgres?host={quote(str(self.data.parent))}"

    def url(self, user: str, password: str = "", **options: str) -> str:
        """As somebody, over TCP."""
        return network_url(self.port, user, password, **options)

    def program(self, name: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the server's account."""
        done = run_as(self.owner, str(self.programs / "bin" / name), *arguments)
        assert done.returncode == 0, done.stderr

    def answers(self) -> bool:
        """Whether it takes sessions."""
        with suppress(psycopg.Error):
            return run(self.socket_url, "select true") == [(True,)]
        return False

    def kill(self) -> None:
        """End the server with -9, and wait until the last of its processes has ended by itself."""
        postmaster = psutil.Process(postmaster_id(self.data))
        backends = postmaster.children()
        postmaster.kill()
        eventually(lambda: not any(map(is_alive, backends)), 30)

    @contextmanager
    def running(self, *settings: str) -> Generator[None]:
        """Keep the server up for the block."""
        options = [word for setting in (*FAST, *settings) for word in ("-c", setting)]
        at = ["-D", str(self.data), "-k", str(self.data.parent), "-h", "127.0.0.1", "-p", str(self.port)]
        uid, gid = self.owner or (None, None)
        log_file = self.data.with_suffix(".log")
        with (
            log_file.open("wb") as log,
            subprocess.Popen(
                [str(self.programs / "bin/postgres"), *at, *options],
                user=uid,
                group=gid,
                extra_groups=[] if self.owner else None,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
            ) as server,
        ):
            try:
                eventually(lambda: self.answers() or server.poll() is not None, 30)
                assert server.returncode is None, log_file.read_text()
                yield
            finally:
                server.send_signal(signal.SIGQUIT)


@contextmanager
def pgbouncer(server: str, mode: str = "transaction", connections: int = 20) -> Generator[str]:
    """The URL of any database of a server behind pgbouncer; whoever comes is its superuser.

    server: a URL with the socket's folder. connections: how many pgbouncer has for a database.
    """
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("there is no pgbouncer to go through")
    address = conninfo_to_dict(server)
    port = free_port()
    settings = {
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "any",
        "pool_mode": mode,
        "default_pool_size": connections,
    }
    with open_folder() as folder:
        file = folder / "pgbouncer.ini"
        there = f"host={address['host']} port={address['port']} user={address['user']}"
        lines = [f"{key} = {value}" for key, value in settings.items()]
        file.write_text("\n".join(["[databases]", f"* = {there}", "[pgbouncer]", *lines]))
        account = server_account(folder)
        start = partial(
            subprocess.Popen[bytes],
            [program, "-q", str(file)],
            user=account and account[0],
            group=account and account[1],
            extra_groups=[] if account else None,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with kept_running(start):
            eventually(lambda: listens(port))
            yield network_url(port, str(address["user"]), database=str(address["dbname"]))


def postmaster_id(data: Path) -> int:
    """The process of the server that runs on a folder of data."""
    return int((data / "postmaster.pid").read_text().split()[0])


@contextmanager
def kept_running(start: Callable[[], "subprocess.Popen[bytes]"]) -> Generator[None]:
    """A program that is started again when it ends, as systemd would.

    pgbouncer 1.18 ends ("bad client state: 0") where a client that cancels a statement does not wait for an answer:
    https://github.com/pgbouncer/pgbouncer/issues/801.
    """
    process, is_over = start(), threading.Event()

    def start_again() -> None:
        nonlocal process
        while not is_over.wait(0.1):
            if process.poll() is not None:
                process = start()

    supervisor = threading.Thread(target=start_again)
    supervisor.start()
    try:
        yield
    finally:
        is_over.set()
        supervisor.join()
        process.terminate()
        process.wait()


def listens(port: int) -> bool:
    """Whether anybody listens on a TCP port of this machine."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def is_alive(process: psutil.Process) -> bool:
    """Whether a process is there and not a zombie."""
    with suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


@contextmanager
def new_cluster() -> Generator[Cluster]:
    """A cluster that does not run yet, in a folder of the server's account."""
    with empty_cluster() as cluster:
        copy_as_it_is(blank_cluster(), cluster.data)
        yield cluster


@contextmanager
def empty_cluster() -> Generator[Cluster]:
    """A cluster that is not there yet."""
    with open_folder() as folder:
        owner = server_account(folder)
        if owner:
            os.chown(folder, *owner)
        yield Cluster(folder / "data", free_port(), owner, readable_programs(folder, owner))


@cache
def blank_cluster() -> Path:
    """The data of a cluster that has never run, made once: initdb takes ten times as long as a copy."""
    kept = ExitStack()
    atexit.register(kept.close)
    cluster = kept.enter_context(empty_cluster())
    names = ["--username=postgres", "--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8"]
    quick = ["--no-locale", "--no-sync", "--no-instructions"]
    cluster.program("initdb", "-D", str(cluster.data), *names, *quick)
    return cluster.data


def copy_as_it_is(folder: Path, to: Path) -> None:
    """A copy of a folder, whose files belong to the same account and have the same modes."""
    subprocess.run(["cp", "-a", folder, to], check=True)


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class TlsFront:
    """Speaks TLS for a server that cannot, as that of the wheel, and remembers whether its last client did so."""

    def __init__(self, folder: Path, port: int) -> None:
        self.last_encrypted: bool | None = None
        self._server = ("127.0.0.1", port)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(folder / "server.crt", folder / "server.key")
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), socket.create_connection(self._server) as server, client:
            start = client.recv(8, socket.MSG_WAITALL)
            self.last_encrypted = start[4:] == SSL_REQUEST
            if not self.last_encrypted:
                server.sendall(start)
                relay(client, server)
                return
            client.sendall(b"S")
            with self._context.wrap_socket(client, server_side=True) as encrypted:
                relay(encrypted, server)


def relay(client: socket.socket, server: socket.socket) -> None:
    """Pass on what either of them says, until one has gone."""
    while True:
        waiting = isinstance(client, ssl.SSLSocket) and client.pending()
        for end in [client] if waiting else select.select([client, server], [], [])[0]:
            block = end.recv(1 << 16)
            if not block:
                return
            (server if end is client else client).sendall(block)


def make_certificates(folder: Path) -> None:
    """An authority (ca.crt), a server certificate of it (server.crt, server.key), and a stranger (other.crt)."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    for name in ("ca", "other"):
        openssl(
            "req", "-x509", *key, "-keyout", f"{name}.key", "-out", f"{name}.crt", "-subj", f"/CN={name}", at=folder
        )
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost", at=folder)
    signing = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"]
    openssl("x509", "-req", "-in", "server.csr", *signing, "-out", "server.crt", at=folder)


def openssl(*arguments: str, at: Path) -> None:
    """Run `openssl` in a folder."""
    subprocess.run(["openssl", *arguments], cwd=at, check=True, capture_output=True)
