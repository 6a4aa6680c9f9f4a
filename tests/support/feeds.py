"""Small feeds as files, and the command as its users start it."""

import os
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryFile
from typing import TextIO
from unittest import mock

import polars as pl

from store_uptime.pipeline import Frames
from store_uptime.service.cli.main import exit_status

POLLS = "store_id,timestamp_utc,status"
HOURS = "store_id,day_of_week,start_time_local,end_time_local"
ZONES = "store_id,timezone_str"
COMMAND = Path(sys.executable).with_name("store-uptime")
ASIDE = (
    "STORE_UPTIME_",
    "DATABASE_URL",
    "PG",
    "AWS_",
    "GOOGLE_",
    "AZURE_",
    "NO_COLOR",
    "FORCE_COLOR",
    "TTY_",
    "COLUMNS",
    "PYTHON",
    "ALL_PROXY",
    "all_proxy",
)


def lines(header: str, *rows: str) -> str:
    """A CSV file."""
    return "".join(f"{line}\n" for line in (header, *rows))


def written_feed(folder: Path, **files: str) -> Path:
    """A folder with these CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def frames(polls: str, hours: str = HOURS, zones: str = ZONES) -> Frames:
    """The same as a source in memory; no field of it holds a comma."""
    return Frames(table(polls), table(hours), table(zones))


def table(text: str) -> pl.DataFrame:
    """A CSV text as a frame of text, nothing unquoted and nothing empty made null."""
    header, *rows = (line.split(",") for line in text.strip("\n").split("\n"))
    return pl.DataFrame(rows, schema=dict.fromkeys(header, pl.String), orient="row")


def surroundings(**environment: str) -> Mapping[str, str]:
    """This process's environment without what would change how the command behaves, and with what is given."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(ASIDE)}
    return plain | environment


def called(*arguments: str | Path, cwd: Path = Path(), **environment: str) -> "subprocess.CompletedProcess[bytes]":
    """The command in this process, for tests that are not about processes: a start takes half a second."""
    command = ["store-uptime", *map(str, arguments)]
    with (
        chdir(cwd),
        mock.patch.object(sys, "argv", command),
        mock.patch.dict(os.environ, surroundings(**environment), clear=True),
        kept(1, redirect_stdout) as out,
        kept(2, redirect_stderr) as err,
    ):
        status = exit_status()
        return subprocess.CompletedProcess(command, status, read_all(out), read_all(err))


@contextmanager
def kept(number: int, redirect: Callable[[TextIO], AbstractContextManager[TextIO]]) -> Generator[TextIO]:
    """A file that has what Python and native code write to a descriptor in the block."""
    before = os.dup(number)
    try:
        with TemporaryFile("w+", encoding="utf-8", newline="") as file, redirect(file):
            os.dup2(file.fileno(), number)
            yield file
    finally:
        os.dup2(before, number)
        os.close(before)


def read_all(stream: TextIO) -> bytes:
    """All that was written to a file."""
    stream.flush()
    return os.pread(stream.fileno(), os.fstat(stream.fileno()).st_size, 0)


def store_uptime(*arguments: str | Path, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    """The command, run to its end."""
    return subprocess.run(
        [COMMAND, *arguments],
        cwd=cwd,
        env=surroundings(**environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=120,
    )
