"""Is every rule of the figures still protected by a test? `just mutants` alters the program in every way that it knows.

A mutant that no test fails for has survived: then a test is missing, or the mutant means the same, and
`survivors.toml` says why. The tests are those that were worked out by hand, of the area that the mutant is in.
"""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from shutil import copy, copytree, ignore_patterns
from tempfile import TemporaryDirectory
from time import monotonic

from pipeline.uptime import FIGURES
from tests.mutation.mutants import Mutant, mutants

TREE = Path(__file__).parents[2]
EXPLAINED = Path(__file__).with_name("survivors.toml")
PROCESSES = 2
SQL = "pipeline/sql/{}.sql"
AREAS = {
    "calendar": (["pipeline/calendar.py"], ["uptime", "calendar_tables", "calendar_edges"]),
    "zones": (["pipeline/zones.py"], ["calendar_tables", "timeline", "zones"]),
    "exchange": (["pipeline/exchange.py"], ["uptime", "exchange"]),
    "stage": ([SQL.format(step) for step in ("macros", *FIGURES)], ["uptime", "lanes", "sql"]),
    "week": (["pipeline/uptime.py", SQL.format("pieces"), SQL.format("lanes")], ["lanes", "timeline"]),
    "figures": (["pipeline/figures.py"], ["uptime", "report"]),
}
"""Files that are altered, and the tests that are to notice."""


@dataclass(frozen=True)
class Outcome:
    """How many mutants an area has, and the changes that survived."""

    number: int
    survived: list[str]


def outcome(area: str) -> Outcome:
    """What became of the mutants of an area."""
    files, tests = AREAS[area]
    all_of_them = [mutant for file in files for mutant in mutants(TREE, file)]
    shares = [all_of_them[first::PROCESSES] for first in range(PROCESSES)]
    with ThreadPoolExecutor(PROCESSES) as pool:
        survived = pool.map(survivors, shares, [tests] * PROCESSES)
        return Outcome(len(all_of_them), sorted(chain.from_iterable(survived)))


def survivors(share: list[Mutant], tests: list[str]) -> list[str]:
    """The changes that no test fails for, tried in a copy of the tree."""
    with TemporaryDirectory(prefix="mutants-") as folder:
        for name in ("pipeline", "tests"):
            copytree(TREE / name, Path(folder, name), ignore=ignore_patterns("__pycache__"))
        copy(TREE / "pyproject.toml", folder)
        trial = subprocess.run(
            [sys.executable, "-m", "tests.mutation.trial", *(f"tests/pipeline/test_{name}.py" for name in tests)],
            cwd=folder,
            input=json.dumps([asdict(mutant) for mutant in share]),
            capture_output=True,
            text=True,
            check=False,
        )
    if trial.returncode:
        sys.exit(f"{trial.stderr}\nThe tests could not be tried on mutants.")
    failures = json.loads(trial.stdout)
    return [mutant.change for mutant, failure in zip(share, failures, strict=True) if failure is None]


def explained(area: str) -> set[str]:
    """The changes of an area that may survive."""
    return {change for entry in tomllib.loads(EXPLAINED.read_text()).get(area, []) for change in entry["changes"]}


def complaints(area: str, survived: set[str]) -> Iterator[str]:
    """One for each survivor that is not explained, and for each explanation that has no survivor."""
    known = explained(area)
    yield from (f"no test fails for  {change}" for change in sorted(survived - known))
    yield from (f"does not survive   {change}" for change in sorted(known - survived))


def main(areas: list[str]) -> int:
    """Try the areas, tell how it went, and whether there is something to complain about."""
    failed = 0
    for area in areas:
        began = monotonic()
        found = outcome(area)
        print(
            f"{area}: {found.number} mutants, {found.number - len(found.survived)} killed, "
            f"{len(found.survived)} survived, {monotonic() - began:.0f} s",
            flush=True,
        )
        for complaint in complaints(area, set(found.survived)):
            failed = 1
            print(f"  {complaint}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(AREAS)))
