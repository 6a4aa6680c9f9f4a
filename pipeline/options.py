"""What a caller may choose, and the stretch of time that follows from it."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

Columns = Literal["plain", "extended"]
Format = Literal["csv", "parquet", "json", "xlsx"]

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
DAY_US = 24 * HOUR_US
WEEK_US = 7 * DAY_US
YEAR_1_US, YEAR_10000_US = -62_135_596_800 * SECOND_US, 253_402_300_800 * SECOND_US
UNIT_US: dict[Literal["s", "ms", "us"], int] = {"s": SECOND_US, "ms": 1_000, "us": 1}
OLD_US = 2 * HOUR_US
"""Data whose newest poll is longer ago is old: docs/semantics.md, "Warnings"."""
WINDOWS = {"hour": HOUR_US, "day": DAY_US, "week": WEEK_US}

EMBEDDED = "embedded:"
"""The address of the server that this package starts."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Options:
    """What a report is asked for: docs/semantics.md, "Time" and "Evidence and extrapolation", rule 5.

    now       the end of the three windows; None: the newest accepted poll. Without a zone it is UTC.
    store     one store id, or None for all
    max_gap   how far a poll speaks, before and after it; None: as far as rules 2 and 3 say
    lookback  how long before the week polls still count as evidence
    until     where now is None: what comes after this is not looked for, if anything comes before it
    """

    now: datetime | None = None
    store: str | None = None
    max_gap: timedelta | None = None
    lookback: timedelta = timedelta(hours=24)
    until: datetime | None = None

    def __post_init__(self) -> None:
        if self.lookback < timedelta(0):
            raise ValueError("lookback must be 0h or more")
        if self.max_gap is not None and self.max_gap <= timedelta(0):
            raise ValueError("max-gap must be more than 0")


@dataclass(frozen=True)
class Selection:
    """Which stores are wanted; all that is set must hold.

    search    text that the id contains, in upper or lower case
    down_now  business time at now, and the status known to be inactive
    below     the written uptime percent of the window is less; an empty one is not
    window    the window of `below` and `unknown`
    zone      the zone that the store's hours were read in
    unknown   time in the window that nothing is known of, or hours that are not known
    """

    search: str = ""
    down_now: bool = False
    below: float | None = None
    window: Literal["hour", "day", "week"] = "week"
    zone: str = ""
    unknown: bool = False

    @property
    def asked(self) -> dict[str, Any]:
        """What is set, as plain values; the window only where it matters."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        wanted = {field.name: values[field.name] for field in fields(self) if values[field.name] != field.default}
        window = {"window": self.window} if {"below", "unknown"} & wanted.keys() else {}
        return {name: value for name, value in wanted.items() if name != "window"} | window


@dataclass(frozen=True)
class Limits:
    """What the DuckDB stage may use: memory as DuckDB writes it, threads (None: every core), where it spills
    (None: the folder for temporary files)."""

    memory: str = "1GiB"
    threads: int | None = None
    spill: str | None = None


@dataclass(frozen=True)
class Horizon:
    """The time that a report looks at: [start_us, now_us], both included, in microseconds since 1970 UTC.

    `ahead_us` is where a poll counts as mistyped; None where now was given, for then later polls do not exist.
    `clock_us` is what now is compared with to see whether the data is old: the clock of the machine, or the due time of
    a report; None where now was given. No figure follows from it.
    """

    start_us: int
    now_us: int
    ahead_us: int | None = None
    clock_us: int | None = None

    @property
    def age_us(self) -> int | None:
        """How old the newest poll was then; None where now was given."""
        return None if self.clock_us is None else max(0, self.clock_us - self.now_us)

    @property
    def age_seconds(self) -> float | None:
        """The same in seconds."""
        return None if self.age_us is None else self.age_us / SECOND_US

    def seconds_since(self, poll_us: int | None) -> float | None:
        """How long before now a poll was; None where there is none."""
        return None if poll_us is None else (self.now_us - poll_us) / SECOND_US


DEFAULTS = Options()
LIMITS = Limits()


def microseconds(duration: timedelta) -> int:
    """A duration in whole microseconds."""
    return duration // timedelta(microseconds=1)


def instant_us(moment: datetime) -> int:
    """Microseconds since 1970 UTC; a moment without a zone is UTC."""
    return microseconds((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH)


def iso(instant: int) -> str:
    """An instant as people and programs read it, with the fraction only where there is one."""
    moment = EPOCH + timedelta(microseconds=instant)
    return moment.isoformat(sep="T").replace("+00:00", "Z")
