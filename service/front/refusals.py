"""Problems as they are answered where no application answers: before it, or in place of what it has answered."""

import json

from litestar.types import HTTPResponseBodyEvent, HTTPResponseStartEvent, Receive, Scope, Send

from store_uptime.service.front.problem_types import HttpProblem, problem_members

RETRY_S = 5


def problem_json(kind: HttpProblem, sentence: str) -> bytes:
    """A problem (RFC 9457) as the body of an answer."""
    return json.dumps(problem_members(kind.type, kind.status, sentence)).encode()


def refusal(
    kind: HttpProblem, sentence: str, headers: dict[str, str]
) -> tuple[HTTPResponseStartEvent, HTTPResponseBodyEvent]:
    """A problem as the two messages of an answer."""
    body = problem_json(kind, sentence)
    given = {"Content-Type": "application/problem+json", "Content-Length": str(len(body)), **headers}
    pairs = [(name.lower().encode(), value.encode()) for name, value in given.items()]
    return (
        {"type": "http.response.start", "status": kind.status, "headers": pairs},
        {"type": "http.response.body", "body": body, "more_body": False},
    )


async def refuse_connection(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers in place of the application over a connection that is beyond the limit."""
    sentence = "This server has as many connections as it takes. Try again in a while."
    headers = {"Retry-After": str(RETRY_S), "Connection": "close"}
    for message in refusal(HttpProblem.TOO_MANY_CONNECTIONS, sentence, headers):
        await send(message)
