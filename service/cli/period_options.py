"""The options of reports by periods: docs/semantics.md, "Periods".

PeriodOptions    which period
GroupOptions     the same, what it is cut into, and what it is summed up by
RollupOptions    the same, and whether it has a profile
OnlyStores       an option: stores by their attributes
"""

import csv
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import CycloptsError, Parameter, Token

from store_uptime import pipeline
from store_uptime.pipeline import By
from store_uptime.service.parameters import FLAG, INPUT, PERIODS, REPEATED

if TYPE_CHECKING:
    from store_uptime.pipeline import Period


def checked_by(check: Callable[[str], object]) -> Parameter:
    """An option whose text must be one that a part of a period can be made of."""

    def converter(_: object, tokens: Sequence[Token]) -> str:
        (token,) = tokens
        try:
            check(token.value)
        except ValueError as error:
            raise ValueError(f"{str(error).partition(': ')[2]}.") from None  # without the name of the field
        return token.value

    return Parameter(converter=converter)


def check_zone(name: str) -> None:
    """Raises ValueError where there is no such zone."""
    if name not in pipeline.known_zones():
        raise ValueError(f"on: {name!r} is no zone: write one such as Europe/Berlin, in this spelling")


NAME = checked_by(lambda text: pipeline.Period(name=text))
END = checked_by(lambda text: pipeline.Period(start=text))
ZONE = checked_by(check_zone)


def are_pairs(_: object, texts: tuple[str, ...]) -> None:
    """A validator of values of attributes. Raises ValueError."""
    try:
        pipeline.parse_only(texts)
    except ValueError as error:
        raise ValueError(f"{str(error).partition(': ')[2]}.") from None


def are_names(_: object, texts: tuple[str, ...]) -> None:
    """A validator of names with commas between. Raises ValueError."""
    if not all(attributes(texts)):
        raise ValueError("an attribute has no name: write brand, or brand,city.")


def attributes(texts: tuple[str, ...]) -> tuple[str, ...]:
    """The names of attributes, each once: of `--group-by brand,city` and of `--group-by brand --group-by city`.

    A name with a comma stands in quotes, as in CSV.
    """
    listed = csv.reader(texts, skipinitialspace=True)
    return tuple(dict.fromkeys(name.strip() for names in listed for name in names or [""]))


def by_line(_: object, text: str, delimiter: str | None = None) -> list[str]:
    """The values of a variable, a line each: those of attributes have blanks, as New York has."""
    return text.splitlines()


OnlyStores = Annotated[
    tuple[str, ...],
    REPEATED,
    Parameter(
        group=INPUT,
        validator=are_pairs,
        metavar="NAME=VALUE",
        env_var_split=by_line,
        help="Only the stores of this value of an attribute, such as city=Berlin; may be repeated.",
    ),
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class PeriodOptions:
    """Of which period a report is, if not of the last hour, day and week."""

    period: Annotated[
        str | None,
        NAME,
        Parameter(
            group=PERIODS,
            metavar="NAME",
            help="yesterday, this-week, last-month, last-quarter, …; 7d (until now); 2024-03-10, 2024-W10, 2024-03, "
            "2024-Q1, 2024; or 2024-02-20/2024-03-20, the end excluded.",
        ),
    ] = None
    start: Annotated[
        str | None,
        END,
        Parameter(
            name="--from",
            group=PERIODS,
            metavar="TIME",
            help="Its start instead of a name: a date, or an instant with its offset, 2024-03-10T12:00:00Z.",
        ),
    ] = None
    end: Annotated[
        str | None,
        END,
        Parameter(name="--to", group=PERIODS, metavar="TIME", help="Its end, which is excluded. Default: now."),
    ] = None
    zone: Annotated[
        str | None,
        ZONE,
        Parameter(
            name="--on",
            group=PERIODS,
            metavar="ZONE",
            help="The zone of its dates for all stores, such as Europe/Berlin. Default: each store's own.",
        ),
    ] = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class GroupOptions(PeriodOptions):
    """What a report by periods is cut into and summed up by."""

    by: Annotated[By | None, Parameter(group=PERIODS, help="Cut it, and give a row for each store and part.")] = None
    group_by: Annotated[
        tuple[str, ...],
        REPEATED,
        Parameter(
            group=PERIODS,
            validator=are_names,
            metavar="NAMES",
            help="Sum the stores up by attributes, such as brand or brand,city; one with a comma stands in quotes.",
        ),
    ] = ()


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class RollupOptions(GroupOptions):
    """The same, and whether it has a profile."""

    profile: Annotated[
        bool,
        FLAG,
        Parameter(group=PERIODS, help="Sum it up by weekday and hour, of all stores or of the groups."),
    ] = False


ENDS_AND_NAME = ("STORE_UPTIME_PERIOD", "STORE_UPTIME_FROM", "STORE_UPTIME_TO")
"""The variables of a period."""
NO_PERIOD = PeriodOptions()
NO_GROUPS = GroupOptions()
NO_ROLLUP = RollupOptions()


def period_of(options: PeriodOptions, by: By | None = None) -> "Period | None":
    """The period that was chosen; None: there is none. Raises CycloptsError where options do not go together."""
    if options.period and (options.start or options.end):
        variables = [name for name in ENDS_AND_NAME if os.environ.get(name)]
        where = f" {' and '.join(variables)} {'are' if len(variables) > 1 else 'is'} set." if variables else ""
        raise CycloptsError(
            msg=f"--period is a whole period, and --from and --to are another one: leave either out.{where}"
        )
    if options.end and not options.start:
        raise CycloptsError(msg="--to is the end of a period that --from begins: give --from too.")
    if options.period is None and options.start is None:
        return None
    try:
        return pipeline.Period(options.period, options.start, options.end, options.zone, by)
    except ValueError as error:  # an end before its start: all else was read when the options were
        raise CycloptsError(msg=f"{error}.") from None


def refuse_without_period(options: GroupOptions) -> None:
    """Raises CycloptsError for an option that is of a report by periods alone."""
    given: dict[str, object] = {"--on": options.zone, "--by": options.by, "--group-by": options.group_by}
    if isinstance(options, RollupOptions):
        given["--profile"] = options.profile
    for name in (name for name, value in given.items() if value):
        raise CycloptsError(msg=f"{name} is of a report by periods: give --period or --from too.")
