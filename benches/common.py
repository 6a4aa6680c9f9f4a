"""What the benches share: processes that are measured, programs that are compared, samples, and tables.

measured     one run of a command: seconds, seconds of processor, peak memory of all its processes
compared     programs whose figures are checked first, and which then run in turn, round after round
runs_table   a table of runs
typed_rows   a sample's table as `COPY` takes it
markdown     any table
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
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from itertools import zip_longest
from pathlib import Path
from types import MappingProxyType

import duckdb
import psycopg
from psycopg.sql import SQL

HERE = Path(__file__).parent
PYTHON = sys.executable
STORE_UPTIME = str(Path(PYTHON).with_name("store-uptime"))
LIBRARIES = ("polars", "duckdb", "connectorx", "pyarrow", "psycopg")
LONGEST_S = 600.0
MACHINE_MIB = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20
MOST_MIB = 0.85 * MACHINE_MIB  # beyond, the kernel would end whatever it likes

Command = Sequence[str]
NO_VARIABLES: Mapping[str, str] = MappingProxyType({})
LEFT_OUT = ("PYTHONDONTWRITEBYTECODE", "AWS_")


class Failed(SystemExit):
    """A command did not end well; where nobody minds, the bench ends with its sentence."""


@dataclass(frozen=True)
class Run:
    """What a process took from its start to its end; what a client waited has neither processor time nor memory.

    between: bytes of a poll between two passes.
    """

    wall_s: float
    cpu_s: float = 0.0
    peak_mib: float = 0.0
    between: float = 0.0


@dataclass(frozen=True)
class Program:
    """A name, how it is run, and the report that it writes, if there is one to compare."""

    name: str
    run: Callable[[], Run]
    report: Path | None = None


@dataclass
class Outcome:
    """The runs of each program, those of a round at the same place; and what was left out, and why."""

    runs: dict[str, list[Run]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, run: Run) -> None:
        """One more run."""
        self.runs.setdefault(name, []).append(run)

    def leave_out(self, name: str, why: str) -> None:
        """What is left out has no times."""
        self.runs.pop(name, None)
        self.left_out[name] = why


# --- Processes ---


def measured(command: Command, folder: Path | None = None, variables: Mapping[str, str] = NO_VARIABLES) -> Run:
    """One run of a command, perhaps in another folder, or with further variables; its own words are shown only where
    it fails. Raises Failed."""
    launcher = [PYTHON, "-I", "-S", str(HERE / "launch.py"), str(LONGEST_S), str(MOST_MIB), *command]
    done = subprocess.run(
        launcher, env={**environment(), **variables}, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Failed(f"{command[0]} could not be started\n{done.stderr}")
    result = json.loads(done.stdout)
    if over := result.pop("over"):
        raise Failed(f"ended as it took more than {over}")
    if status := result.pop("status"):
        raise Failed(f"ended with {status}: {error_line(done.stderr)}")
    return Run(**result)


def error_line(said: str) -> str:
    """The line that names an error: of a trace its last one, to which some libraries add advice."""
    lines = said.strip().splitlines() or [""]
    return next((line for line in reversed(lines) if "Error" in line.partition(":")[0]), lines[-1])


def environment() -> dict[str, str]:
    """Ours, but that bytecode is kept as on any machine where a command is used twice; and no bucket of the user's."""
    return {name: value for name, value in os.environ.items() if not name.startswith(LEFT_OUT)}


def compile_packages() -> None:
    """Bytecode for everything that is installed, and for our own packages, as an installer makes it."""
    for folder in (Path(sysconfig.get_path("purelib")), HERE.parent / "pipeline", HERE.parent / "service"):
        compileall.compile_dir(folder, quiet=2)


# --- Comparing ---


def compared(programs: Sequence[Program], times: int) -> Outcome:
    """Figures first, then time. The first program is ours: those that differ from it, or fail, are not timed."""
    outcome = Outcome()
    ours, *others = programs
    ours.run()
    for other in others:
        if why := fault(ours, other):
            outcome.leave_out(other.name, why)
    timed_in_turn(programs, times, outcome)
    return outcome


