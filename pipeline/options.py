"""The options of a report, the selection of its stores, the limits of a run, and the horizon."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Literal, NotRequired, Self, TypedDict, TypeVar

from store_uptime.pipeline.durations import DAY_US, HOUR_US, SECOND_US, WEEK_US, microseconds, parse_duration
from store_uptime.pipeline.instants import from_us, instant_text, instant_us, parse_instant, with_offset
from store_uptime.pipeline.periods import DEFAULT_MAX_GAP, Period, PlainPeriod
from store_uptime.pipeline.text import printable

Text = TypeVar("Text")
Value = TypeVar("Value")

Columns = Literal["plain", "extended"]
Format = Literal["csv", "parquet", "json", "xlsx"]

Only = tuple[tuple[str, tuple[str, ...]], ...]
"""Values of attributes, by the name of the attribute: docs/semantics.md, "Stores"."""

OLD_US = 2 * HOUR_US
"""Data whose newest poll is longer ago is old: docs/semantics.md, "Warnings"."""
LOOKBACK = timedelta(hours=24)
"""The default of `Options.lookback`."""
WINDOWS = {"hour": HOUR_US, "day": DAY_US, "week": WEEK_US}

EMBEDDED = "embedded:"
"""The address of the server that this package starts."""


class PlainOptions(TypedDict):
    """`Options` as JSON has them. now, until: ISO 8601; max_gap, lookback: seconds. The last four only where they are
    set."""

    now: str | None
    store_id: str | None
    max_gap: float | None
    lookback: float
    until: NotRequired[str | None]
    only: NotRequired[dict[str, list[str]]]
    period: NotRequired[PlainPeriod]
    group_by: NotRequired[list[str]]


@dataclass(frozen=True, init=False)
class Options:
    """The options of a report: docs/semantics.md, "Time" and "Evidence and extrapolation", rule 5.

    now       the end of the three windows; None: the newest accepted poll. Without an offset it is UTC.
    store     one store id, or None for all
    max_gap   how far a poll speaks, before and after it; None: as far as rules 2 and 3 say
    lookback  how long before the week polls still count as evidence
    until     where now is None: later polls are ignored, unless there is no earlier one
    only      the stores of these values of attributes alone: docs/semantics.md, "Stores". Figures, now and quality are
              those of all stores
    period    the periods of `build_periods`; None in a report of the three windows
    group_by  the attributes by which a report by periods sums its profile up

    Instants and durations may be given as text, "2026-03-09T12:00" and "2h". Raises ValueError where one cannot be
    read, where max_gap is 0 or less, and where lookback is less than 0.
    """

    now: datetime | None
    store: str | None
    max_gap: timedelta | None
    lookback: timedelta
    until: datetime | None
    only: Only
    period: Period | None
    group_by: tuple[str, ...]

    # Written out: type checkers accept no dataclass whose argument is a text and whose field is a timedelta.
    def __init__(  # noqa: PLR0913 - a parameter for each option
        self,
        now: datetime | str | None = None,
        store: str | None = None,
        max_gap: timedelta | str | None = None,
        lookback: timedelta | str = LOOKBACK,
        until: datetime | str | None = None,
        *,
        only: Mapping[str, str | Sequence[str]] | Only | None = None,
        period: Period | str | None = None,
        group_by: str | Sequence[str] = (),
    ) -> None:
        facts = {
            "now": named("now", as_instant, now),
            "store": named("store", as_id, store),
            "max_gap": named("max_gap", as_duration, max_gap),
            "lookback": named("lookback", as_duration, LOOKBACK if lookback is None else lookback),
            "until": named("until", as_instant, until),
            "only": chosen_values(only or {}),
            "period": Period(period) if isinstance(period, str) else period,
            "group_by": names_of(group_by),
        }
        vars(self).update(facts)  # a frozen dataclass refuses assignments
        if self.lookback < timedelta(0):
            raise ValueError("lookback: it must be 0h or more")
        if self.max_gap is not None and self.max_gap <= timedelta(0):
            raise ValueError("max_gap: it must be more than 0h")
        if self.period is not None and self.lookback != LOOKBACK:
            raise ValueError("lookback: in a report by periods max_gap says how far back polls count")

    @property
    def far(self) -> timedelta | None:
        """How far a poll speaks, by the option or by default; None: as far as rules 2 and 3 say."""
        return DEFAULT_MAX_GAP if self.max_gap is None and self.period is not None else self.max_gap

    def to_dict(self) -> PlainOptions:
        """The options as plain values, for JSON: instants in ISO 8601, durations in seconds; `from_dict` reads them."""
        # With the names and the order of the registry's rows: a request finds an equal report by comparing them as
        # JSON. Those have no `until`, so it is left out where it is None.
        plain = PlainOptions(
            now=instant_text(self.now),
            store_id=self.store,
            max_gap=None if self.max_gap is None else self.max_gap.total_seconds(),
            lookback=self.lookback.total_seconds(),
        )
        if self.until is not None:
            plain["until"] = instant_text(self.until)
        if self.only:
            plain["only"] = plain_values(self.only)
        if self.period is not None:
            plain["period"] = self.period.to_dict()
        if self.group_by:
            plain["group_by"] = list(self.group_by)
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The options that `to_dict` was called on; further keys are ignored.

        Raises KeyError, TypeError or ValueError where the mapping holds no options.
        """
        if "lookback" not in plain:  # the first archives held microseconds alone
            return cls(**options_of_first_archives(plain))
        max_gap_s = plain["max_gap"]
        return cls(
            now=plain["now"],
            store=plain["store_id"],
            max_gap=None if max_gap_s is None else timedelta(seconds=max_gap_s),
            lookback=timedelta(seconds=plain["lookback"]),
            until=plain.get("until"),
            only=plain.get("only"),
            period=Period.from_dict(plain["period"]) if "period" in plain else None,
            group_by=plain.get("group_by", ()),
        )


