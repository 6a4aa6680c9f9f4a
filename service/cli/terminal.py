"""What commands show on stderr while they run, and the status that they end with."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum

from store_uptime.pipeline import most_frequent_first

BAR_WIDTH = 20


class ExitStatus(IntEnum):
    """The exit statuses of commands, as in docs/options.md."""

    DONE = 0
    FAILED = 1
    WRONG_ARGUMENTS = 2
    WARNED = 3


def echo(text: str) -> None:
    """Print a line on stderr, like all output that is not the result."""
    print(text, file=sys.stderr, flush=True)


def is_interactive() -> bool:
    """Whether stderr is a terminal: only then is there progress to see."""
    return sys.stderr.isatty()


@contextmanager
def progress_spinner() -> Iterator[Callable[[str], None]]:
    """Gives a function that shows the step at hand beside a spinner, on a terminal only; with a bar where it is known
    how much of it is done."""
    if not is_interactive():
        yield lambda step: None
        return
    # Importing Rich takes 30 to 40 ms: a script that shows no progress does not pay for it.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(BAR_WIDTH))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("opening the source", total=None)

        def show(step: str) -> None:
            percent = getattr(step, "percent", None)
            progress.update(task, description=step, total=None if percent is None else 100, completed=percent or 0)

        yield show


def format_reasons(rejected: dict[str, int]) -> str:
    """Rejected rows by reason, the most frequent first."""
    return ", ".join(f"{count:,} {reason}" for reason, count in most_frequent_first(rejected).items())
