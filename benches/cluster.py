"""Real processes on this machine for reports in parts: a Dask cluster whose workers are measured, and a server of S3.

dask_cluster   a scheduler and workers
bucket         an empty bucket, and the variables that reach it
"""

import json
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

import psutil

from benches.common import PYTHON, STORE_UPTIME, Command, Failed, Run, environment, measured

STARTING_S, STOPPING_S = 60.0, 30.0
LOOK_S = 0.05
BUCKET = "lake"
ACCESS = {"AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "something secret", "AWS_REGION": "us-east-1"}
PORTS = ("master", "volume", "filer", "s3", "admin")
OFF = ("-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0", "-ip=127.0.0.1")


@dataclass(frozen=True)
class Cluster:
    """A scheduler at an address, and all its processes."""

    address: str
    programs: Sequence[psutil.Process]

    def measured(self, command: Command, variables: Mapping[str, str]) -> Run:
        """One run of a command whose tasks are done here: processor time of all, memory of the largest process."""
        processes = [process for program in self.programs for process in [program, *program.children(recursive=True)]]
        is_over, peaks = threading.Event(), [0.0]
        before_s = sum(map(cpu_s, processes))
        watcher = threading.Thread(target=watch, args=[processes, peaks, is_over])
        watcher.start()
        try:
            run = measured(command, variables=variables)
        finally:
            is_over.set()
            watcher.join()
        spent_s = sum(map(cpu_s, processes)) - before_s
        return Run(run.wall_s, run.cpu_s + spent_s, max(run.peak_mib, *peaks))


def watch(processes: Sequence[psutil.Process], peaks: list[float], is_over: threading.Event) -> None:
    """Add the most that one of some processes holds, now and then until it is over."""
    while not is_over.wait(LOOK_S):
        peaks.append(max(process.memory_info().rss for process in processes) / 2**20)


def cpu_s(process: psutil.Process) -> float:
    """Seconds of processor that a process has taken."""
    times = process.cpu_times()
    return times.user + times.system


@contextmanager
def dask_cluster(workers: int, variables: Mapping[str, str]) -> Generator[Cluster]:
    """A scheduler and so many workers, as people start them; they join while the first command runs."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        told = Path(folder, "scheduler.json")
        surroundings = {**environment(), **variables, "DASK_TEMPORARY_DIRECTORY": folder}
        at = ("--host", "tcp://127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(told))
        scheduler = (PYTHON, "-m", "distributed.cli.dask_scheduler", *at)
        programs = [stack.enter_context(running(scheduler, surroundings, folder))]
        await_file(told)
        address = json.loads(told.read_text(encoding="utf-8"))["address"]
        worker = (STORE_UPTIME, "worker", address, "--processes", str(workers))
        programs.append(stack.enter_context(running(worker, surroundings, folder)))
        yield Cluster(address, programs)


@contextmanager
def running(command: Command, variables: Mapping[str, str], folder: str) -> Generator[psutil.Process]:
    """A program for the block."""
    with subprocess.Popen(
        command,
        env=dict(variables),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as program:
        try:
            yield psutil.Process(program.pid)
        finally:
            program.terminate()
            with suppress(subprocess.TimeoutExpired):
                program.wait(STOPPING_S)
            program.kill()


def await_file(path: Path) -> None:
    """Return once a file is there. Raises Failed."""
    deadline = monotonic() + STARTING_S
    while not (path.exists() and path.stat().st_size):
        if monotonic() > deadline:
            raise Failed("the scheduler of Dask does not start")
        sleep(LOOK_S)


@contextmanager
def bucket() -> Generator[Mapping[str, str]]:
    """An empty bucket on a server of its own, and the variables that reach it. Raises Failed."""
    weed = shutil.which("weed", path=str(Path(sys.executable).parent))
    if weed is None:
        raise Failed("there is no server for S3 on this platform")
    numbers = iter(free_ports(2 * len(PORTS)))
    ports = {kind: next(numbers) for kind in PORTS}
    options = [f"-{kind}.port={port}" for kind, port in ports.items()]
    options += [f"-{kind}.port.grpc={next(numbers)}" for kind in PORTS]
    with TemporaryDirectory() as folder:
        command = (weed, "mini", *OFF, f"-dir={folder}", f"-bucket={BUCKET}", "-ip.bind=127.0.0.1", *options)
        with running(command, environment() | ACCESS, folder) as server:
            await_port(ports["s3"], server)
            yield ACCESS | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{ports['s3']}"}


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def await_port(port: int, server: psutil.Process) -> None:
    """Return once somebody listens on a port. Raises Failed."""
    deadline = monotonic() + STARTING_S
    while monotonic() < deadline and server.is_running():
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), LOOK_S):
            return
        sleep(LOOK_S)
    raise Failed("the server for S3 does not start")


def put_folder(folder: Path, prefix: str, variables: Mapping[str, str]) -> str:
    """Have the files of a folder in the bucket; their address."""
    from obstore.store import S3Store

    store = S3Store(
        BUCKET,
        endpoint=variables["AWS_ENDPOINT_URL"],
        region=variables["AWS_REGION"],
        access_key_id=variables["AWS_ACCESS_KEY_ID"],
        secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        client_options={"allow_http": True},
    )
    for path in folder.glob("*.parquet"):
        store.put(f"{prefix}/{path.name}", path)
    return f"s3://{BUCKET}/{prefix}"
