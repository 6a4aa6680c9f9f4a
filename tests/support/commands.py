"""The commands in this process, and what they write."""

import os
import pty
import re
import socket
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import reduce
from operator import getitem
from pathlib import Path

from store_uptime.service.cli.main import app
from tests.support.feeds import COMMAND, surroundings

GROUPS = ("schedule", "keys", "encryption")  # of commands


COMMANDS = [
    *(name for name in app.resolved_commands() if not name.startswith("-") and name not in GROUPS),
    *(f"{group} {name}" for group in GROUPS for name in app[group].resolved_commands() if not name.startswith("-")),
]


HEADER = b"store_id,uptime_last_hour(minutes),"


COLOUR = re.compile(rb"\x1b\[[0-9;]*(3[0-8]|9[0-7])[;m]")


SILENT_STORES = ["a,2024-10-14 12:00:00,active", "b,2024-10-12 12:00:00,active", "c,2024-10-12 12:00:00,active"]


@dataclass(frozen=True)
class Said:
    """What a command came to."""

    status: int
    out: bytes
    err: str


Command = Callable[..., Said]


def options(name: str) -> list[str]:
    """The options of a command, as they are written."""
    arguments = reduce(getitem, name.split(), app).assemble_argument_collection()
    named = (argument for argument in arguments if argument.index is None or argument.names[0] == "--source")
    names = (argument.names[0] for argument in named if argument.show)
    return [name for name in names if name.startswith("--")]


@contextmanager
def taken(port: int) -> Generator[None]:
    """Nobody can listen on the port; perhaps somebody does already."""
    with socket.socket() as holder:
        with suppress(OSError):
            holder.bind(("127.0.0.1", port))
            holder.listen()
        yield


def shown_by(terminal: int) -> bytes:
    """What a terminal shows until nobody writes to it any more."""
    shown = b""
    with suppress(OSError):  # what it says then
        while part := os.read(terminal, 1 << 16):
            shown += part
    return shown


def on_terminal(*arguments: str | Path, cwd: Path) -> tuple[int, bytes, str]:
    """Status, what a terminal of 80 columns shows of stdout, and stderr (a pipe)."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [COMMAND, *arguments],
        cwd=cwd,
        env=surroundings(TERM="xterm-256color", COLUMNS="80"),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(theirs)
        shown = shown_by(ours)
        _, err = process.communicate()
    os.close(ours)
    return process.returncode, shown, err.decode()