@dataclass(frozen=True)
class Selection:
    """The stores to select: those for which all criteria that are set are true.

    search    the id contains this text, in upper or lower case
    down_now  now is business time, and the status is known to be inactive
    below     the written uptime percent of the window is less than this; false where there is no percent
    window    the window of `below` and `unknown`
    zone      the store's hours are in this zone
    unknown   some business time of the window is unknown, or the hours are
    only      the values of attributes: docs/semantics.md, "Stores"
    got_worse       the uptime of the last day is at least a point less than that of the day before
    no_recent_poll  the last poll is more than two hours before now
    """

    search: str = ""
    down_now: bool = False
    below: float | None = None
    window: Literal["hour", "day", "week"] = "week"
    zone: str = ""
    unknown: bool = False
    only: Only = ()
    got_worse: bool = False
    no_recent_poll: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The criteria that are set, as plain values; the window only where one of them uses it."""
        # The default window is still part of what `below` means; any window means nothing without such a criterion.
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        chosen = {field.name: values[field.name] for field in fields(self) if values[field.name] != field.default}
        window = {"window": self.window} if {"below", "unknown"} & chosen.keys() else {}
        only = {"only": plain_values(self.only)} if self.only else {}
        return {name: value for name, value in chosen.items() if name not in {"window", "only"}} | window | only


@dataclass(frozen=True)
class Limits:
    """The limits of a run, and of its DuckDB stage.

    memory: as DuckDB writes it. threads: None: one per core.
    spill: a folder of the caller's own for what DuckDB spills, below `PID-…`; its database is kept until the
    process ends. None: a folder and a database for each run. process: the bytes that a run may take; polls that need
    more are read in two passes. None: half of what nobody uses.
    """

    memory: str = "1GiB"
    threads: int | None = None
    spill: str | None = None
    process: int | None = None


@dataclass(frozen=True)
class Horizon:
    """The time from which a report takes polls: [start_us, now_us], both included, in microseconds since 1970 UTC.

    ahead_us: a later poll is ahead of the clock, and rejected; None where now was given: later polls do not exist.
    clock_us: the clock of the machine, or the due time of a report; None where now was given. It decides whether the
    data is old, and no figure depends on it.
    data_now_us: now, where the horizon ends before it: that of a period that is over; None: the horizon ends at now.
    """

    start_us: int
    now_us: int
    ahead_us: int | None = None
    clock_us: int | None = None
    data_now_us: int | None = None

    @property
    def newest_us(self) -> int:
        """Now of the data."""
        return self.now_us if self.data_now_us is None else self.data_now_us

    @property
    def age_us(self) -> int | None:
        """The age of the newest poll at the time of the run; None where now was given."""
        return None if self.clock_us is None else max(0, self.clock_us - self.newest_us)

    @property
    def age_seconds(self) -> float | None:
        """The same in seconds."""
        return None if self.age_us is None else self.age_us / SECOND_US

    def seconds_since(self, poll_us: int | None) -> float | None:
        """The time from a poll to now; None without a poll."""
        return None if poll_us is None else (self.now_us - poll_us) / SECOND_US


def chosen_values(only: Mapping[str, str | Sequence[str]] | Only) -> Only:
    """Values of attributes in one order, so that equal choices are equal. Raises ValueError."""
    if isinstance(only, str):
        raise ValueError(f'only: {only!r} is a text: give the values by attribute, such as {{"city": "Berlin"}}')
    pairs = only.items() if isinstance(only, Mapping) else only
    values = {name: (value,) if isinstance(value, str) else value for name, value in pairs}
    return tuple((name, tuple(sorted(set(values[name])))) for name in sorted(values))


def parse_only(texts: Sequence[str]) -> Only:
    """Values of attributes from texts such as `city=Berlin`, trimmed as attributes are. Raises ValueError.

    The name ends at the first `=`: an attribute that has one in its name can be chosen by a mapping alone.
    """
    values: dict[str, list[str]] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not name or not equals:
            raise ValueError(f"only: {text!r} is no attribute with its value: write city=Berlin")
        values.setdefault(name, []).append(value)
    return chosen_values(values)


def names_of(names: str | Sequence[str]) -> tuple[str, ...]:
    """Names of attributes, or one alone: a text is a sequence of letters, too."""
    return (names,) if isinstance(names, str) else tuple(names)


def check_word(what: str, word: object, known: Sequence[str]) -> None:
    """Raises ValueError where a word is none of those that are known."""
    if word not in known:
        raise ValueError(f"{what}: {word!r} is none of {', '.join(known)}")


def plain_values(only: Only) -> dict[str, list[str]]:
    """The same for JSON."""
    return {name: list(values) for name, values in only}


def attributes_in_words(only: Only) -> str:
    """For people: city 'Bonn' or 'Berlin' and brand 'North'; an empty value is no value."""
    return " and ".join(
        f"{printable(name)} {' or '.join(repr(value) if value else '(none)' for value in values)}"
        for name, values in only
    )


def stores_in_words(options: Options) -> str:
    """Which stores a report is of, for people."""
    of = "all stores" if options.store is None else f"store {options.store}"
    return f"{of} with {attributes_in_words(options.only)}" if options.only else of


def as_instant(value: datetime | str) -> datetime:
    if isinstance(value, datetime):
        return with_offset(value)
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not an instant: give a datetime, or a text such as 2026-03-09T12:00")
    return parse_instant(value)


def as_duration(value: timedelta | str) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a duration: give a timedelta, or a text such as 2h")
    return parse_duration(value)


def as_id(value: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not the id of a store: ids are texts")
    return value


def named(name: str, read: Callable[[Text], Value], value: Text | None) -> Value | None:
    """The value that `read` makes of another; None of None. Raises ValueError, which names the option."""
    try:
        return None if value is None else read(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def first_archive_options(options: Options) -> dict[str, str | int | None]:
    """The options as the first archives have them: instants and durations in microseconds."""
    return {
        "now_us": None if options.now is None else instant_us(options.now),
        "store": options.store,
        "max_gap_us": None if options.max_gap is None else microseconds(options.max_gap),
        "lookback_us": microseconds(options.lookback),
        "until_us": None if options.until is None else instant_us(options.until),
    }


def options_of_first_archives(plain: Mapping[str, Any]) -> dict[str, Any]:
    lengths = {name: plain[f"{name}_us"] for name in ("max_gap", "lookback")}
    moments = {name: plain.get(f"{name}_us") for name in ("now", "until")}
    return {
        "store": plain["store"],
        **{name: None if us is None else timedelta(microseconds=us) for name, us in lengths.items()},
        **{name: None if us is None else from_us(us) for name, us in moments.items()},
    }


DEFAULTS = Options()
LIMITS = Limits()