def fault(ours: Program, other: Program) -> str:
    """Why a program is not timed, if it is not. This is also what warms it up."""
    try:
        other.run()
    except Failed as failure:
        return str(failure)
    difference = differing(ours.report, other.report) if ours.report and other.report else ""
    return f"computes something else: {difference}" if difference else ""


def timed_in_turn(programs: Sequence[Program], times: int, outcome: Outcome) -> None:
    """A B C, B C A, …: what slows the machine down for a while, or one that comes after another, meets all of them."""
    for turn in range(times):
        first = turn % len(programs)
        for program in [*programs[first:], *programs[:first]]:
            timed(program, outcome)


def timed(program: Program, outcome: Outcome) -> None:
    """One more run of a program that is not left out."""
    if program.name in outcome.left_out:
        return
    try:
        outcome.add(program.name, program.run())
    except Failed as failure:
        outcome.leave_out(program.name, str(failure))


def differing(one: Path, other: Path) -> str:
    """The first row in which two reports differ; nothing where they do not."""
    mine, yours = rows(one), rows(other)
    if len(mine) < 2:
        return "no store"
    return next((f"{ours} here, {theirs} there" for ours, theirs in zip_longest(mine, yours) if ours != theirs), "")


def rows(path: Path) -> list[list[str]]:
    """A CSV file as text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def median(runs: Sequence[Run]) -> Run:
    """The median of each measure by itself."""
    return Run(
        *(statistics.median(values) for values in zip(*((r.wall_s, r.cpu_s, r.peak_mib) for r in runs), strict=True))
    )


# --- Tables of a database ---


def typed_rows(table: Path, columns: Sequence[str], file: Path) -> None:
    """The rows of a typed sample's table, each once, as CSV without a header."""
    rows = duckdb.read_parquet(str(table)).select(*columns).distinct()
    rows.write_csv(str(file), header=False)


def execute(url: str, *statements: SQL) -> None:
    """Statements, each by itself."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


# --- Tables to read ---


def machine() -> str:
    """Processor, memory, system, and the versions of the libraries that do the work."""
    versions = ", ".join(f"{library} {its}" for library in LIBRARIES if (its := installed(library)))
    return (
        f"{processor()}, {os.cpu_count()} cores, {MACHINE_MIB / 1024:.0f} GiB, {platform.system()} "
        f"{platform.release()}\nPython {platform.python_version()}, {versions}"
    )


def installed(library: str) -> str:
    """The version of a library; nothing where it is not there."""
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


def processor() -> str:
    """The processor's name where the system has it, else its architecture."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text(encoding="utf-8").splitlines() if described.exists() else []
    names = (text.split(":", 1)[1].strip() for text in lines if text.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table; words are in the first column and below an empty head, numbers in the others."""
    rule = [":--" if number == 0 or not name else "--:" for number, name in enumerate(head)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *lines))


def runs_table(runs: Mapping[str, Sequence[Run]]) -> str:
    """Markdown: a program a line."""
    head = ["", "median s", "least – most", "processor s", "peak MiB"]
    return markdown(head, [[name, *run_cells(each)] for name, each in runs.items()])


def run_cells(runs: Sequence[Run]) -> list[str]:
    """Wall time at its median, least and most, processor time at its median, memory at its most."""
    middle, walls, peak = median(runs), [run.wall_s for run in runs], max(run.peak_mib for run in runs)
    return [
        seconds(middle.wall_s),
        f"{seconds(min(walls))} – {seconds(max(walls))}",
        f"{middle.cpu_s:.2f}" if middle.cpu_s else "–",
        f"{peak:.0f}" if peak else "–",
    ]


def seconds(value: float) -> str:
    """Three figures that count below a second."""
    return f"{value:.{1 if value >= 10 else 2 if value >= 1 else 3}f}"
