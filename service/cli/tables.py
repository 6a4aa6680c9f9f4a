"""Tables on stdout: fitted to a terminal; for other programs a line a row, its values between tabs."""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from store_uptime.pipeline import printable
from store_uptime.service.cli.terminal import echo

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

NOTHING = "-"


def show_list(headings: Sequence[str], rows: Iterable[Sequence[str | None]], if_empty: str) -> None:
    """Print rows under their headings; without any row, a sentence on stderr and nothing on stdout."""
    lines = [[printable(value or NOTHING) for value in row] for row in rows]
    if not lines:
        echo(if_empty)
    elif sys.stdout.isatty():
        show_fitted(headings, lines)
    else:
        for line in ([heading.replace(" ", "_") for heading in headings], *lines):
            print("\t".join(line))


def show_fitted(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows as columns that are no wider together than the terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*headings, box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in table.columns:
        column.overflow = "fold"
    for row in rows:
        table.add_row(*map(Text, row))
    print_parts(Console(highlight=False), table)


def print_parts(console: "Console", *parts: "RenderableType") -> None:
    """Print what Rich draws. Raises CannotPrint, and BrokenPipeError where nobody reads on."""
    # Not by `console.print` itself: it turns a broken pipe into SystemExit(1), and `| head` is no failure.
    with console.capture() as text:
        for part in parts:
            console.print(part)
    encoding = sys.stdout.encoding or "utf-8"
    for line in text.get().splitlines():
        print(line.rstrip().encode(encoding, "replace").decode(encoding))  # Latin-1 has no en dash
    sys.stdout.flush()
