"""Options that several commands and the settings share, and the headings of help, in the order in which help has them.

The settings take their annotations from here, so that this module knows nothing of a command or of the settings.
"""

import os
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter, Token
from cyclopts.validators import all_or_none

from store_uptime import pipeline
from store_uptime.pipeline import (
    EMBEDDED,
    LOOKBACK,
    Columns,
    SourceMapping,
    Tls,
    parse_duration,
    parse_instant,
    parse_positive_duration,
)

INPUT = Group.create_ordered("What")
TIME = Group.create_ordered("Time")
OUTPUT = Group.create_ordered("Output")
LISTENING = Group.create_ordered("Listening")
TLS = Group.create_ordered("HTTPS", validator=all_or_none)
RUNS = Group.create_ordered("Reports")
KEEPING = Group.create_ordered("Keeping")
LIMITS = Group.create_ordered("Limits")
CLUSTER = Group.create_ordered("Cluster", validator=all_or_none)
DELIVERY = Group.create_ordered("Delivery")
ENCRYPTION = Group.create_ordered("Encryption")
REGISTRY = Group.create_ordered("Registry")
LOG = Group.create_ordered("Log")
GENERAL = Group.create_ordered("Other", help="Any option may be a variable: --max-gap 2h is STORE_UPTIME_MAX_GAP=2h.")

# Cyclopts would offer --no-debug and --empty-identity beside them, and help would double in length.
FLAG = Parameter(negative="", show_default=False)
"""An option without a value."""
REPEATED = Parameter(negative="", show_default=False)
"""An option that may be given several times, with a value each time."""


def converted_by(read: Callable[[str], datetime | timedelta]) -> Parameter:
    """An option whose text is read by a parser of the API and the page, which names the forms that it allows."""

    def converter(_: object, tokens: Sequence[Token]) -> datetime | timedelta:
        try:
            return read(tokens[0].value)
        except ValueError as error:
            raise ValueError(f"{error}.") from None  # Cyclopts prints the sentence as it is

    return Parameter(converter=converter)


def not_empty(_: object, tokens: Sequence[Token]) -> str:
    """An address, which may be empty only where it comes from the environment."""
    (token,) = tokens
    # --source "$DATABSE" is a mistyped variable: the built-in server must not be taken in its place.
    if token.source == "cli" and not token.value.strip():
        raise ValueError("the address is empty. Name one, or leave it out.")
    return token.value


MEMORY_SIZE = re.compile(r"[0-9]+(\.[0-9]+)? ?[MGT]i?B")


def is_memory_size(_: object, text: str | None) -> None:
    """A validator of an amount of memory. Raises ValueError."""
    if text is not None and not MEMORY_SIZE.fullmatch(text):
        raise ValueError("that is no amount of memory: write 4GiB or 512MiB.")


ADDRESS = Parameter(converter=not_empty)
INSTANT = converted_by(parse_instant)
DURATION = converted_by(parse_duration)
POSITIVE_DURATION = converted_by(parse_positive_duration)
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
ClusterCa = Annotated[
    Path | None,
    Parameter(group=CLUSTER, metavar="FILE", help="Of a cluster at tls://…: its authority, as PEM."),
]
ClusterCert = Annotated[
    Path | None, Parameter(group=CLUSTER, metavar="FILE", help="A certificate of that authority, as PEM.")
]
ClusterKey = Annotated[Path | None, Parameter(group=CLUSTER, metavar="FILE", help="Its key, as PEM.")]
Out = Annotated[
    Path, Parameter(group=OUTPUT, metavar="FILE", allow_leading_hyphen=True, help="A file, or - for stdout.")
]
STDOUT = Path("-")
DEFAULT_LOOKBACK = LOOKBACK


def address(given: str | None) -> str:
    """An address that was given, else that of the environment, else the built-in server."""
    return given or os.environ.get("DATABASE_URL") or EMBEDDED


def cluster_tls(ca: Path | None, cert: Path | None, key: Path | None) -> Tls | None:
    """The certificates for a cluster, if they were given: all three or none."""
    return Tls(ca, cert, key) if ca and cert and key else None


def mapping(file: Path | None) -> SourceMapping:
    """The mapping in a file, or the usual names and words without one. Raises BadMapping."""
    return pipeline.AS_NAMED if file is None else pipeline.read_mapping(file)
