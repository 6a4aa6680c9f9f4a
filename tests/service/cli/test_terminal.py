"""Terminals: progress, colours, widths, Ctrl-C."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from rich.cells import cell_len

from store_uptime.service.cli.tables import show_fitted
from tests.support.commands import COLOUR, Command, on_terminal, shown_by
from tests.support.feeds import COMMAND, store_uptime, surroundings
from tests.support.postgres import eventually, run


def in_terminal(*arguments: str | Path, cwd: Path, **environment: str) -> tuple[int, bytes, bytes]:
    """Status, stdout (a pipe) and what a terminal shows that is stderr."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [COMMAND, *arguments],
        cwd=cwd,
        env=surroundings(TERM="xterm-256color", COLUMNS="160", **environment),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = shown_by(ours)
        out, _ = process.communicate()
    os.close(ours)
    return process.returncode, out, shown


def test_a_terminal_shows_progress_and_stdout_stays_clean(small: Path, tmp_path: Path) -> None:
    status, out, shown = in_terminal("report", "--source", small, cwd=tmp_path)
    assert (status, out) == (0, store_uptime("report", "--source", small, cwd=tmp_path).stdout)
    assert b"opening the source" in shown
    assert b"3 stores" in shown
    assert COLOUR.search(shown)


@pytest.mark.parametrize("file_format", ["xlsx", "parquet"])
def test_a_terminal_is_not_shown_what_is_not_text(file_format: str, small: Path, tmp_path: Path) -> None:
    status, shown, err = on_terminal("report", small, "--format", file_format, cwd=tmp_path)
    assert (status, shown) == (1, b"")
    assert err == f"store-uptime: {file_format} is not for a terminal. Name a file: --out report.{file_format}.\n"


def test_a_list_is_as_wide_as_its_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    show_fitted(("name", "last report"), [("x" * 100, "complete"), ("寿司", "[bold]error")])
    shown = capsys.readouterr().out.splitlines()
    assert max(map(cell_len, shown)) <= 80
    assert shown[0].split() == ["name", "last", "report"]
    assert shown[-1].split() == ["寿司", "[bold]error"]


def test_no_color_means_none(small: Path, tmp_path: Path) -> None:
    _, _, shown = in_terminal("report", "--source", small, cwd=tmp_path, NO_COLOR="1")
    assert b"Only 1 of 3" in shown
    assert not COLOUR.search(shown)


@pytest.mark.anywhere
def test_a_load_shows_its_file_and_rows_in_a_terminal(small: Path, database: str, tmp_path: Path) -> None:
    status, out, shown = in_terminal("load", small, "--database", database, cwd=tmp_path)
    assert (status, out) == (0, b"")
    assert b"rows" in shown
    assert b"polls.csv -> store_status: 3 rows accepted, 3 added" in shown


@pytest.mark.parametrize("table", ["store_status", "menu_hours", "timezones"])
def test_ctrl_c_ends_a_report_at_once_whatever_it_waits_for(
    table: str, small: Path, database: str, command: Command, tmp_path: Path
) -> None:
    command("load", small, "--database", database, "--rejects", tmp_path / "rejects")
    waiting = "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    with psycopg.connect(database) as holder:
        holder.execute(SQL("lock table {}").format(Identifier(table)))
        process = subprocess.Popen(
            [COMMAND, "report", "--source", database], cwd=tmp_path, env=surroundings(), stderr=subprocess.PIPE
        )
        try:
            eventually(lambda: bool(run(database, waiting)))
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=10)
        finally:
            process.kill()
        assert (process.returncode, said) == (130, b"store-uptime: interrupted\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_waits_for_the_end_of_an_import(number: signal.Signals, tmp_path: Path) -> None:
    """As a native module would be, which ends the process where it meets an exception."""
    (tmp_path / "native.py").write_text(
        f"import os, time; os.kill(os.getpid(), {number:d}); time.sleep(0.1); print('whole', flush=True)"
    )
    program = (
        "import time; import store_uptime.service.cli.main as c\n"
        "c.main = lambda: (__import__('native'), time.sleep(9)); main()"
    )
    process = subprocess.run(
        [sys.executable, "-c", f"from store_uptime.service.__main__ import main\n{program}"],
        env={**surroundings(), "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    ended = (process.returncode, process.stdout, process.stderr)
    assert ended == (128 + number, b"whole\n", b"store-uptime: interrupted\n")
