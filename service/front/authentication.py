"""Who may ask: API keys, and the sessions that the page begins with one.

A key is `su_ID_SECRET`. The secret part is 256 random bits, so that one round of SHA-256 is enough to keep it safe at
rest; ID finds the row, and the hashes are compared in constant time.
"""

import asyncio
import re
import secrets
import time
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

import structlog
from litestar.connection import ASGIConnection
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult

from store_uptime.service.errors import KeyNeeded, NoCsrfToken
from store_uptime.service.registry.grants import EVERYTHING, Grant, Role
from store_uptime.service.registry.registry import Registry, Row

if TYPE_CHECKING:
    from store_uptime.service.backend.backend import Backend

PREFIX = "su"
KEY = re.compile(rf"{PREFIX}_([0-9a-f]{{8}})_([\w-]+)", re.ASCII)
COOKIE = "store_uptime_session"
CSRF_HEADER = "X-CSRF-Token"
SESSION = timedelta(hours=12)
USED_S = 60
FAILURES = {"of_client": 20, "of_all": 200}  # that are noted of an hour
Connection = ASGIConnection[Any, Any, Any, Any]
SAFE = ("GET", "HEAD", "OPTIONS")

log = structlog.get_logger(part="access")


def new_key() -> tuple[str, str, bytes]:
    """A new key, its visible id, and the hash that is kept of it."""
    key_id, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    return f"{PREFIX}_{key_id}_{secret}", key_id, hashed(secret)


def hashed(secret: str) -> bytes:
    """What is kept of a secret."""
    return sha256(secret.encode()).digest()


async def key_grant(registry: Registry, key: str) -> Grant:
    """What a key allows. Raises KeyNeeded."""
    parts = KEY.fullmatch(key)
    row = await registry.row("key", id=parts[1]) if parts else None
    if parts is None or row is None or not compare_digest(row["hash"], hashed(parts[2])):
        raise KeyNeeded
    return grant_of(row)


def grant_of(key: Row) -> Grant:
    """What the row of a key allows."""
    return Grant(key["name"], Role(key["role"]))


async def create_session(registry: Registry, name: str | None, client: str) -> tuple[str, str]:
    """A new session of a key: what its cookie holds, and the token that its requests must show."""
    cookie, csrf_token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    opened = {"hash": hashed(cookie), "csrf_token": csrf_token, "lasting": SESSION}
    await registry.rows("begin_session", key_name=name, client=client, **opened)
    return cookie, csrf_token


async def note_failure(registry: Registry, key: str, client: str) -> None:
    """Note that a sign-in was refused: by the part of its key that may be seen, for nobody knows who it was."""
    parts = KEY.fullmatch(key)
    await registry.rows("note_failure", client=client, subject=f"{PREFIX}_{parts[1]}_…" if parts else "", **FAILURES)


class Uses:
    """When keys were last used: written at most once a minute for each, beside the requests."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._noted: dict[str, float] = {}
        self._writing: set[asyncio.Task[None]] = set()

    def note(self, name: str) -> None:
        """A key is used. Nobody waits for that to be written."""
        if time.monotonic() - self._noted.get(name, -USED_S) >= USED_S:
            self._noted[name] = time.monotonic()
            task = asyncio.create_task(self._written(name))
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def _written(self, name: str) -> None:
        try:
            await self._registry.rows("use_key", name=name)
        except Exception as error:  # whatever it is, it is in nobody's way
            log.warning("that a key was used could not be noted", key=name, error=str(error))


class AuthenticationMiddleware(AbstractAuthenticationMiddleware):
    """Sets `user` to what the caller may do, and `auth` to the session's CSRF token; compares it with what the route
    needs. A route that does not say needs an admin.

    Keys are asked for from the first one on, and always where other machines can call.
    """

    async def authenticate_request(self, connection: Connection) -> AuthenticationResult:
        """Raises KeyNeeded, NoCsrfToken, RoleNeeded."""
        backend: Backend = connection.app.state["backend"]
        caller = await known(connection, backend)
        if caller.user.name is not None:
            backend.uses.note(caller.user.name)
        connection.scope["user"] = caller.user  # for the log, also where it does not suffice
        caller.user.check(connection.route_handler.opt.get("role", Role.ADMIN))
        return caller


async def known(connection: Connection, backend: "Backend") -> AuthenticationResult:
    """What whoever asks may do, by key or by cookie. Raises KeyNeeded, NoCsrfToken."""
    kind, _, key = connection.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return AuthenticationResult(user=await key_grant(backend.registry, key.strip()), auth=None)
    session = await session_of(connection, backend.registry)
    if session is not None:
        return session
    if await backend.asks_for_keys():
        raise KeyNeeded
    return AuthenticationResult(user=EVERYTHING, auth=None)


async def session_of(connection: Connection, registry: Registry) -> AuthenticationResult | None:
    """What its cookie opens; None without one, where it has ended, or is of another server on this machine."""
    cookie = connection.cookies.get(COOKIE)
    row = await registry.row("session", hash=hashed(cookie)) if cookie else None
    if row is None:
        return None
    shown = connection.headers.get(CSRF_HEADER, "")
    if connection.scope.get("method") not in SAFE and not compare_digest(shown.encode(), row["csrf_token"].encode()):
        raise NoCsrfToken(CSRF_HEADER)
    return AuthenticationResult(user=grant_of(row), auth=row["csrf_token"])


async def still_known(connection: Connection, backend: "Backend") -> None:
    """Raises KeyNeeded where what has opened an answer that goes on opens nothing any more."""
    shown = connection.headers.get("Authorization"), connection.cookies.get(COOKIE)
    await backend.shared_looks.at(shown, lambda: known(connection, backend))
