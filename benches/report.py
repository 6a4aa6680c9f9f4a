"""A report beside other ways to the same figures: `python -m benches.report [--plot FILE.svg]`.

One sample, in PostgreSQL, as Parquet and as CSV, the same polls in all three; every program is a whole process, and
its head says what it leaves out. Each has to give our figures, cell by cell, before anything is timed; one that does
not is named and not timed. Then all of them and the floors run in turn, and each round begins with the next one.

A floor is what nothing of its kind can be faster than, and its line says how it is timed: as a whole process too, or
within one, without the start of an interpreter and with no memory of its own that could be measured.

The dependency group `bench` has what it compares with; what is not installed is left out, and named. `just bench` puts
the group into `.venv-bench`: only the programs that need it run there, as ours and others would start more slowly.

The table is Markdown. `--smoke`: small data, one run, every figure checked and nothing judged; it fails where figures
differ.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import psycopg

from benches.arguments import is_smoke, scale, value_of
from benches.common import (
    HERE,
    PEER_PYTHON,
    PYTHON,
    STORE_UPTIME,
    Run,
    alternately,
    at_least,
    at_most,
    between,
    compile_packages,
    differing,
    installed,
    load_typed,
    machine,
    markdown,
    measured,
    median,
    rows,
    spread,
)
from store_uptime.pipeline import throwaway_server
from store_uptime.pipeline.sample.sample import TABLES
from store_uptime.pipeline.sample.writing import write_csv

STORES, DAYS, TIMES = 3_678, 21, 5
SMOKE = (150, 9, 1)
OURS, STRAIGHT, PER_STORE = "store-uptime", "straight script: ConnectorX, DuckDB", "per-store Python, psycopg"
COPY, START = "COPY of the horizon to nowhere", "bare interpreter"
SOURCES = ("PostgreSQL", "Parquet", "CSV", "none")
PEERS = [  # source, name, program, the library that it needs beyond ours
    ("PostgreSQL", STRAIGHT, "straight.py", ""),
    ("PostgreSQL", "one query in PostgreSQL", "peers/postgres_sql.py", ""),
    ("PostgreSQL", PER_STORE, "peers/per_store.py", ""),
    ("Parquet", "DuckDB alone", "peers/duckdb_alone.py", ""),
    ("Parquet", "Polars alone", "peers/polars_alone.py", ""),
    ("Parquet", "DataFusion", "peers/datafusion_alone.py", "datafusion"),
    ("Parquet", "chDB", "peers/chdb_alone.py", "chdb"),
    ("Parquet", "pandas", "peers/pandas_frames.py", "pandas"),
]
IMPORTS = "import polars, duckdb, connectorx, psycopg, pyarrow, cyclopts"
# Left to itself DuckDB answers from the statistics in the file and reads nothing.
SCAN = """
import duckdb, sys
duckdb.execute("set disabled_optimizers = 'statistics_propagation'")
query = "select max(store_id), max(timestamp_utc), max(status) from read_parquet($1)"
duckdb.sql(query, params=sys.argv[1:]).fetchall()
"""
HORIZON = """
copy (
    select store_id, timestamp_utc, status = 'active' from store_status
    where timestamp_utc >= (select max(timestamp_utc) from store_status) - interval '192 hours'
) to stdout (format binary)
"""


@dataclass(frozen=True)
class Program:
    """A row of the table: what it reads, its name, how it is run; and the report that it writes, if it is no floor."""

    source: str
    name: str
    run: Callable[[], Run]
    report: Path | None = None

    @property
    def key(self) -> str:
        """Its name is unique on its source."""
        return f"{self.name}, {self.source}"


Runs = dict[str, list[Run]]


def main() -> None:
    """Make the data, check, measure, print."""
    plot = plot_file()
    stores, days, times = scale((STORES, DAYS, TIMES), SMOKE)
    compile_packages()
    with TemporaryDirectory() as name, throwaway_server() as url:
        sources = sample(url, Path(name), stores, days)
        programs = [*competitors(sources, Path(name) / "reports"), *floors(sources)]
        exact = [program for program in programs if agrees(programs[0], program)]
        if is_smoke() and len(exact) < len(programs):
            sys.exit("the figures differ")
        runs = alternately({program.key: program.run for program in exact}, times)
    print(f"{machine()}\n\n{stores:,} stores, {days} days of polls, runs of each: {times}\n")
    print(table(exact, runs))
    if not is_smoke():
        print("\n".join(["", *targets(exact, runs)]))
    if plot:
        picture(exact, runs, f"{stores:,} stores, {days} days of polls", plot)


def plot_file() -> Path | None:
    """Where the picture goes; None where nothing is drawn. Ends at once where matplotlib is missing."""
    file = value_of("--plot")
    if file is None:
        return None
    if not installed("matplotlib"):
        sys.exit("there is no picture without matplotlib: it is in the dependency group `bench`")
    return Path(file).absolute()


def sample(url: str, folder: Path, stores: int, days: int) -> dict[str, str]:
    """Where each source is. The CSV is the Parquet written anew: a sample made as CSV has rows to be rejected."""
    parquet, csv = folder / "Parquet", folder / "CSV"
    load_typed(url, parquet, stores, days)
    csv.mkdir()
    for name in TABLES:
        write_csv(csv / f"{name}.csv", [pl.read_parquet(parquet / f"{name}.parquet")])
    return {"PostgreSQL": url, "Parquet": str(parquet), "CSV": str(csv)}


def competitors(sources: dict[str, str], reports: Path) -> list[Program]:
    """Ours from each source, the one from PostgreSQL first, and the peers that can run here."""
    reports.mkdir()
    programs: list[Program] = []
    for source, address in sources.items():
        out = reports / f"{OURS} {source}.csv"
        ours = (STORE_UPTIME, "report", "--source", address, "--out", str(out))
        programs.append(Program(source, OURS, partial(measured, ours), out))
    for source, name, file, library in PEERS:
        if library and not installed(library):
            print(f"{name} is left out: {library} is not installed")
            continue
        out = reports / f"{Path(file).stem}.csv"
        peer = (PEER_PYTHON if library else PYTHON, str(HERE / file), sources[source], str(out))
        programs.append(Program(source, name, partial(measured, peer), out))
    return programs


def agrees(ours: Program, program: Program) -> bool:
    """Whether a program gives our figures; where not, one difference is printed. This is also what warms it up."""
    program.run()
    if program.report is None or ours.report is None:
        return True
    difference = differing(ours.report, program.report) if len(rows(program.report)) > 1 else "no store"
    if difference:
        print(f"{program.key}: computes something else and is not timed: {difference}")
    if difference and program.name == OURS:
        sys.exit("store-uptime itself differs from one source to the other")
    return not difference


# --- Floors ---


def floors(sources: dict[str, str]) -> list[Program]:
    """What the programs above cannot avoid, or come near to."""
    polls = str(Path(sources["Parquet"]) / "store_status.parquet")
    size = in_memory(polls)
    return [
        Program("PostgreSQL", COPY, partial(brought, sources["PostgreSQL"])),
        Program("Parquet", "DuckDB reads the polls", partial(measured, (PYTHON, "-c", SCAN, polls))),
        Program("none", START, partial(measured, (PYTHON, "-c", "pass"))),
        Program("none", "our imports", partial(measured, (PYTHON, "-c", IMPORTS))),
        Program("none", f"memory copy of {size / 2**20:.0f} MiB, the polls", partial(copied, size)),
    ]


def in_memory(polls: str) -> int:
    """The bytes that all polls take as columns, ids and statuses as text."""
    return int(pl.read_parquet(polls).estimated_size())


def brought(url: str) -> Run:
    """The horizon's polls brought here by a binary COPY and dropped, over a connection that is there."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        began, worked = time.perf_counter(), time.process_time()
        with cursor.copy(HORIZON) as copy:
            for _ in copy:
                pass
        return Run(time.perf_counter() - began, time.process_time() - worked, 0)


