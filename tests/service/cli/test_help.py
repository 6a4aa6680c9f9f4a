"""What a command says of itself: its help, its examples, its version."""

import re
import shlex
from functools import reduce
from importlib import metadata
from operator import getitem
from pathlib import Path

import pytest
from cyclopts import Group
from rich.cells import cell_len

from store_uptime.service import parameters
from store_uptime.service.cli.main import app
from tests.support.commands import COMMANDS, GROUPS, Command
from tests.support.feeds import store_uptime

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_help_with_an_example(name: str, command: Command) -> None:
    said = command(*name.split(), "--help")
    assert (said.status, said.err) == (0, "")
    assert re.search(rf"^ *store-uptime {name}( |$)", said.out.decode(), re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_found_in_the_docs(name: str) -> None:
    assert f"store-uptime {name}" in (ROOT / "docs" / "options.md").read_text(encoding="utf-8")


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    done = store_uptime("--version", cwd=tmp_path)
    assert (done.returncode, done.stdout.decode().strip()) == (0, metadata.version("store-uptime"))


PANELS = [group.name for group in vars(parameters).values() if isinstance(group, Group)]


@pytest.mark.parametrize("name", ["", *GROUPS, *COMMANDS])
def test_help_fits_80_columns_with_its_examples_as_they_are_written(
    name: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    told = command(*name.split(), "--help").out.decode().splitlines()
    assert [line for line in told if cell_len(line) > 80] == []
    assert set(examples(name)) <= {line.strip() for line in told}
    assert len([line for line in told if "STORE_UPTIME_" in line]) == 1
    panels = [line.split()[1] for line in told if line.startswith("╭")]
    assert [panel for panel in PANELS if panel in panels] == [panel for panel in panels if panel != "Commands"]
    assert [line.split()[1] for line in told if re.match("│[ *]+--", line)][-1] == "--debug"


def examples(name: str) -> list[str]:
    """The examples in the help of a command, as they are written."""
    help_text = reduce(getitem, name.split(), app).help
    return [line.strip() for line in help_text.splitlines() if line.strip().startswith("store-uptime ")]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_in_the_help_of_a_command_are_understood(name: str) -> None:
    found = examples(name)
    assert found
    for line in found:
        app.parse_args(shlex.split(line)[1:], exit_on_error=False)
