"""Errors as RFC 9457 problem details, with the same sentence in `error`, which is what older clients read.

Unknown errors are 500, without details. The two oldest addresses send the same members as plain
JSON: scripts that are older than this service look for `error` in nothing else. An address that leads nowhere is a page
for a browser.
"""

import structlog
from litestar import Response
from litestar.exceptions import HTTPException, NotFoundException
from litestar.plugins.problem_details import ProblemDetailsException
from litestar.response import Template
from litestar.types import ExceptionHandlersMap

from store_uptime.pipeline import StoreUptimeError, UnknownAttribute, UnknownValue
from store_uptime.service.errors import Cause, RegistryUnreachable, ServiceError, public_message
from store_uptime.service.front.fields import WrongField
from store_uptime.service.front.problem_types import (
    HttpProblem,
    http_problem,
    problem_field,
    problem_members,
    problem_status,
    problem_type,
)
from store_uptime.service.front.requests import ApiRequest
from store_uptime.service.observability.logs import one_line

# Instead of Litestar's own, which name parameters of Python, or repeat the status.
SENTENCES = {
    404: "There is nothing at this address; /schema shows what there is.",
    405: "This address does not take this method; /schema shows which it takes.",
    413: "The body of this request is larger than the server takes.",
    429: "Too many requests from this address; Retry-After says in how many seconds there may be more.",
}
CLASSIC, CLASSIC_MEDIA = ("/trigger_report", "/get_report"), "application/json"
RETRY_AFTER = "5"  # seconds: by then a database that was restarted answers again, and so does a new worker
ATTRIBUTE_PARAMETERS = ("by", "group_by", "only")
UNEXPECTED = "Something went wrong in the server; its log has the details."

log = structlog.get_logger(part="http")


def problem(
    kind: str, status: int, sentence: str, headers: dict[str, str] | None = None, field: str | None = None
) -> ProblemDetailsException:
    """The answer for a problem; each 503 has a Retry-After. field: what of the request is wrong, where it is known."""
    later = {"Retry-After": RETRY_AFTER} if status == 503 else {}
    members = problem_members(kind, status, sentence)
    named = {} if field is None else {"field": field}
    return ProblemDetailsException(
        status_code=status,
        type_=members["type"],
        title=members["title"],
        detail=sentence,
        extra={"error": members["error"], **named},
        headers=later | (headers or {}),
    )


def http_refusal(error: HTTPException) -> ProblemDetailsException:
    """What Litestar refuses."""
    if error.status_code >= 500:  # Litestar's for mistakes of handlers, such as a template that lacks a value
        return unexpected_problem(error)
    sentence = SENTENCES.get(error.status_code, error.detail)
    field = error.field if isinstance(error, WrongField) else None
    return problem(http_problem(error.status_code).type, error.status_code, sentence, error.headers, field)


def stated_problem(error: StoreUptimeError) -> ProblemDetailsException:
    """What the service or the pipeline cannot do."""
    headers = error.headers if isinstance(error, ServiceError) else None
    kind, status = problem_type(type(error)), problem_status(type(error))
    return problem(kind, status, public_message(error), headers, problem_field(error))


def bad_request(sentence: str) -> ProblemDetailsException:
    """A body that cannot be read."""
    return problem(HttpProblem.BAD_REQUEST.type, 400, sentence)


def unexpected_problem(error: Exception) -> ProblemDetailsException:
    """An unexpected error: the answer has no details."""
    log.error("unexpected error", exc_info=error)
    return problem(HttpProblem.UNEXPECTED.type, 500, UNEXPECTED)


def problem_of(error: Exception) -> ProblemDetailsException:
    """What anything that goes wrong is to a caller."""
    match error:
        case HTTPException():
            return http_refusal(error)
        case StoreUptimeError():
            return stated_problem(error)
        case UnicodeDecodeError():
            return bad_request("The body of this request is not UTF-8.")
        case RecursionError():  # Brackets in brackets in brackets: msgspec has no error of its own for them.
            return bad_request("The body of this request is nested too deeply.")
        case _:
            return unexpected_problem(error)


def cause_fields(error: Exception) -> dict[str, str]:
    """The cause in the log of an error that the caller cannot correct; empty for others."""
    match error:
        case RegistryUnreachable(cause=cause, reason=reason):
            return {"cause": cause, "reason": one_line(reason)}
        case ServiceError(status=503):
            return {"cause": error.log_cause or type(error).__name__}
        case ServiceError():
            return {}
        case StoreUptimeError() if problem_status(type(error)) == 503:
            return {"cause": Cause.SOURCE, "reason": str(error)}
        case _:
            return {}


def note_cause(request: ApiRequest, error: Exception) -> None:
    """Add the cause to the request's line in the log."""
    request.scope["state"]["cause"] = cause_fields(error)  # RequestLogMiddleware reads it


def problem_response(request: ApiRequest, error: Exception) -> Response[dict[str, object]]:
    """A problem as its address answers it."""
    note_cause(request, error)
    refused = problem_of(error)
    if isinstance(error, UnknownAttribute | UnknownValue) and isinstance(refused.extra, dict):
        refused.extra |= named_parameter(request, error.attribute)
    answer = refused.to_response(request)
    # Scripts that are older than problem details read JSON only where the media type says no more than that.
    if is_classic(request.scope["path"]):
        answer.media_type = CLASSIC_MEDIA
    return answer


def named_parameter(request: ApiRequest, attribute: str) -> dict[str, str]:
    """The parameter of a request that names an attribute, as the member `field`; nothing where none does."""
    for name in ATTRIBUTE_PARAMETERS:
        named = ",".join(text.partition("=")[0] for text in request.query_params.getall(name, []))
        if attribute in map(str.strip, named.split(",")):
            return {"field": name}
    return {}


def is_classic(path: str) -> bool:
    """Whether an address is one of the two that are older than this service."""
    return path in CLASSIC or path.startswith("/get_report/")


def unknown_address(request: ApiRequest, error: Exception) -> Response[dict[str, object]] | Template:
    """The answer where no route is: a page for a browser, a problem for everybody else."""
    if not is_for_a_browser(request):
        return problem_response(request, error)
    return Template("problem.html", context={"detail": SENTENCES[404]}, status_code=404)


def is_for_a_browser(request: ApiRequest) -> bool:
    """Whether the client accepts HTML."""
    return "text/html" in request.headers.get("Accept", "")


HANDLERS: ExceptionHandlersMap = {
    NotFoundException: unknown_address,
    HTTPException: problem_response,
    Exception: problem_response,
}
