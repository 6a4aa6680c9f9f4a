"""Tables on stdout: fitted to the terminal, or a line for each row with tabs between, for other programs."""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from store_uptime.service.cli.terminal import echo

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

NOTHING = "-"


def show_list(headings: Sequence[str], rows: Iterable[Sequence[str | None]], if_empty: str) -> None:
    """Rows under their headings; where there is no row, that is said on stderr and nothing on stdout."""
    lines = [[printable(value) or NOTHING for value in row] for row in rows]
    if not lines:
        echo(if_empty)
    elif sys.stdout.isatty():
        show_fitted(headings, lines)
    else:
        for line in ([heading.replace(" ", "_") for heading in headings], *lines):
            print("\t".join(line))


def show_fitted(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Rows as columns that are no wider together than the terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*headings, box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in table.columns:
        column.overflow = "fold"
    for row in rows:
        table.add_row(*map(Text, row))
    show(Console(highlight=False), table)


def show(console: "Console", *parts: "RenderableType") -> None:
    """Print by ourselves: rich would take `| head` for a failure."""
    with console.capture() as text:
        for part in parts:
            console.print(part)
    encoding = sys.stdout.encoding or "utf-8"
    for line in text.get().splitlines():
        print(line.rstrip().encode(encoding, "replace").decode(encoding))  # in Latin-1 there is no dash of our kind
    sys.stdout.flush()


def printable(text: str | None) -> str:
    """A text as it can stand in a line: a tab or a line break of somebody else begins no column of ours."""
    return "".join(mark if mark.isprintable() else repr(mark)[1:-1] for mark in text or "")
