"""What the benches share: processes that are measured, samples, comparisons of figures, and the table.

measured        one run of a command: seconds, seconds of processor, peak memory of all its processes
alternately     several programs in turn, round after round
load_typed      a sample in a database, and as Parquet
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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from itertools import zip_longest
from pathlib import Path

import psycopg
from psycopg.sql import SQL

from store_uptime.pipeline import load_files, write_sample

HERE = Path(__file__).parent
PYTHON = sys.executable
STORE_UPTIME = str(Path(PYTHON).with_name("store-uptime"))
BENCH = HERE.parent / ".venv-bench"  # libraries look for pandas and NumPy, and take longer where these are installed
PEER_PYTHON = str(BENCH / "bin" / "python") if (BENCH / "bin" / "python").exists() else PYTHON
LIBRARIES = ("polars", "duckdb", "connectorx", "pyarrow", "psycopg", "pandas", "datafusion", "chdb")

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
    result = json.loads(done.stdout)
    if result.pop("status"):
        sys.exit(f"{' '.join(command)} failed\n{done.stderr}")
    return Run(**result)


def alternately(programs: Mapping[str, Callable[[], Run]], times: int) -> dict[str, list[Run]]:
    """A B C, B C A, …: what slows the machine down for a while, or one that comes after another, meets all of them."""
    runs: dict[str, list[Run]] = {name: [] for name in programs}
    names = list(programs)
    for turn in range(times):
        first = turn % max(1, len(names))
        for name in names[first:] + names[:first]:
            runs[name].append(programs[name]())
    return runs


def environment() -> dict[str, str]:
    """Ours, but that bytecode is kept as on any machine where a command is used twice."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def compile_packages() -> None:
    """Bytecode for everything that is installed, and for our own packages, as an installer makes it."""
    for folder in (Path(sysconfig.get_path("purelib")), HERE.parent / "pipeline", HERE.parent / "service"):
        compileall.compile_dir(folder, quiet=2)


def execute(url: str, statement: SQL) -> None:
    """A statement by itself, and then a checkpoint."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)
        # Otherwise PostgreSQL writes the pages of this statement within the next measured run.
        connection.execute("checkpoint")


def load_typed(url: str, feed: Path, stores: int, days: int) -> None:
    """A sample without rejects: Parquet in a folder, and from there the three tables, vacuumed and analyzed."""
    write_sample(feed, stores, days, file_format="parquet")
    load_files(feed, url, feed.with_name("rejects"))
    execute(url, SQL("vacuum analyze"))


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
    """Processor, memory, system, and the versions of the libraries that do the work."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{library} {its}" for library in LIBRARIES if (its := installed(library)))
    return (
        f"{processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}\n"
        f"Python {platform.python_version()}, {versions}"
    )


def installed(library: str) -> str:
    """The version of a library, here or where the group `bench` is; nothing where it is in neither."""
    folders = [*sys.path, *map(str, BENCH.glob("lib/python*/site-packages"))]
    return next((found.version for found in distributions(name=library, path=folders)), "")


def processor() -> str:
    """The processor's name where the system has it, else its architecture."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text(encoding="utf-8").splitlines() if described.exists() else []
    names = (text.split(":", 1)[1].strip() for text in lines if text.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def at_most(what: str, value: float, target: float, unit: str = "") -> str:
    """A line about a target that must not be passed."""
    return f"- {what}: {value:.2f}{unit}, target at most {target:g}{unit}: {'met' if value <= target else 'missed'}"


def at_least(what: str, value: float, target: float) -> str:
    """A line about a target that must be reached."""
    return f"- {what}: {value:.2f}, target at least {target:g}: {'met' if value >= target else 'missed'}"


def markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table; what is in the first column are words, else numbers."""
    rule = [":--", *["--:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *lines))


def spread(seconds: Sequence[float]) -> list[str]:
    """The median, and from the least to the most, with three figures that count below a second."""
    middle, least, most = (f"{value:.{2 if value >= 1 else 3}f}" for value in between(seconds))
    return [middle, f"{least} – {most}"]


def between(seconds: Sequence[float]) -> tuple[float, float, float]:
    """Median, least and most."""
    return statistics.median(seconds), min(seconds), max(seconds)


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
