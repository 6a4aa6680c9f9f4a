"""What commands share: options that mean the same everywhere, and what is said on stderr."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter, Token

import pipeline
from pipeline import EMBEDDED, Columns, SourceMapping
from service.commands.groups import ENCRYPTION, INPUT, OUTPUT, TIME
from service.durations import duration, positive_duration
from service.instants import instant

if TYPE_CHECKING:
    from pipeline import Source


def say(text: str) -> None:
    """A line on stderr, where everything goes that is not the result."""
    print(text, file=sys.stderr, flush=True)


def watched() -> bool:
    """Whether somebody looks on: only then is there progress to see, and rich to import."""
    return sys.stderr.isatty()


def converted_by(read: Callable[[str], datetime | timedelta]) -> Parameter:
    """An option whose text is read like everywhere else, and refused with the forms that are allowed."""

    def converter(_: object, tokens: Sequence[Token]) -> datetime | timedelta:
        try:
            return read(tokens[0].value)
        except ValueError as error:
            raise ValueError(f"{error}.") from None

    return Parameter(converter=converter)


def not_empty(_: object, tokens: Sequence[Token]) -> str:
    """An address; an empty one that was typed is most likely a variable of the shell that is not set."""
    (token,) = tokens
    if token.source == "cli" and not token.value.strip():
        raise ValueError("the address is empty. Name one, or leave it out.")
    return token.value


ADDRESS = Parameter(converter=not_empty)
INSTANT = converted_by(instant)
DURATION = converted_by(duration)
POSITIVE_DURATION = converted_by(positive_duration)
BUILT_IN = "embedded: for the built-in server. Default: DATABASE_URL, else the built-in server."
SourceAddress = Annotated[
    str | None,
    ADDRESS,
    Parameter(
        group=INPUT,
        metavar="ADDRESS",
        help=f"Where the tables are: postgresql://…, a folder of CSV or Parquet, or {BUILT_IN}",
    ),
]
DatabaseAddress = Annotated[
    str | None,
    ADDRESS,
    Parameter(group=INPUT, metavar="ADDRESS", help=f"Where to load: postgresql://…, or {BUILT_IN}"),
]
Schema = Annotated[
    str | None,
    Parameter(group=INPUT, metavar="NAME", help="The schema of the tables, if they are not on the search path."),
]
MappingFile = Annotated[
    Path | None,
    Parameter(
        group=INPUT,
        metavar="FILE",
        help="A TOML file that says what the source calls tables, columns and statuses; store-uptime map proposes one.",
    ),
]
OneStore = Annotated[str | None, Parameter(group=INPUT, metavar="ID", help="Only this store.")]
ColumnChoice = Annotated[Columns, Parameter(group=OUTPUT, help="The seven plain columns, or all.")]
Now = Annotated[
    datetime | None,
    INSTANT,
    Parameter(
        group=TIME,
        metavar="INSTANT",
        help="End of the three windows: 2026-03-09, 2026-03-09T12:00, 2026-03-09T12:00:00+01:00 (no offset: UTC). "
        "Default: the newest poll.",
    ),
]
MaxGap = Annotated[
    timedelta | None,
    POSITIVE_DURATION,
    Parameter(
        group=TIME,
        metavar="DURATION",
        help="How far a poll speaks, such as 90m, 2h, 1d12h; beyond it the status is unknown. Default: no limit.",
    ),
]
Lookback = Annotated[
    timedelta,
    DURATION,
    Parameter(
        group=TIME,
        metavar="DURATION",
        show_default=lambda value: "24h",
        help="How long before the week polls still count, such as 0h, 36h.",
    ),
]
REPEATED = Parameter(negative="", show_default=False)
Identities = Annotated[
    tuple[Path, ...],
    REPEATED,
    Parameter(
        group=ENCRYPTION,
        name="--identity",
        metavar="FILE",
        help="A file of keys that decrypt it; may be repeated.",
    ),
]
Recipients = Annotated[
    tuple[str, ...],
    REPEATED,
    Parameter(
        group=ENCRYPTION,
        name="--encrypt-to",
        metavar="KEY",
        help="Encrypt what is kept and delivered to this key (age1…, ssh-…, or a file of them); may be repeated.",
    ),
]
Out = Annotated[
    Path, Parameter(group=OUTPUT, metavar="FILE", allow_leading_hyphen=True, help="A file, or - for stdout.")
]
STDOUT = Path("-")
DEFAULT_LOOKBACK = timedelta(hours=24)


def address(given: str | None) -> str:
    """The address to use where none, or an empty one, was given."""
    return given or os.environ.get("DATABASE_URL") or EMBEDDED


def mapping(file: Path | None) -> SourceMapping:
    """What a file says that the source calls things; without one, the usual names and words. Raises BadMapping."""
    return pipeline.AS_NAMED if file is None else pipeline.read_mapping(file)


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
