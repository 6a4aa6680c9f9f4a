"""What requests and answers hold, as JSON; the OpenAPI document is made from these."""

from datetime import datetime
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter

from store_uptime.pipeline import DURATION_PATTERN, Columns, Format
from store_uptime.service.registry.grants import Role
from store_uptime.service.registry.states import DeliveryKind, DeliveryState, Status

TEXT = r"^[^\u0000]*$"  # PostgreSQL's text has no NUL, so no store has one in its id
StoreId = Annotated[str, msgspec.Meta(pattern=TEXT, max_length=1000)]
StoreIdInQuery = Annotated[
    str, QueryParameter(pattern=TEXT, max_length=1000, min_length=1, description="A store id, as written in the polls.")
]


def only_told(**schema: Any) -> msgspec.Meta:
    """What a text must be, for the document alone: whoever reads the text has a better sentence where it is not so."""
    return msgspec.Meta(extra_json_schema={"extra": schema})


NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"
ScheduleName = Annotated[str, msgspec.Meta(pattern=NAME)]
StoreIdOrNumber = Annotated[StoreId | int, only_told(pattern=TEXT, maxLength=1000)]
Duration = Annotated[str, only_told(pattern=f"^{DURATION_PATTERN}$", minLength=2)]
LongerThanNothing = Annotated[str, only_told(pattern=f"^(?=.*[1-9]){DURATION_PATTERN}$", minLength=2)]
Instant = Annotated[str, only_told(format="date-time")]


class TriggerRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What a report is asked for; everything may be left out.

    store_id: only this store, as text or as a whole number; null or empty: all. now: the end of the three windows,
    2026-03-09, 2026-03-09T12:00 or 2026-03-09T12:00:00.5+01:00, without an offset UTC; else the newest poll.
    columns: what the files hold if a request for them does not say. max_gap, lookback: 90m, 2h, 1d12h.
    """

    store_id: StoreIdOrNumber | None = None
    now: Instant | None = None
    columns: Columns = "plain"
    max_gap: LongerThanNothing | None = None
    lookback: Duration | None = None


class ScheduleMembers(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a schedule has beside its name."""

    cron: Annotated[str, msgspec.Meta(max_length=200)]
    zone: Annotated[str, msgspec.Meta(max_length=100)] = "UTC"
    store_id: StoreIdOrNumber | None = None
    columns: Columns = "plain"
    max_gap: LongerThanNothing | None = None
    lookback: Duration | None = None
    retention: LongerThanNothing | None = None
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
    """Where a report is to be delivered: the name of a destination of the server. columns: as it was triggered, if not
    said."""

    to: str
    format: Format = "csv"
    columns: Columns | None = None


class Triggered(msgspec.Struct):
    """The report that a trigger has led to."""

    report_id: str


class Progress(msgspec.Struct):
    """step: what is being done, in words; stage: the same for programs; seconds: since the run began, or since the
    trigger; ahead: reports that come first."""

    step: str
    stage: Literal["waiting", "reading", "computing", "writing"]
    seconds: float
    ahead: int


class ReportOptions(msgspec.Struct):
    """The options of a report, written out."""

    store_id: str | None
    now: datetime | None
    columns: str
    max_gap: str | None
    lookback: str


class ReportStatus(msgspec.Struct, omit_defaults=True):
    """Where a report stands. progress: while it runs; error: where it failed; stores: the rows of a complete one.

    warnings: what is probably wrong with its data, sentences that are left out where reports are encrypted; and
    warning_codes: of which kind each is.
    Of a report of a schedule: due_at: null where somebody ran it at once; is_late: no server was there at that time;
    passed_over: due times before it that have no report; tries: how often a run of it has failed.
    """

    status: Status
    report_id: str
    options: ReportOptions
    requested_at: datetime
    progress: Progress | None = None
    error: str | None = None
    stores: int | None = None
    requested_by: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    schedule: str | None = None
    due_at: datetime | None = None
    is_late: bool = False
    passed_over: int = 0
    tries: int = 0
    warnings: list[str] = []
    warning_codes: list[str] = []


class Delivery(msgspec.Struct, omit_defaults=True):
    """A file or an announcement of a report, and what became of it. to: the destination, or the webhook's host; error:
    of the last try that failed."""

    kind: DeliveryKind
    to: str
    status: DeliveryState
    name: str | None = None
    tries: int = 0
    error: str | None = None
    done_at: datetime | None = None
    next_try_at: datetime | None = None


class Selected(TypedDict, total=False):
    """Which stores of a report a file holds: what was asked for, as in the address."""

    search: str
    down_now: bool
    below: float
    window: Literal["hour", "day", "week"]
    zone: str
    unknown: bool


