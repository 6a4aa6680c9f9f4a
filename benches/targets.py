"""The targets, and the tables of a run: what docs/benchmarks.md shows.

A result is the outcome of each row by its name; `saved` and `read` keep them beside the page.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benches.common import Outcome, Run, markdown, median, run_cells
from benches.data import BEFORE, OURS
from benches.parts import FROM_S3, ON_WORKERS, ONE_PASS, TWO_PASSES
from benches.periods import BY_DAY, PROFILE
from benches.reports import DUCKDB, POLARS, READING, STAGE, STRAIGHT
from benches.waits import COLD, COMPLETE, TIMELINE

Results = Mapping[str, Outcome]

TITLES = {
    "large": "37 M polls, Parquet",
    "huge": "187 M polls, Parquet",
    "parquet": "1.8 M polls, Parquet",
    "postgres": "1.8 M polls, PostgreSQL",
    "csv": "1.8 M polls, CSV",
    "stage": "the stage alone, 37 M polls",
    "periods": "by periods, 37 M polls, Parquet",
    "warm": "warm service, 1.8 M polls",
    "store": "one store of 200 000, PostgreSQL",
    "parts": "37 M polls in two passes",
    "huge_parts": "187 M polls in two passes",
}
WAITED = ("warm", "store")
SEVERAL = ("periods", "parts", "huge_parts")
"""Rows that have several programs of ours."""
WALL, PROCESSOR, MEMORY, BETWEEN = "wall time", "processor time", "peak memory", "between the passes"


@dataclass(frozen=True)
class Target:
    """A program's measure in a row, at most so many times another program's, or by itself in `unit`."""

    row: str
    program: str
    limit: float
    beside: str = ""
    measure: str = WALL
    unit: str = ""

    @property
    def words(self) -> str:
        """What is measured; where a client waits, the measure goes without saying."""
        what = self.program if self.row in WAITED else self.measure
        if self.row in SEVERAL:
            what = f"{self.program}: {what}"
        return f"{what} / {self.beside}" if self.beside else what

    def measured(self, results: Results, measure: str = "") -> float | None:
        """The ratio, or the value in its unit; None where one of its sides was not measured. measure: another one."""
        runs = results.get(self.row, Outcome()).runs
        ours = value(runs.get(self.program, []), measure or self.measure)
        if not self.beside:
            return ours * UNITS[self.unit] or None
        beside = value(runs.get(self.beside, []), measure or self.measure)
        return ours / beside if ours and beside else None


UNITS = {"s": 1, "ms": 1000, "GiB": 1, "bytes a poll": 1}
TARGETS = [
    Target("large", OURS, 0.70, POLARS),
    Target("large", OURS, 3.5, READING),
    Target("large", OURS, 1.0, measure=MEMORY, unit="GiB"),
    Target("huge", OURS, 0.55, POLARS, PROCESSOR),
    Target("huge", OURS, 3.5, measure=MEMORY, unit="GiB"),
    Target("huge", OURS, 40, unit="s"),
    Target("parquet", OURS, 1.1, DUCKDB),
    Target("postgres", OURS, 0.75, STRAIGHT),
    Target("csv", OURS, 0.8, BEFORE),
    Target("stage", STAGE, 2.5, READING),
    Target("stage", STAGE, 0.5, measure=MEMORY, unit="GiB"),
    Target("periods", BY_DAY, 1.3, OURS, PROCESSOR),
    Target("periods", PROFILE, 1.5, OURS, PROCESSOR),
    Target("warm", COMPLETE, 0.65, COLD),
    Target("store", TIMELINE, 60, unit="ms"),
    Target("store", COMPLETE, 150, unit="ms"),
    Target("parts", TWO_PASSES, 2.0, ONE_PASS, PROCESSOR),
    Target("parts", ON_WORKERS, 1.5, TWO_PASSES, PROCESSOR),
    Target("parts", FROM_S3, 2.0, TWO_PASSES, PROCESSOR),
    Target("parts", TWO_PASSES, 8, measure=BETWEEN, unit="bytes a poll"),
    Target("huge_parts", TWO_PASSES, 2.0, ONE_PASS, PROCESSOR),
    Target("huge_parts", TWO_PASSES, 1.2, measure=MEMORY, unit="GiB"),
    Target("huge_parts", TWO_PASSES, 8, measure=BETWEEN, unit="bytes a poll"),
]


def value(runs: Sequence[Run], measure: str) -> float:
    """Seconds at their median, memory in GiB at its most; 0 where it was not measured."""
    if not runs:
        return 0
    if measure == MEMORY:
        return max(run.peak_mib for run in runs) / 1024
    if measure == BETWEEN:
        return max(run.between for run in runs)
    middle = median(runs)
    return middle.cpu_s if measure == PROCESSOR else middle.wall_s


# --- Tables ---


def target_table(results: Results) -> str:
    """Markdown: a target a line. Processor time says more than wall time where the machine was busy."""
    head = ["target", "", "measured", "at most", "", "in processor time"]
    return markdown(head, [cells(each, results) for each in TARGETS])


def cells(target: Target, results: Results) -> list[str]:
    """A line of it."""
    head, found = [TITLES[target.row], target.words], target.measured(results)
    limit = f"{target.limit:g} {target.unit}".strip()
    if found is None:
        return [*head, "–", limit, "not measured", "–"]
    shown = f"{found:.{0 if found >= 20 else 2}f} {target.unit}".strip()
    verdict = "met" if found <= target.limit else "**missed**"
    worked = target.measured(results, PROCESSOR) if target.beside else None
    return [*head, shown, limit, verdict, f"{worked:.2f}" if worked else "–"]


def figure_table(results: Results) -> str:
    """Markdown: a program a line, row by row, beside the first of its row; what was left out says why."""
    head = ["", "", "median s", "least – most", "processor s", "peak MiB", "times the first"]
    return markdown(head, [line for row in in_order(results) for line in row_lines(row, results[row])])


def row_lines(row: str, outcome: Outcome) -> Iterator[list[str]]:
    """Its programs, then what was left out."""
    first = next(iter(outcome.runs.values()), [])
    for name, runs in outcome.runs.items():
        times = median(runs).wall_s / median(first).wall_s
        yield [TITLES[row], name, *run_cells(runs), f"{times:.2f}"]
    for name, why in outcome.left_out.items():
        yield [TITLES[row], f"{name}: {why}", *["–"] * 5]


def before_table(results: Results) -> str:
    """Markdown: what of ours was run beside the other version, and how many times its measures that is."""
    head = ["times the version beside", "", WALL, PROCESSOR, MEMORY]
    return markdown(head, [line for row in in_order(results) for line in before_lines(row, results[row])])


def before_lines(row: str, outcome: Outcome) -> Iterator[list[str]]:
    for name, runs in outcome.runs.items():
        before = outcome.runs.get(BEFORE if name == OURS else f"{name} ({BEFORE})")
        if before:
            yield [TITLES[row], name, *(ratio(runs, before, measure) for measure in (WALL, PROCESSOR, MEMORY))]


def ratio(runs: Sequence[Run], beside: Sequence[Run], measure: str) -> str:
    """Nothing where that was not measured."""
    other = value(beside, measure)
    return f"{value(runs, measure) / other:.2f}" if other else "–"


def in_order(results: Results) -> list[str]:
    """The rows that were run, in the order of `TITLES`."""
    return [row for row in TITLES if row in results]


# --- Kept ---


def saved(results: Results, machine: str, file: Path) -> None:
    """A line of JSON for the machine, and one for each program."""
    lines: list[object] = [{"machine": machine}]
    for row in in_order(results):
        of = results[row]
        lines += [{"row": row, "program": name, "runs": rounded(runs)} for name, runs in of.runs.items()]
        lines += [{"row": row, "program": name, "left_out": why} for name, why in of.left_out.items()]
    file.write_text("".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines), encoding="utf-8")


def rounded(runs: Sequence[Run]) -> list[list[float]]:
    """Without digits that nobody needs."""
    return [
        [
            round(run.wall_s, 4),
            round(run.cpu_s, 3),
            round(run.peak_mib),
            *([round(run.between, 3)] if run.between else []),
        ]
        for run in runs
    ]


def read(file: Path) -> tuple[Results, str]:
    """The results that were saved, and the machine that they are of; nothing where there are none."""
    results: dict[str, Outcome] = {}
    if not file.exists():
        return results, ""
    of, *lines = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    for line in lines:
        outcome = results.setdefault(line["row"], Outcome())
        if "left_out" in line:
            outcome.leave_out(line["program"], line["left_out"])
        for run in line.get("runs", ()):
            outcome.add(line["program"], Run(*run))
    return results, of["machine"]
