"""What the benches share: processes that are measured, databases and feeds that are gone afterwards, and the table.

measured        one run of a command: seconds, seconds of processor, peak memory
alternately     several commands in turn, after a warm-up of each
own_database    an empty database in the embedded server
same_figures    whether two reports say the same, cell by cell
"""

import compileall
import csv
import json
import os
import platform
import statistics
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from itertools import zip_longest
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg.sql import SQL, Composed, Identifier

from pipeline.embedded import embedded_server

HERE = Path(__file__).parent
PYTHON = sys.executable
STORE_UPTIME = str(Path(PYTHON).with_name("store-uptime"))
LIBRARIES = ("polars", "duckdb", "connectorx", "pyarrow", "psycopg")

Command = Sequence[str]


@dataclass(frozen=True)
class Run:
    """What one process took, from its start to its end."""

    wall_s: float
    cpu_s: float
    peak_mib: float


def measured(command: Command) -> Run:
    """One run of a command; its own words are shown only where it fails, and then this ends."""
    launcher = [PYTHON, "-I", "-S", str(HERE / "launch.py"), *command]
    done = subprocess.run(launcher, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command[0]} could not be started\n{done.stderr}")
    told = json.loads(done.stdout)
    if told.pop("status"):
        sys.exit(f"{' '.join(command)} failed\n{done.stderr}")
    return Run(**told)


def alternately(commands: Mapping[str, Command], times: int) -> dict[str, list[Run]]:
    """A B C, A B C, …: what slows the machine down for a while slows all of them down."""
    for command in commands.values():
        measured(command)
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(times):
        for name, command in commands.items():
            runs[name].append(measured(command))
    return runs


def environment() -> dict[str, str]:
    """Ours, but that bytecode is kept as on any machine where a command is used twice."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def compile_packages() -> None:
    """Bytecode for everything that is installed, and for our own packages, as an installer makes it."""
    for folder in (Path(sysconfig.get_path("purelib")), HERE.parent / "pipeline", HERE.parent / "service"):
        compileall.compile_dir(folder, quiet=2)


@contextmanager
def own_database() -> Iterator[str]:
    """The URL of an empty database in the embedded server, dropped with the block."""
    name = f"bench_{os.getpid()}"
    with embedded_server() as server:
        make, drop = (
            SQL(words).format(Identifier(name)) for words in ("create database {}", "drop database {} (force)")
        )
        said(server, make)
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            said(server, drop)


def said(url: str, *statements: SQL | Composed) -> None:
    """Statements, each by itself, and then a checkpoint, so that what comes next does not pay for these."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in (*statements, SQL("checkpoint")):
            connection.execute(statement)


def median(runs: Sequence[Run]) -> Run:
    """The median of each measure by itself."""
    return Run(
        *(statistics.median(values) for values in zip(*((r.wall_s, r.cpu_s, r.peak_mib) for r in runs), strict=True))
    )


def table(runs: Mapping[str, Sequence[Run]]) -> str:
    """One line each: wall time at its median, least and most, processor time, and memory at its most."""
    head = f"{'':34} {'median s':>9} {'least':>7} {'most':>7} {'cpu s':>7} {'peak MiB':>9} {'runs':>5}"
    return "\n".join([head, *(line(name, each) for name, each in runs.items())])


def line(name: str, runs: Sequence[Run]) -> str:
    """One line of the table."""
    middle, walls, peak = median(runs), [run.wall_s for run in runs], max(run.peak_mib for run in runs)
    times = f"{middle.wall_s:9.2f} {min(walls):7.2f} {max(walls):7.2f} {middle.cpu_s:7.2f}"
    return f"{name:34} {times} {peak:9.0f} {len(runs):5}"


def machine() -> str:
    """Processor, memory, system, and the versions that matter."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{library} {version(library)}" for library in LIBRARIES)
    return (
        f"{processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}\n"
        f"Python {platform.python_version()}, {versions}"
    )


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    names = (text.split(":", 1)[1].strip() for text in lines if text.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def same_figures(one: Path, other: Path) -> int:
    """How many stores both reports have; ends where they differ in any cell, or are empty."""
    difference = differing(one, other)
    if difference:
        sys.exit(f"the figures of {one} and {other} differ: {difference}")
    stores = len(rows(one)) - 1
    if stores < 1:
        sys.exit(f"{one} has no store")
    return stores


def differing(one: Path, other: Path) -> str:
    """The first row in which two reports differ; nothing where they do not."""
    pairs = zip_longest(rows(one), rows(other))
    return next((f"{ours} here, {theirs} there" for ours, theirs in pairs if ours != theirs), "")


def rows(path: Path) -> list[list[str]]:
    """A CSV file as text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))
