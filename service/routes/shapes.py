"""What requests and answers hold, as JSON; the OpenAPI document is made from these."""

from typing import Annotated, Any, Literal

import msgspec
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter

from pipeline import Columns, Format
from service.reports import Status

TEXT = r"^[^\u0000]*$"  # PostgreSQL's text has no NUL, so no store has one in its id
StoreId = Annotated[str, msgspec.Meta(pattern=TEXT, max_length=1000)]
StoreIdInQuery = Annotated[
    str, QueryParameter(pattern=TEXT, max_length=1000, min_length=1, description="A store id, as written in the polls.")
]
DURATION = r"([0-9]{1,9}d)?([0-9]{1,9}h)?([0-9]{1,9}m)?([0-9]{1,9}s)?$"


def only_told(**schema: Any) -> msgspec.Meta:
    """What a text must be, for the document alone: whoever reads the text has a better sentence where it is not so."""
    return msgspec.Meta(extra_json_schema={"extra": schema})


Duration = Annotated[str, only_told(pattern=f"^{DURATION}", minLength=2)]
LongerThanNothing = Annotated[str, only_told(pattern=f"^(?=.*[1-9]){DURATION}", minLength=2)]
Instant = Annotated[str, only_told(format="date-time")]


class TriggerRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What a report is asked for; everything may be left out.

    store_id: only this store; null or empty: all. now: the end of the three windows, ISO 8601; else the newest poll.
    columns: what the files hold if a request for them does not say. max_gap, lookback: 90m, 2h, 1d12h.
    """

    store_id: StoreId | None = None
    now: Instant | None = None
    columns: Columns = "plain"
    max_gap: LongerThanNothing | None = None
    lookback: Duration | None = None


class ScheduleRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A report that is to be made again and again.

    name: letters, digits, - _ and .; cron: five fields, read on the clock of zone. The options as for a report.
    retention: how long its reports are kept, such as 90d; deliver_to: destinations of the server for its files, in
    format; webhook: an address to announce each report at.
    """

    name: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]
    cron: Annotated[str, msgspec.Meta(max_length=200)]
    zone: Annotated[str, msgspec.Meta(max_length=100)] = "UTC"
    store_id: StoreId | None = None
    columns: Columns = "plain"
    max_gap: LongerThanNothing | None = None
    lookback: Duration | None = None
    retention: LongerThanNothing | None = None
    deliver_to: Annotated[list[str], msgspec.Meta(max_length=20)] = []
    format: Format = "csv"
    webhook: Annotated[str, msgspec.Meta(max_length=2000)] | None = None


class DeliveryRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Where a report is to be delivered: the name of a destination of the server. columns: as it was triggered, if not
    said."""

    to: str
    format: Format = "csv"
    columns: Columns | None = None


class Triggered(msgspec.Struct):
    """The report that a trigger has led to."""

    report_id: str


class Progress(msgspec.Struct):
    """step: what is being done; seconds: since the run began, or since the trigger; ahead: reports that come first."""

    step: str
    seconds: float
    ahead: int


class ReportOptions(msgspec.Struct):
    """The options of a report, written out."""

    store_id: str | None
    now: str | None
    columns: str
    max_gap: str | None
    lookback: str


class ReportStatus(msgspec.Struct, omit_defaults=True):
    """Where a report stands. progress: while it runs; error: where it failed; stores: the rows of a complete one.

    warnings: what is probably wrong with its data, sentences that are left out where reports are encrypted; and
    warning_codes: of which kind each is.
    Of a report of a schedule: due_at: null where somebody ran it at once; is_late: no server was there at that time;
    passed_over: due times before it that nobody was there for; tries: how often a run of it has failed.
    """

    status: Status
    report_id: str
    options: ReportOptions
    requested_at: str
    progress: Progress | None = None
    error: str | None = None
    stores: int | None = None
    requested_by: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    schedule: str | None = None
    due_at: str | None = None
    is_late: bool = False
    passed_over: int = 0
    tries: int = 0
    warnings: list[str] = []
    warning_codes: list[str] = []


class Delivery(msgspec.Struct, omit_defaults=True):
    """A file or an announcement of a report, and what became of it. to: the destination, or the webhook's host; error:
    of the last try that failed."""

    kind: Literal["file", "webhook"]
    to: str
    status: Literal["waiting", "delivered", "failed"]
    name: str | None = None
    tries: int = 0
    error: str | None = None
    done_at: str | None = None
    next_try_at: str | None = None


class ReportDetails(msgspec.Struct, omit_defaults=True):
    """Where a report stands, and of a complete one where its figures come from and what the data was like; sealed: why
    that cannot be told here."""

    report: ReportStatus
    provenance: dict[str, Any] | None = None
    quality: dict[str, Any] | None = None
    deliveries: list[Delivery] = []
    sealed: str | None = None


class LastReport(msgspec.Struct):
    """The newest report of a schedule. status: as of any report; error: where it failed, or the last try of it; tries:
    how often it has failed."""

    report_id: str
    status: Status
    error: str | None
    due_at: str | None
    requested_at: str
    tries: int
    next_try_at: str | None


class Schedule(msgspec.Struct):
    """A schedule. in_words: what its expression means; next_due: when its time comes, in UTC; webhook: its host."""

    name: str
    cron: str
    in_words: str
    zone: str
    options: ReportOptions
    retention: str | None
    deliver_to: list[str]
    format: str
    webhook: str | None
    made_by: str | None
    next_due: str
    last: LastReport | None


class ScheduleList(msgspec.Struct):
    """All schedules by name, and the destinations that this server delivers to."""

    schedules: list[Schedule]
    destinations: list[str]


class NewSchedule(msgspec.Struct):
    """A schedule that was added. webhook_secret: what its announcements are signed with; it is not shown again."""

    name: str
    next_due: str
    webhook_secret: str | None


class ReportPage(msgspec.Struct):
    """Reports, the newest first. next: the address of the next page; null on the last."""

    reports: list[ReportStatus]
    next: str | None


class StorePage(msgspec.Struct):
    """Store ids in byte order. next: the address of the next page; null on the last."""

    stores: list[str]
    next: str | None


class SignIn(msgspec.Struct, forbid_unknown_fields=True):
    """An API key, to begin a session with."""

    key: Annotated[str, msgspec.Meta(max_length=200)]


class Session(msgspec.Struct):
    """Who is signed in, and the token that every request but GET must show in X-CSRF-Token."""

    key_name: str | None
    csrf_token: str | None


class Health(msgspec.Struct):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Readiness(msgspec.Struct):
    """Whether reports can be run; if not, for each of registry, database, workers and disk why."""

    ready: bool
    missing: dict[str, str]


class Problem(msgspec.Struct):
    """RFC 9457 problem details; `error` says the same as `detail`."""

    status: int
    title: str
    detail: str
    error: str


ALWAYS = {
    400: "The request does not fit.",
    401: "A key is needed.",
    403: "The request comes from another site, or under a name that this server does not have.",
    429: "Too many requests.",
    431: "The head of the request is too large.",
    500: "A mistake of the server.",
    503: "Something that it takes is away: Retry-After says when to try again.",
}


def problems(**more: str) -> dict[int, ResponseSpec]:
    """The problems that any route may have, and its own by status: s404="…"."""
    every = ALWAYS | {int(status[1:]): meaning for status, meaning in more.items()}
    return {
        status: ResponseSpec(
            Problem, description=meaning, media_type="application/problem+json", generate_examples=False
        )
        for status, meaning in sorted(every.items())
    }
