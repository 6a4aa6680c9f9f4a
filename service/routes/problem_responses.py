"""The problems that routes may answer with, for the OpenAPI document."""

from litestar.openapi import ResponseSpec

from store_uptime.service.routes.schemas import Problem

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
