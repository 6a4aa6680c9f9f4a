"""What commands say on stderr, and how they say it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from store_uptime.pipeline import Source


def echo(text: str) -> None:
    """A line on stderr, where everything goes that is not the result."""
    print(text, file=sys.stderr, flush=True)


def watched() -> bool:
    """Whether somebody looks on: only then is there progress to see, and rich to import."""
    return sys.stderr.isatty()


def files_read(source: "Source", mapping_file: Path | None) -> list[Path]:
    """What must not be written over: the files of a source, and that of its mapping."""
    return [*source.files, *([] if mapping_file is None else [mapping_file])]


@contextmanager
def steps() -> Iterator[Callable[[str], None]]:
    """Something to tell the step at hand; it shows with a spinner, on a terminal only."""
    if not watched():
        yield lambda step: None
        return
    from rich.console import Console

    with Console(stderr=True).status("opening the source") as status:
        yield status.update


def counted(number: int, noun: str) -> str:
    """`1 store`, `2 stores`, `1,234 stores`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def reasons(rejected: dict[str, int]) -> str:
    """Rejected rows by reason, the most frequent first."""
    ordered = sorted(rejected.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count:,} {reason}" for reason, count in ordered)
