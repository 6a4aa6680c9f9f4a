"""Options that several commands and the settings share, and the headings of help, in the order in which help has them.

The settings take their annotations from here, so that this module knows nothing of a command or of the settings.
"""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter, Token
from cyclopts.validators import Number, all_or_none

from store_uptime import pipeline
from store_uptime.pipeline import (
    EMBEDDED,
    LOOKBACK,
    Columns,
    Format,
    ReportFolder,
    SourceMapping,
    Target,
    Tls,
    parse_duration,
    parse_instant,
    parse_positive_duration,
)

if TYPE_CHECKING:
    from store_uptime.pipeline import Cluster

INPUT = Group.create_ordered("What")
TIME = Group.create_ordered("Time")
PERIODS = Group.create_ordered("Periods")
OUTPUT = Group.create_ordered("Output")
CLUSTER = Group.create_ordered("Cluster")
LISTENING = Group.create_ordered("Listening")
TLS = Group.create_ordered("HTTPS", validator=all_or_none)
RUNS = Group.create_ordered("Reports")
KEEPING = Group.create_ordered("Keeping")
LIMITS = Group.create_ordered("Limits")
CLUSTER_TLS = Group.create_ordered("Certificates", validator=all_or_none)
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
        help=f"Where the tables are: postgresql://…, a folder of CSV or Parquet, s3://BUCKET/PREFIX, or {BUILT_IN}",
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


def of_this_machine(_: object, tokens: Sequence[Token]) -> Path:
    """A path, and no bucket: of what is read or written there piece by piece."""
    path = pipeline.files_at(tokens[0].value)
    if not isinstance(path, Path):
        raise ValueError(f"{path} is a bucket: name a path of this machine.")
    return path


LOCAL = Parameter(converter=of_this_machine)
"""A path, where an address of objects would be taken for one."""
MappingFile = Annotated[
    Path | None,
    LOCAL,
    Parameter(
        group=INPUT,
        metavar="FILE",
        help="A TOML file that says what the source calls tables, columns and statuses; store-uptime map proposes one.",
    ),
]
FormatChoice = Annotated[
    Format | None,
    Parameter(
        group=OUTPUT,
        help="How the figures are written. Default: as the name of the file ends, .xlsx, .parquet or .json; else csv.",
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
        help="Now, the end of the three windows: 2026-03-09, 2026-03-09T12:00, 2026-03-09T12:00:00+01:00 (no offset: "
        "UTC). Default: the newest poll.",
    ),
]
MaxGap = Annotated[
    timedelta | None,
    POSITIVE_DURATION,
    Parameter(
        group=TIME,
        metavar="DURATION",
        help="How far a poll speaks, such as 90m, 2h, 1d12h; beyond it the status is unknown. Default: no limit; "
        "for periods 24h.",
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


def named_files(_: object, tokens: Sequence[Token]) -> Target:
    """A path, or objects in a bucket. Raises AddressNotUnderstood."""
    return pipeline.files_at(tokens[0].value)


def file_or_folder(_: object, tokens: Sequence[Token]) -> Target | ReportFolder:
    """The same, or with a / at its end a folder for several files. Raises AddressNotUnderstood."""
    # A path has no / at its end any more.
    (token,) = tokens
    found = named_files(None, tokens)
    return ReportFolder(found) if token.value.endswith("/") else found


def one_file(_: object, tokens: Sequence[Token]) -> Target:
    """A path, or an object in a bucket. Raises ValueError for a folder, and AddressNotUnderstood."""
    (token,) = tokens
    if token.value.endswith("/"):
        raise ValueError(f"{token.value} is a folder: name a file, with no / at its end.")
    return named_files(None, tokens)


# Cyclopts would take the fields of an address for options of their own.
FILES = Parameter(converter=named_files, accepts_keys=False, n_tokens=1)
"""A path, or the address of objects."""
ClusterCa = Annotated[
    Path | None,
    Parameter(group=CLUSTER_TLS, metavar="FILE", help="Of a cluster at tls://…: its authority, as PEM."),
]
ClusterCert = Annotated[
    Path | None, Parameter(group=CLUSTER_TLS, metavar="FILE", help="A certificate of that authority, as PEM.")
]
ClusterKey = Annotated[Path | None, Parameter(group=CLUSTER_TLS, metavar="FILE", help="Its key, as PEM.")]
Out = Annotated[
    Target,
    Parameter(
        converter=one_file,
        accepts_keys=False,
        n_tokens=1,
        group=OUTPUT,
        metavar="FILE",
        allow_leading_hyphen=True,
        help="A file, s3://BUCKET/KEY, or - for stdout.",
    ),
]
ReportOut = Annotated[
    Target | ReportFolder,
    Parameter(
        converter=file_or_folder,
        accepts_keys=False,
        n_tokens=1,
        group=OUTPUT,
        metavar="FILE",
        allow_leading_hyphen=True,
        help="A file, s3://BUCKET/KEY, or - for stdout; with / at its end a folder for several files, of 100 000 "
        "stores each.",
    ),
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ClusterOptions:
    """Where a report of files is made, if not in this process at once."""

    cluster: Annotated[
        str | None,
        Parameter(
            group=CLUSTER,
            metavar="ADDRESS",
            help="The scheduler of a Dask cluster that makes reports of files, tcp://… or tls://…; or local: here, in "
            "two passes with little memory. Default: in one pass, if memory allows.",
        ),
    ] = None
    exchange: Annotated[
        Target | None,
        FILES,
        Parameter(
            group=CLUSTER,
            metavar="FOLDER",
            help="What lies between the two passes: a folder that all workers reach, or s3://BUCKET/PREFIX.",
        ),
    ] = None
    part_polls: Annotated[
        int | None,
        Parameter(
            group=CLUSTER,
            validator=Number(gte=1),
            metavar="NUMBER",
            help="About how many polls are computed at once: fewer take less memory. Default: 4000000.",
        ),
    ] = None
    cluster_ca: ClusterCa = None
    cluster_cert: ClusterCert = None
    cluster_key: ClusterKey = None

    @property
    def chosen(self) -> "Cluster | None":
        """The cluster, if one of these options was given."""
        if self == type(self)():
            return None
        usual = pipeline.Cluster()
        tls = cluster_tls(self.cluster_ca, self.cluster_cert, self.cluster_key)
        return pipeline.Cluster(self.cluster or usual.address, tls, self._exchange, self.part_polls or usual.part_polls)

    @property
    def _exchange(self) -> str | None:
        # Workers are in folders of their own.
        exchange = self.exchange.absolute() if isinstance(self.exchange, Path) else self.exchange
        return None if exchange is None else str(exchange)


NO_CLUSTER = ClusterOptions()
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