def copied(size: int) -> Run:
    """So many bytes from one place in memory to another, both there before."""
    here, there = bytearray(b"1") * size, bytearray(b"2") * size
    began, worked = time.perf_counter(), time.process_time()
    memoryview(there)[:] = here
    return Run(time.perf_counter() - began, time.process_time() - worked, 0)


# --- The table ---


def table(programs: Sequence[Program], runs: Runs) -> str:
    """Markdown: a program a line, by source, those that make a report beside ours on the same source."""
    head = ["", "source", "median s", "least – most", "processor s", "peak MiB", "times ours"]
    return markdown(head, [cells(program, runs) for program in by_source(programs)])


def by_source(programs: Sequence[Program]) -> list[Program]:
    """In the order of the sources, floors last."""
    return sorted(programs, key=lambda program: (SOURCES.index(program.source), program.report is None))


def cells(program: Program, runs: Runs) -> list[str]:
    """A line of the table."""
    each, ours = runs[program.key], runs.get(f"{OURS}, {program.source}")
    middle = median(each)
    floor = f"floor, {'whole process' if middle.peak_mib else 'within one'}: {program.name}"
    return [
        program.name if program.report else floor,
        program.source,
        *spread([run.wall_s for run in each]),
        f"{middle.cpu_s:.2f}",
        f"{middle.peak_mib:.0f}" if middle.peak_mib else "–",
        f"{middle.wall_s / median(ours).wall_s:.2f}" if ours else "–",
    ]


