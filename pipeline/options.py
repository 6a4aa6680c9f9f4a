"""What a caller may choose, and the stretch of time that follows from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Literal, NotRequired, Self, TypedDict, TypeVar

from store_uptime.pipeline.durations import DAY_US, HOUR_US, SECOND_US, WEEK_US, parse_duration
from store_uptime.pipeline.instants import from_us, instant_us, iso, parse_instant, with_offset

Text = TypeVar("Text")
Value = TypeVar("Value")

Columns = Literal["plain", "extended"]
Format = Literal["csv", "parquet", "json", "xlsx"]

OLD_US = 2 * HOUR_US
"""Data whose newest poll is longer ago is old: docs/semantics.md, "Warnings"."""
LOOKBACK = timedelta(hours=24)
"""How long before the week polls still count as evidence, where nothing else is said."""
WINDOWS = {"hour": HOUR_US, "day": DAY_US, "week": WEEK_US}

EMBEDDED = "embedded:"
"""The address of the server that this package starts."""


class PlainOptions(TypedDict):
    """`Options` as JSON has them. now, until: ISO 8601; max_gap, lookback: seconds."""

    now: str | None
    store_id: str | None
    max_gap: float | None
    lookback: float
    until: NotRequired[str | None]


@dataclass(frozen=True, init=False)
class Options:
    """What a report is asked for: docs/semantics.md, "Time" and "Evidence and extrapolation", rule 5.

    now       the end of the three windows; None: the newest accepted poll. Without an offset it is UTC.
    store     one store id, or None for all
    max_gap   how far a poll speaks, before and after it; None: as far as rules 2 and 3 say
    lookback  how long before the week polls still count as evidence
    until     where now is None: what comes after this is not looked for, if anything comes before it

    Instants and durations may be given as text, "2026-03-09T12:00" and "2h". Raises ValueError where one cannot be
    read, where max_gap is not more than 0, and where lookback is less.
    """

    now: datetime | None
    store: str | None
    max_gap: timedelta | None
    lookback: timedelta
    until: datetime | None

    # written out, for a dataclass has no way to take a text where the field holds a timedelta that checkers accept
    def __init__(
        self,
        now: datetime | str | None = None,
        store: str | None = None,
        max_gap: timedelta | str | None = None,
        lookback: timedelta | str = LOOKBACK,
        until: datetime | str | None = None,
    ) -> None:
        facts = {
            "now": named("now", as_instant, now),
            "store": store,
            "max_gap": named("max_gap", as_duration, max_gap),
            "lookback": named("lookback", as_duration, lookback),
            "until": named("until", as_instant, until),
        }
        vars(self).update(facts)  # a frozen dataclass refuses to be assigned to
        if self.lookback < timedelta(0):
            raise ValueError("lookback must be 0h or more")
        if self.max_gap is not None and self.max_gap <= timedelta(0):
            raise ValueError("max-gap must be more than 0")

    def to_dict(self) -> PlainOptions:
        """The options as plain values, for JSON: instants in ISO 8601, durations in seconds; `from_dict` reads them."""
        # the names and order that rows of the registry have: a trigger finds an equal report by comparing them as JSON,
        # so `until`, which those do not have, is left out where there is none
        plain = PlainOptions(
            now=iso_text(self.now),
            store_id=self.store,
            max_gap=None if self.max_gap is None else self.max_gap.total_seconds(),
            lookback=self.lookback.total_seconds(),
        )
        if self.until is not None:
            plain["until"] = iso_text(self.until)
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The options that `to_dict` was called on; what else the mapping holds is not looked at.

        Raises KeyError, TypeError or ValueError where the mapping holds no options.
        """
        if "lookback_us" in plain:  # archives had microseconds before they had the form of the registry
            return cls(**options_of_first_archives(plain))
        max_gap_s = plain["max_gap"]
        return cls(
            now=plain["now"],
            store=plain["store_id"],
            max_gap=None if max_gap_s is None else timedelta(seconds=max_gap_s),
            lookback=timedelta(seconds=plain["lookback"]),
            until=plain.get("until"),
        )


@dataclass(frozen=True)
class Selection:
    """Which stores of a report a reader selects; all that is set must hold.

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

    def to_dict(self) -> dict[str, str | float | bool]:
        """What is set, as plain values; the window only where it matters."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        chosen = {field.name: values[field.name] for field in fields(self) if values[field.name] != field.default}
        window = {"window": self.window} if {"below", "unknown"} & chosen.keys() else {}
        return {name: value for name, value in chosen.items() if name != "window"} | window


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


def iso_text(moment: datetime | None) -> str | None:
    return None if moment is None else iso(instant_us(moment))


def as_instant(value: datetime | str) -> datetime:
    return parse_instant(value) if isinstance(value, str) else with_offset(value)


def as_duration(value: timedelta | str) -> timedelta:
    return parse_duration(value) if isinstance(value, str) else value


def named(name: str, read: Callable[[Text], Value], value: Text | None) -> Value | None:
    """A value as it is read, None where there is none. Raises ValueError, which names it."""
    try:
        return None if value is None else read(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def options_of_first_archives(plain: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a report that was archived when they were microseconds there, as `Options` takes them."""
    lengths = {name: plain[f"{name}_us"] for name in ("max_gap", "lookback")}
    moments = {name: plain.get(f"{name}_us") for name in ("now", "until")}
    return {
        "store": plain["store"],
        **{name: None if us is None else timedelta(microseconds=us) for name, us in lengths.items()},
        **{name: None if us is None else from_us(us) for name, us in moments.items()},
    }


DEFAULTS = Options()
LIMITS = Limits()
