"""Who imports the tests: the tests alone. What docs and benches need is shipped, or stands beside them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("pipeline", "service", "benches", "docs")


def imported(file: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("folder", FOLDERS)
def test_nothing_but_the_tests_imports_the_tests(folder: str) -> None:
    files = list((ROOT / folder).rglob("*.py"))
    assert files
    assert [file for file in files if any(name.split(".")[0] == "tests" for name in imported(file))] == []
