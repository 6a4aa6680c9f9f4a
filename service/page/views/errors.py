"""Errors as pages."""

from litestar import Response
from litestar.response import Template

from store_uptime.service.errors import KeyNeeded
from store_uptime.service.front import problems
from store_uptime.service.front.requests import ApiRequest

DATA_ENDING = ".json"


def error_answer(request: ApiRequest, error: Exception) -> Response[dict[str, object]] | Template:
    """An error as a page; where an address is one of data, which scripts read, as problem details."""
    if request.scope["path"].endswith(DATA_ENDING):
        return problems.problem_response(request, error)
    return error_page(request, error)


def error_page(request: ApiRequest, error: Exception) -> Response[dict[str, object]] | Template:
    """An error as a page, where a key is missing the form to sign in; as problem details for a script of the page."""
    if problems.is_for_a_script(request):
        return problems.problem_response(request, error)
    problems.note_cause(request, error)
    if isinstance(error, KeyNeeded):
        return Template("sign_in.html", status_code=401, headers=error.headers)
    problem = problems.problem_of(error)
    return Template(
        "problem.html",
        context={"detail": problem.detail},
        status_code=problem.status_code,
        headers=problem.headers,
    )


def failure_response(request: ApiRequest, error: Exception) -> Response[dict[str, object]] | Template:
    """An unexpected error: as a page for a browser, as problem details for programs."""
    return (
        error_page(request, error) if problems.is_for_a_browser(request) else problems.problem_response(request, error)
    )
