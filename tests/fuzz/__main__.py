"""`just fuzz`: read what is damaged, for ten minutes or as many seconds as are given.

    just fuzz                      ten minutes, from a seed that is printed
    just fuzz 60 --seed 7          a minute of the inputs that seed 7 gives
    just fuzz --only parquet       one kind of input
    just fuzz --seed 7 --case 123  one input of those, again

An input at which something does not hold is written into a folder of its own; the line that tries it again is printed.
"""

import argparse
import os
import signal
import sys
import time
from collections import Counter
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from random import SystemRandom
from types import TracebackType
from typing import Self

from tests.fuzz.kinds import KINDS
from tests.fuzz.trial import case, serve, written

MINUTES = 10
DEADLINE_S, START_S = 20.0, 60.0
LINE_EVERY_S = 30.0
ENDED = "a library ended the process"
"""Polars does where a page of Parquet says absurd numbers: known, and a sentence at the terminal."""


class Trial:
    """A process that tries inputs; it is ended with the block."""

    def __init__(self) -> None:
        context = get_context("spawn")
        self._cases, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        if not self._cases.poll(START_S):
            raise TimeoutError("a process to try inputs in did not start")
        self._cases.recv()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.join()

    @property
    def is_alive(self) -> bool:
        """Whether it can be given another input."""
        return self._process.is_alive()

    def fault(self, seed: int, number: int, only: str | None) -> str | None:
        """What does not hold of an input; afterwards the process may be gone."""
        self._cases.send((seed, number, only))
        return self._answer(self._cases)

    def _answer(self, cases: Connection) -> str | None:
        try:
            if cases.poll(DEADLINE_S):
                return cases.recv()[1]
        except EOFError:
            self._process.join()
            if self._process.exitcode == -signal.SIGABRT:
                return ENDED
            return f"the process died (exit code {self._process.exitcode})"
        self._process.kill()
        self._process.join()
        return f"it took more than {DEADLINE_S:.0f} s"


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="just fuzz", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("seconds", nargs="?", type=float, default=60 * MINUTES)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--only", choices=list(KINDS))
    parser.add_argument("--case", type=int)
    parser.add_argument("--out", type=Path, default=Path("fuzz-found"))
    return parser.parse_args()


def numbers(options: argparse.Namespace) -> "range":
    """The inputs to try, as long as there is time."""
    return range(sys.maxsize) if options.case is None else range(options.case, options.case + 1)


def report_fault(options: argparse.Namespace, seed: int, number: int, fault: str) -> None:
    """Keep an input, and say how to try it again."""
    kind, files = case(seed, number, options.only)
    folder = written(files, options.out / f"{seed}-{number}-{kind}")
    (folder.parent / f"{folder.name}.txt").write_text(fault, encoding="utf-8", errors="replace")
    only = f" --only {options.only}" if options.only else ""
    print(
        f"{folder}: {fault.splitlines()[0][:300]}\n    again: just fuzz --seed {seed} --case {number}{only}", flush=True
    )


def main() -> int:
    """Try inputs; 1 where something did not hold."""
    options = arguments()
    seed = SystemRandom().randrange(10**6) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    os.environ.setdefault("POLARS_MAX_THREADS", "2")
    found, until = Counter[str](), time.monotonic() + options.seconds
    trial, tried, ended, last_line_s = Trial(), 0, 0, time.monotonic()
    for number in numbers(options):
        if time.monotonic() > until:
            break
        fault = trial.fault(seed, number, options.only)
        tried += 1
        if fault == ENDED:
            ended += 1
        elif fault is not None:
            report_fault(options, seed, number, fault)
            found[fault.splitlines()[0]] += 1
        if not trial.is_alive:
            trial = Trial()
        if time.monotonic() - last_line_s > LINE_EVERY_S:
            last_line_s = time.monotonic()
            print(f"{tried:,} inputs, {found.total()} faults", flush=True)
    print(f"{tried:,} inputs, {found.total()} faults; {ended} times {ENDED}; seed {seed}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