class Provenance(TypedDict):
    """Where the figures come from: `Report.provenance` of the pipeline. now_is: how now was chosen, in words;
    data_age_seconds: how old now was when the report was made, or due (null: now was given); horizon: from when to when
    polls count; mapping: where there is one, what it says of each table; selection: in a file of some stores only."""

    now: datetime  # here and in the next but one: its text, as JSON has it
    now_is: str
    data_age_seconds: float | None
    horizon: list[datetime]
    store: str | None
    max_gap_seconds: float | None
    lookback_seconds: float
    source: str
    tzdata: str
    mapping: NotRequired[dict[str, dict[str, Any]]]
    selection: NotRequired[Selected]


class TableQuality(TypedDict):
    """Rows of a table: read = accepted + rejected, which are by reason. outside the horizon are others (null: not
    counted)."""

    read: int
    accepted: int
    rejected: dict[str, int]
    outside: int | None


class Quality(TypedDict):
    """What the data was like: `Report.quality` of the pipeline. tables: polls, hours and zones; duplicates,
    contradictory: polls; stores: ids by the name of their list; warnings: sentences; warning_codes:
    of which kind each is."""

    tables: dict[str, TableQuality]
    duplicates: int
    contradictory: int
    stores: dict[str, list[str]]
    warnings: list[str]
    warning_codes: list[str]


class ReportDetails(msgspec.Struct, omit_defaults=True):
    """Where a report stands, and of a complete one where its figures come from and what the data was like; sealed: why
    that cannot be told here."""

    report: ReportStatus
    provenance: Provenance | None = None
    quality: Quality | None = None
    deliveries: list[Delivery] = []
    sealed: str | None = None


class LastReport(msgspec.Struct):
    """The newest report of a schedule. status: as of any report; error: where it failed, or the last try of it; tries:
    how often it has failed; warnings, warning_codes: as of any report."""

    report_id: str
    status: Status
    error: str | None
    due_at: datetime | None
    requested_at: datetime
    tries: int
    warnings: list[str]
    warning_codes: list[str]
    next_try_at: datetime | None


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
    next_due: datetime
    last: LastReport | None


class ScheduleList(msgspec.Struct):
    """All schedules by name, and the destinations that this server delivers to."""

    schedules: list[Schedule]
    destinations: list[str]


class CreatedSchedule(msgspec.Struct):
    """A schedule that was added or changed. webhook_secret: what its announcements are signed with, where that is new;
    it is not shown again."""

    name: str
    next_due: datetime
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
    """Who is signed in, what they may do, and the token that every request but GET must show in X-CSRF-Token."""

    key_name: str | None
    role: Role
    csrf_token: str | None


class Health(msgspec.Struct):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Readiness(msgspec.Struct):
    """Whether reports can be run; if not, for each of registry, database, workers and disk why, and since when."""

    ready: bool
    missing: dict[str, str]
    since: dict[str, datetime]


class Problem(msgspec.Struct):
    """RFC 9457 problem details. type: what programs tell problems apart by, and an address at which people read what it
    means: docs/problems.md; `error` says the same as `detail`."""

    type: Annotated[str, msgspec.Meta(pattern="^/problems/[a-z-]+$")]
    status: int
    title: str
    detail: str
    error: str


ALWAYS = {
    400: "The request does not fit.",
    401: "A key is needed.",
    403: "The key's role does not suffice, or the request comes from another site, or under a name of another server.",
    429: "Too many requests.",
    431: "The head of the request is too large.",
    500: "A mistake of the server.",
    503: "Something that it takes is away: Retry-After says when to try again.",
}


TAKES_NOTHING = {"s408": "Too slow.", "s413": "Too large."}
"""What a body can be refused for where none is taken, beside 400."""


def problems(**more: str) -> dict[int, ResponseSpec]:
    """The problems that any route may have, and its own by status: s404="…"."""
    return described_problems("application/problem+json", more)


def classic_problems(**more: str) -> dict[int, ResponseSpec]:
    """The same of the addresses that are older than this service, and answer with plain JSON."""
    return described_problems("application/json", more)


def described_problems(media_type: str, more: dict[str, str]) -> dict[int, ResponseSpec]:
    """Problems by status, with their meaning."""
    every = ALWAYS | {int(status[1:]): meaning for status, meaning in more.items()}
    return {
        status: ResponseSpec(Problem, description=meaning, media_type=media_type, generate_examples=False)
        for status, meaning in sorted(every.items())
    }
