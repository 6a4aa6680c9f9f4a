"""What requests hold, in the address and as JSON; the OpenAPI document is made from these and from `schemas.py`."""

from typing import Annotated

import msgspec
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import QueryParameter

from store_uptime.pipeline import DURATION_PATTERN, By, Columns, Format

ATTRIBUTE_AND_VALUE = r"^([^=]+=.*)?$"
TEXT = r"^[^\u0000]*$"  # PostgreSQL's text has no NUL, so no store has one in its id
StoreId = Annotated[str, msgspec.Meta(pattern=TEXT, max_length=1000)]
StoreIdInQuery = Annotated[
    str, QueryParameter(pattern=TEXT, max_length=1000, min_length=1, description="A store id, as written in the polls.")
]


def documented(**schema: str | int) -> msgspec.Meta:
    """What a text must be, for the OpenAPI document alone."""
    # msgspec does not check it: the parser of the text answers with a better sentence than "does not match pattern".
    return msgspec.Meta(extra_json_schema={"extra": schema})


def described(sentence: str, **schema: str | int) -> msgspec.Meta:
    """What a member is, and what it must be, for the OpenAPI document alone."""
    return msgspec.Meta(description=sentence, extra_json_schema={"extra": schema})


def described_word(sentence: str) -> msgspec.Meta:
    """The same of a `Word`."""
    # Litestar takes the outermost annotation of a member alone.
    return described(sentence, pattern=TEXT, maxLength=1000)


OnlyInQuery = Annotated[
    tuple[str, ...],  # not a list, whose default Litestar would have to hash
    QueryParameter(
        max_items=100,
        # Litestar's own would let an item be anything: it takes ... for a type.
        schema_extra={"items": Schema(type=OpenAPIType.STRING, pattern=ATTRIBUTE_AND_VALUE), "default": None},
        description="Stores of these values of attributes, such as city=Berlin; may be repeated.",
    ),
]
SearchInQuery = Annotated[str, QueryParameter(max_length=1000, description="Stores whose id or name contains this.")]
NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"
ScheduleName = Annotated[str, msgspec.Meta(pattern=NAME)]
# Many stores have numbers for ids, and clients send them as numbers.
StoreIdOrNumber = Annotated[StoreId | int, documented(pattern=TEXT, maxLength=1000)]
Duration = Annotated[str, documented(pattern=f"^{DURATION_PATTERN}$", minLength=2)]
PositiveDuration = Annotated[str, documented(pattern=f"^(?=.*[1-9]){DURATION_PATTERN}$", minLength=2)]
Instant = Annotated[str, documented(format="date-time")]


Word = Annotated[str, msgspec.Meta(pattern=TEXT, max_length=1000)]
# str, not Word: msgspec 0.22 mistakes one restriction for another where both kinds of a union have a length, and dies.
WordOrWords = Annotated[list[Word], msgspec.Meta(max_length=1000)] | str


class PeriodMembers(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What makes a report one by periods, and which stores it is of. docs/semantics.md, "Periods" and "Stores"."""

    period: Annotated[Word | None, described_word("Makes it one by periods: yesterday, last-month, 2024-03, 7d, …")] = (
        None
    )
    from_: Annotated[
        Word | None, described_word("Instead of period: a date, or an instant with its offset, where it begins.")
    ] = msgspec.field(default=None, name="from")
    to: Annotated[Word | None, described_word("Where it ends, which is excluded; else now.")] = None
    on: Annotated[Word | None, described_word("The zone of names and dates; else that of each store.")] = None
    by: Annotated[By | None, described("What the period is cut into; else it stays whole.")] = None
    group_by: Annotated[
        WordOrWords | None,
        described("Attributes that a report by periods is summed up by: a list, or a text with commas."),
    ] = None
    only: Annotated[
        dict[Word, WordOrWords] | None, described('Stores by values of attributes, such as {"city": "Berlin"}.')
    ] = None


class TriggerRequest(PeriodMembers, forbid_unknown_fields=True, kw_only=True):
    """What a report is asked for; everything may be left out.

    store_id: only this store, as text or as a whole number; null or empty: all. now: the end of the three windows,
    2026-03-09, 2026-03-09T12:00 or 2026-03-09T12:00:00.5+01:00, without an offset UTC; else the newest poll.
    columns: what the files hold if a request for them does not say. max_gap, lookback: 90m, 2h, 1d12h. period, or from
    and to: a report by periods, on, by and group_by are of such a one. only: stores by values of attributes.
    """

    store_id: StoreIdOrNumber | None = None
    now: Instant | None = None
    columns: Columns = "plain"
    max_gap: PositiveDuration | None = None
    lookback: Duration | None = None


class ScheduleMembers(PeriodMembers, forbid_unknown_fields=True, kw_only=True):
    """What a schedule has beside its name."""

    cron: Annotated[str, msgspec.Meta(max_length=200)]
    zone: Annotated[str, msgspec.Meta(max_length=100)] = "UTC"
    store_id: StoreIdOrNumber | None = None
    columns: Columns = "plain"
    max_gap: PositiveDuration | None = None
    lookback: Duration | None = None
    retention: PositiveDuration | None = None
    deliver_to: Annotated[list[str], msgspec.Meta(max_length=20)] = []
    format: Format = "csv"
    webhook: Annotated[str, msgspec.Meta(max_length=2000)] | None = None


class ScheduleRequest(ScheduleMembers, forbid_unknown_fields=True, kw_only=True):
    """A report that is to be made again and again.

    name: letters, digits, - _ and .; cron: five fields, read on the clock of zone. The options as for a report.
    retention: how long its reports are kept, such as 90d; deliver_to: destinations of the server for its files, in
    format; webhook: an address to announce each report at.
    """

    name: ScheduleName


class ScheduleChange(ScheduleMembers, forbid_unknown_fields=True, kw_only=True):
    """A schedule as it is to be from now on: members as of a new one, and as there where they are left out.

    name: that of the address, if it is given.
    """

    name: ScheduleName | None = None


class DeliveryRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Where a report is to be delivered: the name of a destination of the server. columns: as it was triggered, if they
    are left out."""

    to: str
    format: Format = "csv"
    columns: Columns | None = None


class SignIn(msgspec.Struct, forbid_unknown_fields=True):
    """An API key, to begin a session with."""

    key: Annotated[str, msgspec.Meta(max_length=200)]
