"""The options of a report: as requests give them, as answers show them."""

from collections.abc import Callable
from typing import Annotated, Literal, TypeVar

from litestar.exceptions import ValidationException
from litestar.params import QueryParameter

from store_uptime.pipeline import (
    LOOKBACK,
    Options,
    Selection,
    duration_text,
    parse_duration,
    parse_instant,
    parse_positive_duration,
)
from store_uptime.service.registry.rows import StoredOptions
from store_uptime.service.routes.request_schemas import ScheduleMembers, TriggerRequest
from store_uptime.service.routes.schemas import ReportOptions

Value = TypeVar("Value")
PERCENT = r"^([0-9]{1,2}(\.[0-9]{1,9})?|100)?$"


def requested_options(request: TriggerRequest | ScheduleMembers, now: str | None = None) -> Options:
    """The options that a request gives. Raises ValidationException."""
    lookback = parsed_member("lookback", parse_duration, request.lookback)
    return Options(
        now=parsed_member("now", parse_instant, now),
        store=None if request.store_id is None else str(request.store_id) or None,
        max_gap=parsed_member("max_gap", parse_positive_duration, request.max_gap),
        lookback=LOOKBACK if lookback is None else lookback,
    )


def parsed_member(name: str, parse: Callable[[str], Value], text: str | None) -> Value | None:
    """The value of a member of a body; None where it is left out. Raises ValidationException."""
    try:
        return None if text is None else parse(text)
    except ValueError as error:
        raise ValidationException(f"{name}: {error}.") from None


def shown_options(stored: StoredOptions) -> ReportOptions:
    """The options of a report as answers show them, durations as people write them."""
    options = Options.from_dict(stored)
    return ReportOptions(
        store_id=options.store,
        now=options.now,
        columns=stored["columns"],
        max_gap=None if options.max_gap is None else duration_text(options.max_gap),
        lookback=duration_text(options.lookback),
    )


def selection_of(
    search: Annotated[str, QueryParameter(max_length=1000, description="Stores whose id contains this.")] = "",
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
) -> Selection:
    """The stores of a report that a request selects: those for which all holds that is set.

    Raises ValidationException.
    """
    return Selection(search, down_now, parsed_percent(below) if below else None, window or "week", zone, unknown)


def parsed_percent(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:  # which leaves out nan, too
        raise ValidationException(f"below: {text!r} is not a share in percent: write 95 or 99.5.")
    return value
