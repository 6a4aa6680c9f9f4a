"""Errors as pages."""

import re

from litestar import Response
from litestar.response import Template

from store_uptime.service.errors import KeyNeeded
from store_uptime.service.front import problems
from store_uptime.service.front.requests import ApiRequest

DATA_ENDING = ".json"
PARAMETER = re.compile(r"(?:^|(?<=[.?] ))([a-z_]+)(?= must be | is missing;|: )")
"""Where a sentence about a request begins with the name of a parameter."""


def error_answer(request: ApiRequest, error: Exception) -> Response[dict[str, object]] | Template:
    """An error as a page; where an address is one of data, which scripts read, as problem details."""
    if request.scope["path"].endswith(DATA_ENDING):
        return problems.problem_response(request, error)
    return error_page(request, error)


def error_page(request: ApiRequest, error: Exception) -> Template:
    """An error as a page; where a key is missing, the form to sign in."""
    problems.note_cause(request, error)
    if isinstance(error, KeyNeeded):
        return Template("sign_in.html", status_code=401, headers=error.headers)
    problem = problems.problem_of(error)
    return Template(
        "problem.html",
        context={"detail": sentence_on_page(problem.detail)},
        status_code=problem.status_code,
        headers=problem.headers,
    )


def sentence_on_page(detail: str) -> str:
    """The sentence of a problem for people, who know no names of parameters: where such a name begins it, in quotes."""
    return PARAMETER.sub(r"“\1” in the address", detail).replace("text without zero bytes", "text")


def failure_response(request: ApiRequest, error: Exception) -> Response[dict[str, object]] | Template:
    """An unexpected error: as a page for a browser, as problem details for programs."""
    return (
        error_page(request, error) if problems.is_for_a_browser(request) else problems.problem_response(request, error)
    )
