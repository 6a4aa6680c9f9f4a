"""Does a test notice each slip? `just mutants` makes them one at a time, and names those that no test fails for.

Such a mutant has survived: a test is missing, or the figures stay the same, and `survivors.toml` says why. The tests
are those of the mutant's area, as far as their values were worked out by hand.
"""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from shutil import copy, copytree, ignore_patterns
from tempfile import TemporaryDirectory
from time import monotonic

from tests.mutation.mutants import Mutant, mutants

TREE = Path(__file__).parents[2]
EXPLAINED = Path(__file__).with_name("survivors.toml")
PROCESSES = 2
SQL = "pipeline/uptime/sql/{}.sql"
FIGURES = ("macros", "bands", "cuts", "exposed", "carried", "windows")
AREAS = {
    "calendar": (["pipeline/calendar/intervals.py"], ["uptime", "calendar_tables", "calendar_edges", "partitions"]),
    "zones": (["pipeline/calendar/offsets.py"], ["calendar_tables", "timeline", "zones"]),
    "line": (["pipeline/packing.py", "pipeline/plan/partitions.py"], ["uptime", "partitions", "poll_frames"]),
    "polls": (["pipeline/clean/polls.py"], ["poll_frames", "uptime"]),
    "sums": (["pipeline/uptime/positions.py"], ["uptime", "lanes", "timeline"]),
    "stage": ([SQL.format(step) for step in FIGURES], ["uptime", "lanes", "sql", "partitions"]),
    "week": (
        ["pipeline/uptime/stage.py", *(SQL.format(step) for step in ("edges", "pieces", "lanes"))],
        ["lanes", "timeline"],
    ),
    "figures": (["pipeline/report/figures.py"], ["uptime", "report"]),
}
"""Files that are altered, and the tests that are to notice."""


@dataclass(frozen=True)
class Outcome:
    """How many mutants were killed and need no trying, which survived, and which explanations are of none."""

    killed: int
    explained: int
    survived: list[str]
    idle: list[str]

    def __str__(self) -> str:
        number = self.killed + self.explained + len(self.survived)
        return f"{number} mutants, {self.killed} killed, {self.explained} explained, {len(self.survived)} survived"


def main(areas: list[str]) -> int:
    """Try the areas and print what became of them.

    1 where a test or an explanation is missing, or an explanation is of no mutant any more.
    """
    began = monotonic()
    outcomes = [print_outcome(area) for area in areas]
    print(f"{total(outcomes)}, in {monotonic() - began:.0f} s")
    return 1 if any(found.survived or found.idle for found in outcomes) else 0


def print_outcome(area: str) -> Outcome:
    """Try the mutants of an area, and print what became of them."""
    found = outcome(area)
    print(f"{area}: {found}")
    for change in found.survived:
        print(f"  no test fails: {change}")
    for change in found.idle:
        print(f"  no such mutant: {change}", flush=True)
    return found


def total(outcomes: Iterable[Outcome]) -> Outcome:
    """All of them as one."""
    return Outcome(
        sum(found.killed for found in outcomes),
        sum(found.explained for found in outcomes),
        [change for found in outcomes for change in found.survived],
        [change for found in outcomes for change in found.idle],
    )


def outcome(area: str) -> Outcome:
    """What became of the mutants of an area."""
    files, tests = AREAS[area]
    every, known = [mutant for file in files for mutant in mutants(TREE, file)], explained(area)
    tried = [mutant for mutant in every if mutant.change not in known]
    survived = survivors(tried, tests)
    idle = known - {mutant.change for mutant in every}
    return Outcome(len(tried) - len(survived), len(every) - len(tried), survived, sorted(idle))


def explained(area: str) -> set[str]:
    """The changes of an area that are known to change no figure."""
    entries = tomllib.loads(EXPLAINED.read_text(encoding="utf-8")).get(area, [])
    return {change for entry in entries for change in entry["changes"]}


def survivors(tried: list[Mutant], tests: list[str]) -> list[str]:
    """The changes that none of the tests fails for."""
    shares = [tried[first::PROCESSES] for first in range(PROCESSES)]
    with ThreadPoolExecutor(PROCESSES) as pool:
        return [*chain.from_iterable(pool.map(survivors_of, shares, [tests] * PROCESSES))]


def survivors_of(share: list[Mutant], tests: list[str]) -> list[str]:
    """The same of a share of them, tried one after the other in a copy of the tree."""
    with TemporaryDirectory(prefix="mutants-") as folder:
        # store_uptime/ holds links to both packages; what tests share imports the service too.
        for name in ("pipeline", "service", "store_uptime", "tests"):
            copytree(TREE / name, Path(folder, name), symlinks=True, ignore=ignore_patterns("__pycache__"))
        copy(TREE / "pyproject.toml", folder)
        files = [path.relative_to(TREE) for name in tests for path in TREE.glob(f"tests/pipeline/*/test_{name}.py")]
        trial = subprocess.run(
            [sys.executable, "-m", "tests.mutation.trial", *map(str, files)],
            cwd=folder,
            input=json.dumps([asdict(mutant) for mutant in share]),
            capture_output=True,
            text=True,
            check=False,
        )
    if trial.returncode:
        sys.exit(f"{trial.stderr}\nThe tests fail without any mutant, or could not be tried on one.")
    failures = json.loads(trial.stdout)
    return [mutant.change for mutant, failure in zip(share, failures, strict=True) if failure is None]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(AREAS)))
