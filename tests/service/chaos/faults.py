"""What goes wrong around a service without anybody dying: locked, paused, slow, full, read-only, restarted, reloaded.

Each fault is a block: within it something hangs or refuses, afterwards it is as before.
"""

import random
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from tests.service.chaos.crowd import Servers
from tests.support.postgres import Cluster, eventually, postmaster_id, run
from tests.support.receivers import Receiver

RELOADED = ("store_status", "menu_hours", "timezones")
FILLING = 1 << 20


@dataclass
class World:
    """What a service lives among.

    faults: those that can be had here. paused: of servers that were stopped for a while, the process, since when, and
    until when.
    """

    source: Cluster
    registry: Cluster
    servers: Servers
    receiver: Receiver
    stores: list[str]
    small_disk: Path
    faults: list[str]
    chance: random.Random
    paused: list[tuple[int, float, float]] = field(default_factory=list)


@contextmanager
def locked(database: str, table: str) -> Generator[None]:
    """Nobody else can so much as read a table, as while it is written anew; waited for like any other statement."""
    with psycopg.connect(database, options="-c lock_timeout=30s") as connection:
        connection.execute(f"lock table {table} in access exclusive mode".encode())
        yield


@contextmanager
def paused(*processes: psutil.Process) -> Generator[None]:
    """Processes that keep what they have, and do nothing."""
    stopped = [process for process in processes if signalled(process.suspend)]
    try:
        yield
    finally:
        for process in stopped:
            signalled(process.resume)


def signalled(send: Callable[[], None]) -> bool:
    """Whether there still is somebody to send it to."""
    with suppress(psutil.NoSuchProcess):
        send()
        return True
    return False


def source_locked(world: World) -> Generator[None]:
    """All three tables are being written anew."""
    with ExitStack() as held:
        for table in RELOADED:
            held.enter_context(locked(world.source.socket_url, table))
        yield


def source_reloaded(world: World) -> Generator[None]:
    """The tables are emptied and filled again by a job that takes as long as the block."""
    with psycopg.connect(world.source.socket_url) as job:
        for table in RELOADED:
            job.execute(f"create temp table kept_{table} on commit drop as table {table}".encode())
            job.execute(f"truncate {table}".encode())
        yield
        for table in RELOADED:
            job.execute(f"insert into {table} table kept_{table}".encode())


def source_paused(world: World) -> Generator[None]:
    """The whole server of the source stands still."""
    with paused(*processes_of(world.source)):
        yield


def source_restarted(world: World) -> Generator[None]:
    """The server of the source is restarted, and every session with it."""
    restart(world.source)
    yield


def registry_locked(world: World) -> Generator[None]:
    """Somebody keeps the table of reports to himself."""
    with locked(world.registry.socket_url, "store_uptime.report"):
        yield


def registry_paused(world: World) -> Generator[None]:
    """The whole server of the registry stands still."""
    with paused(*processes_of(world.registry)):
        yield


def registry_restarted(world: World) -> Generator[None]:
    """The server of the registry is restarted, and every session with it."""
    restart(world.registry)
    yield


def registry_read_only(world: World) -> Generator[None]:
    """The registry takes no writes, as after a failover to a standby."""
    url = world.registry.socket_url
    run(url, "alter system set default_transaction_read_only = on", "select pg_reload_conf()")
    try:
        yield
    finally:
        reset = "alter system reset default_transaction_read_only"
        run(url, "set default_transaction_read_only = off", reset, "select pg_reload_conf()")


def disk_full(world: World) -> Generator[None]:
    """There is no room for a report, nor for a file."""
    filler = world.small_disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(FILLING))
    try:
        yield
    finally:
        filler.unlink()


def worker_paused(world: World) -> Generator[None]:
    """A worker process does nothing."""
    workers = world.servers.workers()
    with paused(*world.chance.sample(workers, min(1, len(workers)))):
        yield


def server_paused(world: World) -> Generator[None]:
    """One of the servers does nothing, whatever it holds."""
    server = world.chance.choice(world.servers.all)
    start = time.monotonic()
    with paused(psutil.Process(server.process.pid)):
        yield
    world.paused.append((server.process.pid, start, time.monotonic()))


def receiver_silent(world: World) -> Generator[None]:
    """The receiver of webhooks does not answer."""
    world.receiver.answers["/hook"] = ["hang"]
    yield
    world.receiver.answers["/hook"] = [200]


FAULTS: dict[str, Callable[[World], Generator[None]]] = {
    fault.__name__.replace("_", " "): fault
    for fault in (
        source_locked,
        source_reloaded,
        source_paused,
        source_restarted,
        registry_locked,
        registry_paused,
        registry_restarted,
        registry_read_only,
        disk_full,
        worker_paused,
        server_paused,
        receiver_silent,
    )
}


def processes_of(cluster: Cluster) -> list[psutil.Process]:
    """The processes of a PostgreSQL server, the one that starts the others first."""
    postmaster = psutil.Process(postmaster_id(cluster.data))
    return [postmaster, *postmaster.children()]


def restart(cluster: Cluster) -> None:
    """End every session as a crash does; the server goes on by itself once it has recovered."""
    _, child, *_ = processes_of(cluster)
    signalled(child.kill)
    eventually(lambda: not child.is_running(), 30)
    eventually(cluster.answers, 60)


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Generator[bool]:
    """A file system of a few MiB for the block; an ordinary folder where this user may not mount one: then False."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=777", "tmpfs", folder]
    is_small = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    try:
        yield is_small
    finally:
        if is_small:
            subprocess.run(["umount", "-l", folder], check=True)
