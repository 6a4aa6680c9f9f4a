"""Errors as RFC 9457 problem details, with the same sentence in `error`, which is what older clients read.

What is not known here is 500, and says nothing of the inside. The two oldest addresses send the same members as plain
JSON: scripts that are older than this service look for `error` in nothing else. An address that leads nowhere is a page
for a browser.
"""

from http import HTTPStatus
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, NotFoundException
from litestar.plugins.problem_details import ProblemDetailsException
from litestar.response import Template

from store_uptime.pipeline import (
    AllPollsRejected,
    CellFull,
    HorizonOutOfRange,
    NoPolls,
    ReportDamaged,
    SheetFull,
    SourceMismatch,
    StoreUptimeError,
    UnknownStore,
)
from store_uptime.service.causes import Cause
from store_uptime.service.errors import RegistryUnreachable, ServiceError, public_message

STATUS: dict[type[StoreUptimeError], int] = {
    UnknownStore: 404,
    NoPolls: 404,
    AllPollsRejected: 404,
    ReportDamaged: 500,
    SheetFull: 406,
    CellFull: 406,
    HorizonOutOfRange: 422,
    SourceMismatch: 503,
}
SENTENCES = {
    404: "There is nothing at this address; /schema shows what there is.",
    405: "This address does not take this method; /schema shows which it takes.",
    413: "The body of this request is larger than the server takes.",
    429: "Too many requests from this address; Retry-After says in how many seconds there may be more.",
}
CLASSIC, CLASSIC_MEDIA = ("/trigger_report", "/get_report"), "application/json"
RETRY_AFTER = "5"  # seconds
UNEXPECTED = "Something went wrong in the server; its log has the details."

log = structlog.get_logger(part="http")


def problem(status: int, sentence: str, headers: dict[str, str] | None = None) -> ProblemDetailsException:
    """A problem as it is answered; each 503 says when to try again."""
    later = {"Retry-After": RETRY_AFTER} if status == 503 else {}
    return ProblemDetailsException(
        status_code=status,
        title=HTTPStatus(status).phrase,
        detail=sentence,
        extra={"error": sentence},
        headers=later | (headers or {}),
    )


def of_http(error: HTTPException) -> ProblemDetailsException:
    """What Litestar refuses."""
    if error.status_code >= 500:
        log.error("unexpected error", exc_info=error)
        return problem(error.status_code, UNEXPECTED)
    return problem(error.status_code, SENTENCES.get(error.status_code, error.detail), error.headers)


def of_ours(error: StoreUptimeError) -> ProblemDetailsException:
    """What the service or the pipeline cannot do."""
    if isinstance(error, ServiceError):
        return problem(error.status, public_message(error), error.headers)
    if type(error) in STATUS:
        return problem(STATUS[type(error)], public_message(error))
    return problem(503, public_message(error))


def of_bytes(error: UnicodeDecodeError) -> ProblemDetailsException:
    """A body that is no text at all."""
    return problem(400, "The body of this request is not UTF-8.")


def of_depth(error: RecursionError) -> ProblemDetailsException:
    """A body with brackets in brackets in brackets."""
    return problem(400, "The body of this request is nested too deeply.")


def of_anything(error: Exception) -> ProblemDetailsException:
    """A mistake of ours."""
    log.error("unexpected error", exc_info=error)
    return problem(500, UNEXPECTED)


def problem_of(error: Exception) -> ProblemDetailsException:
    """What anything that goes wrong is to a caller."""
    match error:
        case HTTPException():
            return of_http(error)
        case StoreUptimeError():
            return of_ours(error)
        case UnicodeDecodeError():
            return of_bytes(error)
        case RecursionError():
            return of_depth(error)
        case _:
            return of_anything(error)


def cause_of(error: Exception) -> dict[str, str]:
    """What the log says beside the status of an answer for which the caller can do nothing; else nothing."""
    match error:
        case RegistryUnreachable(reason=reason):
            return {"cause": error.cause or Cause.UNREACHABLE, "reason": " ".join(reason.split())}
        case ServiceError(status=503):
            return {"cause": error.cause or type(error).__name__}
        case StoreUptimeError() if STATUS.get(type(error), 503) == 503 and not isinstance(error, ServiceError):
            return {"cause": Cause.SOURCE, "reason": str(error)}
        case _:
            return {}


def note_cause(request: Request[Any, Any, Any], error: Exception) -> None:
    """Have the request's line in the log say why."""
    request.scope["state"]["cause"] = cause_of(error)  # Front reads it


def refused(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A problem as its address answers it."""
    note_cause(request, error)
    answer = problem_of(error).to_response(request)
    if is_classic(request.scope["path"]):
        answer.media_type = CLASSIC_MEDIA
    return answer


def is_classic(path: str) -> bool:
    """Whether an address is one of the two that are older than this service."""
    return path in CLASSIC or path.startswith("/get_report/")


def nowhere(request: Request[Any, Any, Any], error: NotFoundException) -> Response[Any]:
    """What there is at an address that leads nowhere: a page for a browser, a problem for everybody else."""
    if not is_for_a_browser(request):
        return refused(request, error)
    return Template("problem.html", context={"detail": SENTENCES[404]}, status_code=404)


def is_for_a_browser(request: Request[Any, Any, Any]) -> bool:
    """Whether it asks for a page."""
    return "text/html" in request.headers.get("Accept", "")


HANDLERS: dict[type[Exception] | int, Any] = {NotFoundException: nowhere, HTTPException: refused, Exception: refused}
