"""What answers hold, as JSON; the OpenAPI document is made from these and from `request_schemas.py`."""

from datetime import datetime
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec

from store_uptime.service.registry.grants import Role
from store_uptime.service.registry.states import DeliveryKind, DeliveryState, Status


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


class ReportOptions(msgspec.Struct, omit_defaults=True):
    """The options of a report, written out. period, or from and to: of a report by periods, as on, by and group_by."""

    store_id: str | None
    now: datetime | None
    columns: str
    max_gap: str | None
    lookback: str
    period: str | None = None
    from_: str | None = msgspec.field(default=None, name="from")
    to: str | None = None
    on: str | None = None
    by: str | None = None
    group_by: list[str] = []
    only: dict[str, list[str]] = {}


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
    only: dict[str, list[str]]


class ListedPeriods(TypedDict):
    """Which periods a report has: how many, the first and the last by name, and from when to when, over all zones."""

    number: int
    first: str | None
    last: str | None
    start: datetime | None
    end: datetime | None


class Provenance(TypedDict):
    """Where the figures come from: `Report.provenance` of the pipeline. now_is: how now was chosen, in words;
    data_age_seconds: how old now was when the report was made, or due (null: now was given); horizon: from when to when
    polls count; only: the stores of these values of attributes; mapping: what it says of each table; selection: in a
    file of some stores only. Of the three windows: lookback_seconds; by periods: period, what was asked
    for, periods, what that was, and group_by."""

    now: datetime  # a text in truth, as in `horizon`: the type gives the document its format
    now_is: str
    data_age_seconds: float | None
    horizon: list[datetime]
    store: str | None
    max_gap_seconds: float | None
    lookback_seconds: NotRequired[float]
    source: str
    tzdata: str
    period: NotRequired[dict[str, str]]
    periods: NotRequired[ListedPeriods]
    group_by: NotRequired[list[str]]
    only: NotRequired[dict[str, list[str]]]
    mapping: NotRequired[dict[str, dict[str, Any]]]
    selection: NotRequired[Selected]


class GroupCoverage(TypedDict):
    """How much of the business time of a group is known. group: the values of its attributes."""

    group: list[str]
    coverage_percent: float | None


class TableQuality(TypedDict):
    """Rows of a table: read = accepted + rejected, which are by reason. outside the horizon are others (null: not
    counted). files_not_opened: those that must be older than the horizon; only where there are some."""

    read: int
    accepted: int
    rejected: dict[str, int]
    outside: int | None
    files_not_opened: NotRequired[int]


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
    that cannot be told here. notes, coverage: of one by periods, sentences, and by group where it has groups."""

    report: ReportStatus
    provenance: Provenance | None = None
    quality: Quality | None = None
    notes: list[str] = []
    coverage: list[GroupCoverage] = []
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


class DueTime(msgspec.Struct):
    """A due time. local: the same on the clock of the zone, with its offset; in_words: Mon 30 Nov 06:15, with the year
    where that is not this one."""

    at: datetime
    local: datetime
    in_words: str


class DueTimes(msgspec.Struct):
    """When an expression is due next. in_words: what it means."""

    cron: str
    zone: str
    in_words: str
    due: list[DueTime]


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


class StorePage(msgspec.Struct, omit_defaults=True):
    """Store ids in byte order. next: the address of the next page; null on the last. names: by id, of those that have
    one."""

    stores: list[str]
    next: str | None
    names: dict[str, str] = {}


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
    means: docs/problems.md; `error` says the same as `detail`. field: the parameter, header or member that is wrong,
    where it is one (the first, where there are several)."""

    type: Annotated[str, msgspec.Meta(pattern="^/problems/[a-z-]+$")]
    status: int
    title: str
    detail: str
    error: str
    field: str | msgspec.UnsetType = msgspec.UNSET
