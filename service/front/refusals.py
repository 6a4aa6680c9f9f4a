"""Problems as they are answered where no application answers: before it, or in place of what it has answered."""

import json
from http import HTTPStatus

from litestar.types import HTTPResponseBodyEvent, HTTPResponseStartEvent, Receive, Scope, Send

RETRY_S = 5


def problem_json(status: int, sentence: str) -> bytes:
    """A problem (RFC 9457) as the body of an answer."""
    problem = {"status": status, "title": HTTPStatus(status).phrase, "detail": sentence, "error": sentence}
    return json.dumps(problem).encode()


def refusal(
    status: int, sentence: str, headers: dict[str, str]
) -> tuple[HTTPResponseStartEvent, HTTPResponseBodyEvent]:
    """A problem as the two messages of an answer."""
    body = problem_json(status, sentence)
    given = {"Content-Type": "application/problem+json", "Content-Length": str(len(body)), **headers}
    pairs = [(name.lower().encode(), value.encode()) for name, value in given.items()]
    return (
        {"type": "http.response.start", "status": status, "headers": pairs},
        {"type": "http.response.body", "body": body, "more_body": False},
    )


async def refuse_connection(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers in place of the application over a connection that is beyond the limit."""
    sentence = "This server has as many connections as it takes. Try again in a while."
    for message in refusal(503, sentence, {"Retry-After": str(RETRY_S), "Connection": "close"}):
        await send(message)
