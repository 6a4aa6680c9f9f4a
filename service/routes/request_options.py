"""The options of a report: as requests give them, as answers show them."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar

from litestar.params import QueryParameter

from store_uptime.pipeline import (
    LOOKBACK,
    Columns,
    Only,
    Options,
    Period,
    Selection,
    duration_text,
    known_zones,
    parse_duration,
    parse_instant,
    parse_only,
    parse_positive_duration,
)
from store_uptime.service.front.fields import WrongField
from store_uptime.service.registry.rows import StoredOptions
from store_uptime.service.routes.request_schemas import (
    OnlyInQuery,
    PeriodMembers,
    ScheduleMembers,
    SearchInQuery,
    TriggerRequest,
)
from store_uptime.service.routes.schemas import ReportOptions

Value = TypeVar("Value")
PERCENT = r"^([0-9]{1,2}(\.[0-9]{1,9})?|100)?$"


@dataclass(frozen=True)
class StoreChoice:
    """The stores whose id or name contains a text, and whose attributes have these values."""

    search: str
    only: Only


def requested_options(request: TriggerRequest | ScheduleMembers, now: str | None = None) -> Options:
    """The options that a request gives. Raises WrongField."""
    lookback = parsed_member("lookback", parse_duration, request.lookback)
    end = parsed_member("now", parse_instant, now)
    max_gap = parsed_member("max_gap", parse_positive_duration, request.max_gap)
    check_texts("group_by", [request.group_by])
    check_values(request.only or {})
    if request.period is not None or request.from_ is not None:
        check_columns(request.columns)
    try:
        return Options(
            now=end,
            store=None if request.store_id is None else str(request.store_id) or None,
            max_gap=max_gap,
            lookback=LOOKBACK if lookback is None else lookback,
            only=request.only,
            period=requested_period(request),
            group_by=names_of(request.group_by),
        )
    except ValueError as error:
        raise wrong_option(error) from None


def wrong_option(error: ValueError) -> WrongField:
    """The refusal for an option: each ValueError of `Options` and `Period` begins with the name of one."""
    sentence = str(error)
    option = sentence.partition(":")[0]
    return WrongField(f"{sentence}.", {"store": "store_id"}.get(option, option))


def check_texts(name: str, values: Iterable[list[str] | str | None], what: str = "") -> None:
    """Raises WrongField where a text is none that PostgreSQL could keep; those of lists are checked."""
    if any("\0" in value for value in values if isinstance(value, str)):
        raise WrongField(f"{what or name} must be text without zero bytes.", name)


def check_columns(columns: Literal[Columns, ""] | None) -> None:
    """Raises WrongField where a report by periods is wanted with columns that it does not have."""
    if columns == "extended":
        raise WrongField("columns: a report by periods has the same columns always, leave it out.", "columns")


def check_values(only: Mapping[str, list[str] | str]) -> None:
    """Raises WrongField where an attribute of `only` has no values to choose, or none that there can be."""
    for name, values in only.items():
        if values == []:
            raise WrongField(f"only: {name!r} has an empty list: give a value, or leave it out.", "only")
        check_texts("only", [values], f"only: the values of {name!r}")


def requested_period(request: PeriodMembers) -> Period | None:
    """The period that a request gives; None where it is of the three windows. Raises ValueError."""
    if request.period is None and request.from_ is None:
        lone = next((name for name in ("to", "on", "by", "group_by") if getattr(request, name)), None)
        if lone:
            raise ValueError(f"{lone}: it is of a report by periods, give period or from")
        return None
    if request.period is not None and (request.from_ is not None or request.to is not None):
        raise ValueError("period: give it, or from and to, not both")
    if request.on is not None and request.on not in known_zones():
        raise ValueError(f"on: {request.on!r} is no time zone, write Europe/Berlin or UTC")
    try:
        return Period(request.period, request.from_, request.to, request.on, request.by)
    except ValueError as error:
        raise ValueError(with_names_of_members(str(error))) from None


def with_names_of_members(sentence: str) -> str:
    """A sentence of `Period` with the names that its ends have in requests."""
    return re.sub(r"^(start|end)(?=:)", lambda name: {"start": "from", "end": "to"}[name[0]], sentence)


def names_of(given: list[str] | str | None) -> list[str]:
    """The names of a list, or of a text with commas, each once."""
    if given is None:
        return []
    parts = given.split(",") if isinstance(given, str) else given
    return [name for name in dict.fromkeys(map(str.strip, parts)) if name]


def parsed_member(name: str, parse: Callable[[str], Value], text: str | None) -> Value | None:
    """The value of a member of a body; None where it is left out. Raises WrongField."""
    try:
        return None if text is None else parse(text)
    except ValueError as error:
        raise WrongField(f"{name}: {error}.", name) from None


def shown_options(stored: StoredOptions) -> ReportOptions:
    """The options of a report as answers show them, durations as people write them."""
    options = Options.from_dict(stored)
    period = stored.get("period", {})
    return ReportOptions(
        store_id=options.store,
        now=options.now,
        columns=stored["columns"],
        max_gap=None if options.max_gap is None else duration_text(options.max_gap),
        lookback=duration_text(options.lookback),
        period=period.get("name"),
        from_=period.get("start"),
        to=period.get("end"),
        on=period.get("on"),
        by=period.get("by"),
        group_by=stored.get("group_by", []),
        only=stored.get("only", {}),
    )


def selection_of(
    search: SearchInQuery = "",
    down_now: Annotated[bool, QueryParameter(description="Stores that are down at now.")] = False,
    below: Annotated[
        str,
        QueryParameter(
            max_length=20,
            schema_extra={"pattern": PERCENT},
            description="Stores whose share of uptime is less, in percent.",
        ),
    ] = "",
    window: Annotated[Literal["hour", "day", "week", ""], QueryParameter(description="Of which window.")] = "",
    zone: Annotated[str, QueryParameter(max_length=100, description="Stores computed in this zone.")] = "",
    unknown: Annotated[bool, QueryParameter(description="Stores with business time of unknown status.")] = False,
    only: OnlyInQuery = (),
    got_worse: Annotated[
        bool,
        QueryParameter(description="Stores whose last day had at least a point less uptime than the day before."),
    ] = False,
    no_recent_poll: Annotated[
        bool, QueryParameter(description="Stores whose last poll is more than two hours before now.")
    ] = False,
) -> Selection:
    """The stores of a report that a request selects: those for which all holds that is set.

    Raises WrongField.
    """
    least = parsed_percent(below) if below else None
    return Selection(
        search=search.strip(),
        down_now=down_now,
        below=least,
        window=window or "week",
        zone=zone,
        unknown=unknown,
        only=chosen_values(only),
        got_worse=got_worse,
        no_recent_poll=no_recent_poll,
    )


def stores_of(
    search: SearchInQuery = "",
    only: OnlyInQuery = (),
) -> StoreChoice:
    """The stores that a request selects by id, name and attributes. Raises WrongField."""
    return StoreChoice(search.strip(), chosen_values(only))


def chosen_values(texts: tuple[str, ...]) -> Only:
    """Values of attributes from `city=Berlin`. Raises WrongField."""
    try:
        return parse_only([text for text in texts if text])  # a form sends an empty field, too
    except ValueError as error:
        raise WrongField(f"{error}.", "only") from None


def parsed_percent(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:  # which leaves out nan, too
        raise WrongField(f"below: {text!r} is not a share in percent: write 95 or 99.5.", "below")
    return value
