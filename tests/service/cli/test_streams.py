"""Pipes and disks that take nothing more, and readers who have read enough."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from store_uptime.pipeline import write_sample
from tests.support.commands import HEADER
from tests.support.feeds import COMMAND, store_uptime, surroundings


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("feed")
    write_sample(folder, stores=100, days=9)
    return folder


def test_a_full_disk_behind_stdout_is_told(small: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [COMMAND, "report", small], env=surroundings(), stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith(b"store-uptime: cannot write to stdout: No space left on device.")
    assert done.stderr.count(b"cannot write") == 1


@pytest.mark.parametrize("streams", ["2>&-", "2>/dev/full", "<&- >&- 2>&-"])
def test_what_stderr_does_not_take_is_no_failure(streams: str, small: Path) -> None:
    line = f"{shlex.quote(str(COMMAND))} report {shlex.quote(str(small))} --out figures.csv {streams}"
    assert subprocess.run(["sh", "-c", line], env=surroundings(), cwd=small.parent, check=False).returncode == 0
    assert (small.parent / "figures.csv").read_bytes().startswith(HEADER)


@pytest.mark.parametrize("place", ["/dev/full", "&-"])
@pytest.mark.parametrize("words", ["--version", "encryption key key.txt"])
def test_whatever_stdout_does_not_take_is_told_in_a_line(words: str, place: str, tmp_path: Path) -> None:
    line = f"{shlex.quote(str(COMMAND))} {words} >{place}"
    done = subprocess.run(
        ["sh", "-c", line], env=surroundings(), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert re.search(
        r"^store-uptime: cannot write to stdout: [^.]*\. Choose another place\.$", done.stderr, re.MULTILINE
    )
    assert "Traceback" not in done.stderr


def test_whoever_ends_the_reader_of_native_output_ends_nothing_else() -> None:
    code = (
        "import os, signal; from store_uptime.service.cli.native_output import native_output_hidden\n"
        "with native_output_hidden():\n"
        "    child = int(open(f'/proc/{os.getpid()}/task/{os.getpid()}/children').read())\n"
        "    os.kill(child, signal.SIGKILL)\n"
        "    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


BIG = [["report"], ["report", "--format", "xlsx"], ["timeline"], ["timeline", "--format", "csv"]]


@pytest.mark.parametrize("arguments", BIG, ids=" ".join)
def test_a_reader_who_has_read_enough_is_no_failure(arguments: list[str], feed: Path, tmp_path: Path) -> None:
    store = (feed / "store_status.csv").read_text().splitlines()[1].partition(",")[0]
    environment = surroundings(STORE_UPTIME_SOURCE=str(feed), STORE_UPTIME_STORE=store)
    with subprocess.Popen(
        [COMMAND, *arguments], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 0, said
    assert b"rror" not in said
    assert b"Broken" not in said


def test_without_a_terminal_no_byte_is_for_one(feed: Path, tmp_path: Path) -> None:
    done = store_uptime("report", "--source", feed, cwd=tmp_path, TERM="xterm-256color")
    assert b"\x1b" not in done.stdout + done.stderr
    assert b"\r" not in done.stderr
    assert b"reading" not in done.stderr
