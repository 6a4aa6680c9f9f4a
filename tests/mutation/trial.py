"""Mutants in on stdin, what became of each out on stdout: one process, in a copy of the tree, that tries them in turn.

Python, Polars and the tests are loaded once, which takes longer than the test that most mutants fall to.
"""

import inspect
import json
import signal
import sys
from collections import defaultdict
from collections.abc import Generator, Iterator
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from pathlib import Path
from types import FrameType, ModuleType

import pytest

from tests.mutation.mutants import Mutant

PLAIN = ["-o", "addopts=", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=line", "-k", "not reference"]
PATIENCE_S = 30
"""A test that takes so long has been made to loop for ever."""


class Trial:
    """A plugin of pytest's that runs the collected tests for one mutant after the other, up to the first that fails.

    Tests of random worlds are left out: that a rule is protected must not hang on chance.
    """

    def __init__(self, mutants: list[Mutant]) -> None:
        self.mutants = mutants
        self.found: list[str | None] = []
        self.failed = False
        self.took_s: defaultdict[str, float] = defaultdict(float)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if not hasattr(getattr(item, "obj", None), "hypothesis")]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if self.first_failing(session.items):
            return True
        tests = sorted(session.items, key=lambda test: self.took_s[test.nodeid])
        for mutant in self.mutants:
            try:
                with in_place(mutant):
                    failing = self.first_failing(tests)
            except Exception as error:  # it cannot even be loaded
                self.found.append(repr(error))
                continue
            self.found.append(failing.nodeid if failing else None)
            if failing:  # the next one is not unlike this one
                tests.remove(failing)
                tests.insert(0, failing)
        session.testsfailed = 0
        return True

    def first_failing(self, tests: list[pytest.Item]) -> pytest.Item | None:
        self.failed = False
        for test in tests:
            test.ihook.pytest_runtest_protocol(item=test, nextitem=None)
            if self.failed:
                return test
        return None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.failed
        self.took_s[report.nodeid] += report.duration

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        signal.alarm(PATIENCE_S)
        try:
            return (yield)
        finally:
            signal.alarm(0)


@contextmanager
def in_place(mutant: Mutant) -> Generator[None]:
    """The program with the mutant's text in its file, and as it was afterwards."""
    file = Path(mutant.file)
    before = file.read_text(encoding="utf-8")
    try:
        install(file, mutant.text)
        yield
    finally:
        install(file, before)


def install(file: Path, text: str) -> None:
    """The text as the file, and as the module that has been loaded from it."""
    file.write_text(text, encoding="utf-8")
    if file.suffix == ".py":
        become(import_module(".".join(("store_uptime", *file.with_suffix("").parts))), text)
    forget()


def become(module: ModuleType, text: str) -> None:
    """Other contents for a module that others have imported from already: its functions get other code."""
    other = dict(vars(module))
    exec(compile(text, str(module.__file__), "exec"), other)
    for name, value in other.items():
        here = vars(module).get(name)
        if inspect.isfunction(here) and here.__module__ == module.__name__:
            here.__code__ = value.__code__
            here.__defaults__, here.__kwdefaults__ = value.__defaults__, value.__kwdefaults__
        elif value is not here and not inspect.isclass(value):
            exchange(name, here, value)


def exchange(name: str, here: object, value: object) -> None:
    """Another value for a constant, wherever it has been imported."""
    for module in loaded():
        if vars(module).get(name) is here:
            setattr(module, name, value)


def forget() -> None:
    """Empty the caches of program and tests: what they hold was made by the mutant before."""
    for module in loaded():
        for cached in vars(module).values():
            if hasattr(cached, "cache_clear"):
                cached.cache_clear()


def loaded() -> list[ModuleType]:
    """The modules of the program and of the tests."""
    return [module for name, module in sys.modules.items() if name.startswith(("store_uptime.pipeline", "tests"))]


def give_up(_signal: int, _frame: FrameType | None) -> None:
    raise TimeoutError


def main(tests: list[str]) -> None:
    trial = Trial([Mutant(**mutant) for mutant in json.load(sys.stdin)])
    signal.signal(signal.SIGALRM, give_up)
    with redirect_stdout(sys.stderr):
        ended = pytest.main([*PLAIN, *tests], plugins=[trial])
    if ended:
        sys.exit(ended)
    json.dump(trial.found, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
