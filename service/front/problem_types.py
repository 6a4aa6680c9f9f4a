"""The problems in answers to requests: a type, by which programs distinguish them, and a status.

Types are addresses of this server, /problems/NAME, at which people read what each means: docs/problems.md. Those of our
errors are named as their classes; the rest is what HTTP itself is refused for.
"""

import re
from collections.abc import Iterator
from enum import Enum
from http import HTTPStatus
from typing import TypedDict

from store_uptime.pipeline import (
    BadPeriod,
    CellFull,
    HorizonOutOfRange,
    NoPolls,
    NoSuchZone,
    NowTooLate,
    PartMissing,
    PeriodOutOfRange,
    ReportDamaged,
    SheetFull,
    StoreUptimeError,
    UnknownAttribute,
    UnknownStore,
    UnknownValue,
)
from store_uptime.service.errors import (
    CommandError,
    NotDelivered,
    PrivateWebhook,
    ScheduleExists,
    ServiceError,
    UnknownDestination,
)

STATUS: dict[type[StoreUptimeError], int] = {
    StoreUptimeError: 503,  # of those that are not here: what is wrong with the source, and may be mended
    UnknownStore: 404,
    NoPolls: 404,  # Not 503: to try again does not help, until somebody loads polls.
    ReportDamaged: 500,
    SheetFull: 406,  # As CSV the same report can be had.
    CellFull: 406,
    HorizonOutOfRange: 422,
    UnknownAttribute: 400,
    UnknownValue: 400,
    PartMissing: 409,
    BadPeriod: 400,
    NoSuchZone: 400,
    PeriodOutOfRange: 422,
}
"""What the errors of the pipeline, and those below them in the tree, are answered with."""
FIELDS: dict[type[StoreUptimeError], str] = {
    UnknownStore: "store_id",
    NowTooLate: "now",
    HorizonOutOfRange: "lookback",
    BadPeriod: "period",
    PeriodOutOfRange: "period",
    NoSuchZone: "on",
    ScheduleExists: "name",
    PrivateWebhook: "webhook",
}
"""The member or the parameter of a request that leads to an error."""
NEVER_ANSWERED = (CommandError, NotDelivered)  # Their types would be addresses that nobody is ever sent.


class HttpProblem(Enum):
    """What is refused by HTTP's own rules, or by how much is sent at once: the name of its type, and its status."""

    BAD_REQUEST = "bad-request", 400
    NOTHING_HERE = "nothing-here", 404
    METHOD_NOT_ALLOWED = "method-not-allowed", 405
    NOT_ACCEPTABLE = "not-acceptable", 406
    BODY_TOO_SLOW = "body-too-slow", 408
    BODY_TOO_LARGE = "body-too-large", 413  # Not named by its phrase, which Python 3.13 has changed.
    TOO_MANY_REQUESTS = "too-many-requests", 429
    HEAD_TOO_LARGE = "head-too-large", 431
    UNEXPECTED = "unexpected-error", 500
    TOO_MANY_CONNECTIONS = "too-many-connections", 503
    ANSWERS_NOT_READ = "answers-not-read", 429
    TOO_MANY_ANSWERS = "too-many-answers", 503

    def __init__(self, slug: str, status: int) -> None:
        self.slug, self.status = slug, status

    @property
    def type(self) -> str:
        """Its address."""
        return f"/problems/{self.slug}"


def http_problem(status: int) -> HttpProblem:
    """The kind that Litestar's refusals with a status are of."""
    # Litestar may come to refuse with statuses that are not here: a type must be one that is in the docs.
    fallback = HttpProblem.BAD_REQUEST if status < 500 else HttpProblem.UNEXPECTED
    return next((kind for kind in HttpProblem if kind.status == status), fallback)


def problem_type(cause: type[StoreUptimeError]) -> str:
    """The type of a class of errors: /problems/report-not-finished of ReportNotFinished."""
    return f"/problems/{re.sub(r'(?<!^)(?=[A-Z])', '-', cause.__name__).lower()}"


def problem_status(cause: type[StoreUptimeError]) -> int:
    """The status that a class of errors is answered with."""
    if issubclass(cause, ServiceError):
        return cause.status
    return next(STATUS[each] for each in cause.__mro__ if each in STATUS)


def problem_field(error: StoreUptimeError) -> str | None:
    """The member or the parameter that is wrong; None where it is none, or not one alone."""
    if isinstance(error, UnknownDestination):
        return error.member
    return next((FIELDS[each] for each in type(error).__mro__ if each in FIELDS), None)


class ProblemMembers(TypedDict):
    """A problem as JSON."""

    type: str
    status: int
    title: str
    detail: str
    error: str


def problem_members(kind: str, status: int, sentence: str) -> ProblemMembers:
    """The members of a problem: RFC 9457, and `error`, which is what older clients read."""
    # The type is a path, not a whole URL: behind a proxy the server does not know its own name.
    return ProblemMembers(type=kind, status=status, title=HTTPStatus(status).phrase, detail=sentence, error=sentence)


def all_problem_types() -> dict[str, int]:
    """Every type that there is, with its status."""
    ours = {problem_type(cause): problem_status(cause) for cause in answered_causes(StoreUptimeError)}
    return ours | {kind.type: kind.status for kind in HttpProblem}


def answered_causes(above: type[StoreUptimeError]) -> Iterator[type[StoreUptimeError]]:
    """The errors below one in the tree with which a request may be answered."""
    for cause in above.__subclasses__():
        if not issubclass(cause, NEVER_ANSWERED):
            yield from () if cause is ServiceError else (cause,)
            yield from answered_causes(cause)
