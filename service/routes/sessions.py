"""Sessions: what the page signs in with."""

from litestar import Response, delete, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody

from store_uptime.service.backend.backend import Backend
from store_uptime.service.errors import KeyNeeded
from store_uptime.service.front.authentication import (
    COOKIE,
    SESSION,
    audit_failed_sign_in,
    create_session,
    hashed,
    key_grant,
)
from store_uptime.service.front.proxies import client_of
from store_uptime.service.front.rate_limit import RateLimitMiddleware
from store_uptime.service.front.requests import ApiRequest
from store_uptime.service.registry.grants import Role, needs
from store_uptime.service.registry.keys import delete_session
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.problem_responses import TAKES_NOTHING, problems
from store_uptime.service.routes.request_schemas import SignIn
from store_uptime.service.routes.schemas import Session

ATTEMPTS = 20  # a minute, from one address
SIGNED_OUT = {204: ResponseSpec(None, description="Signed out.")}


@post(
    "/session",
    opt={"exclude_from_auth": True},
    security=[{}],
    middleware=[RateLimitMiddleware(ATTEMPTS)],
    status_code=201,
    responses=problems(s408="Too slow.", s413="Too large."),
    tags=["sessions"],
    summary="Sign in",
)
async def sign_in(request: ApiRequest, backend: NamedDependency[Backend], data: JSONBody[SignIn]) -> Response[Session]:
    """Begin a session of twelve hours with a key: a cookie that no script can read, and a token against forgery."""
    client = client_of(request.scope)
    try:
        grant = await key_grant(backend.registry, data.key)
    except KeyNeeded:
        await audit_failed_sign_in(backend.registry, data.key, client)
        raise
    cookie, csrf_token = await create_session(backend.registry, grant.name, client)
    session_cookie = Cookie(
        key=COOKIE,
        value=cookie,
        httponly=True,  # a script in the page, wherever it came from, cannot carry the session away
        samesite="strict",
        secure=request.url.scheme == "https",  # a secure cookie over plain HTTP would be dropped by the browser
        max_age=int(SESSION.total_seconds()),
        path="/",
    )
    return Response(Session(grant.name, grant.role, csrf_token), status_code=201, cookies=[session_cookie])


@get("/session", **needs(Role.READ), responses=problems(), tags=["sessions"], summary="Who is signed in")
async def session(request: ApiRequest) -> Session:
    """The name of the key, null where none is asked for; its role; and the token of a session by cookie."""
    return Session(request.user.name, request.user.role, request.auth)


@delete(
    "/session",
    **needs(Role.READ),
    status_code=204,
    responses=problems(**TAKES_NOTHING) | SIGNED_OUT,
    tags=["sessions"],
    summary="Sign out",
)
async def sign_out(request: ApiRequest, caller: NamedDependency[Caller]) -> Response[None]:
    """End the session."""
    cookie = hashed(request.cookies.get(COOKIE, ""))
    await caller.backend.registry.rows(delete_session(cookie, caller.address))
    response: Response[None] = Response(None, status_code=204)
    response.delete_cookie(COOKIE)
    return response
