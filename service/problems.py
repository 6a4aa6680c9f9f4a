"""Errors as RFC 9457 problem details, with the same sentence in `error`, which is what older clients read.

What is not known here is 500, and says nothing of the inside.
"""

from http import HTTPStatus
from typing import Any

import structlog
from litestar.exceptions import HTTPException
from litestar.plugins.problem_details import ProblemDetailsConfig, ProblemDetailsException, ProblemDetailsPlugin

from pipeline import (
    AllPollsRejected,
    HorizonOutOfRange,
    NoPolls,
    SheetFull,
    SourceMismatch,
    StoreUptimeError,
    UnknownStore,
)
from service.errors import ServiceError, told

STATUS: dict[type[StoreUptimeError], int] = {
    UnknownStore: 404,
    NoPolls: 404,
    AllPollsRejected: 404,
    SheetFull: 406,
    HorizonOutOfRange: 422,
    SourceMismatch: 503,
}
SENTENCES = {
    404: "There is nothing at this address; /schema shows what there is.",
    405: "This address does not take this method; /schema shows which it takes.",
    413: "The body of this request is larger than the server takes.",
    429: "Too many requests from this address; Retry-After says in how many seconds there may be more.",
}
NO_BODY = {"message": "'data'", "key": "data", "source": "body"}  # Litestar's complaint, where none is needed
UNEXPECTED = "Something went wrong in the server; its log has the details."

log = structlog.get_logger(part="http")


def problem(status: int, sentence: str, headers: dict[str, str] | None = None) -> ProblemDetailsException:
    """A problem as it is answered."""
    return ProblemDetailsException(
        status_code=status,
        title=HTTPStatus(status).phrase,
        detail=sentence,
        extra={"error": sentence},
        headers=headers,
    )


def of_http(error: HTTPException) -> ProblemDetailsException:
    """What Litestar refuses."""
    if isinstance(error, ProblemDetailsException):
        return error
    if error.status_code >= 500:
        log.error("unexpected error", exc_info=error)
        return problem(error.status_code, UNEXPECTED)
    wrong = error.extra if isinstance(error.extra, list) else []
    sentence = "; ".join(complaint(each) for each in wrong if each != NO_BODY) or SENTENCES.get(
        error.status_code, error.detail
    )
    return problem(error.status_code, sentence, error.headers)


def complaint(wrong: Any) -> str:
    """One of the parts of a request that do not fit: which, and why."""
    if not isinstance(wrong, dict):
        return str(wrong)
    if "key" not in wrong:
        return str(wrong.get("message", ""))
    name = wrong["key"].replace("_", "-").title() if wrong.get("source") == "header" else wrong["key"]
    return f"{name}: {wrong['message']}"


def of_ours(error: StoreUptimeError) -> ProblemDetailsException:
    """What the service or the pipeline cannot do."""
    if isinstance(error, ServiceError):
        return problem(error.status, told(error), error.headers)
    if type(error) in STATUS:
        return problem(STATUS[type(error)], told(error))
    log.warning("the source cannot be read", error=str(error))
    return problem(503, told(error), {"Retry-After": "5"})


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


plugin = ProblemDetailsPlugin(
    ProblemDetailsConfig(
        exception_to_problem_detail_map={
            HTTPException: of_http,
            StoreUptimeError: of_ours,
            UnicodeDecodeError: of_bytes,
            RecursionError: of_depth,
            Exception: of_anything,
        }
    )
)