def targets(programs: Sequence[Program], runs: Runs) -> list[str]:
    """What this run says about each target that has both its sides."""
    middle = {key: median(each).wall_s for key, each in runs.items()}
    ours = middle[f"{OURS}, PostgreSQL"]
    least = middle[f"{COPY}, PostgreSQL"] + middle[f"{START}, none"]
    lines = [at_most("from PostgreSQL, ours / (COPY + bare interpreter)", ours / least, 2.5)]
    if straight := middle.get(f"{STRAIGHT}, PostgreSQL"):
        lines.append(at_most("from PostgreSQL, ours / straight script", ours / straight, 0.8))
    if per_store := middle.get(f"{PER_STORE}, PostgreSQL"):
        lines.append(at_least("from PostgreSQL, per-store Python / ours", per_store / ours, 20))
    return lines + [line for source in SOURCES for line in fastest(source, programs, middle)]


def fastest(source: str, programs: Sequence[Program], middle: dict[str, float]) -> list[str]:
    """Ours beside the fastest of the others on one source, where there is any."""
    peers = [each for each in programs if each.source == source and each.report and each.name != OURS]
    if not peers:
        return []
    best = min(peers, key=lambda peer: middle[peer.key])
    ratio = middle[best.key] / middle[f"{OURS}, {source}"]
    return [at_least(f"from {source}, the fastest other ({best.name}) / ours", ratio, 3)]


def picture(programs: Sequence[Program], runs: Runs, title: str, file: Path) -> None:
    """The same table drawn, where matplotlib is."""
    file.parent.mkdir(parents=True, exist_ok=True)
    bars = [bar(program, [run.wall_s for run in runs[program.key]]) for program in by_source(programs)]
    draw = [PEER_PYTHON, "-m", "benches.plot", title, str(file)]
    subprocess.run(draw, input=json.dumps(bars), text=True, cwd=HERE.parent, check=True)


def bar(program: Program, seconds: list[float]) -> dict[str, str | float]:
    """A program as `benches.plot` takes it."""
    middle, least, most = between(seconds)
    group = "floors without a source" if program.source == "none" else f"from {program.source}"
    kind = "floor" if program.report is None else "ours" if program.name == OURS else "peer"
    return {"group": group, "name": program.name, "kind": kind, "median": middle, "least": least, "most": most}


if __name__ == "__main__":
    main()
