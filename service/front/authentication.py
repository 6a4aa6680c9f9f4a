"""Who calls: API keys, and the sessions that the page opens with one.

A key is `su_ID_SECRET`. ID finds the row, and the hashes of SECRET are compared in constant time.
"""

import asyncio
import re
import secrets
import time
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest

import structlog
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult

from store_uptime.service.concurrency.shared_lookups import SharedLookups
from store_uptime.service.errors import KeyNeeded, NoCsrfToken
from store_uptime.service.front.key_policy import KeyPolicy
from store_uptime.service.front.requests import Connection
from store_uptime.service.registry import audit
from store_uptime.service.registry.grants import EVERYTHING, Grant, Role
from store_uptime.service.registry.keys import (
    SessionRow,
    StoredKey,
    find_key,
    find_session,
    insert_session,
    record_key_use,
)
from store_uptime.service.registry.registry import Registry

PREFIX = "su"
KEY = re.compile(rf"{PREFIX}_([0-9a-f]{{8}})_([\w-]+)", re.ASCII)
COOKIE = "store_uptime_session"
CSRF_HEADER = "X-CSRF-Token"
AUTHENTICATOR = "authenticator"
SESSION = timedelta(hours=12)
USED_S = 60
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

log = structlog.get_logger(part="access")


def new_key() -> tuple[str, str, bytes]:
    """A new key, its visible id, and its hash, which is stored."""
    key_id, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    return f"{PREFIX}_{key_id}_{secret}", key_id, hashed(secret)


def hashed(secret: str) -> bytes:
    """The hash of a secret, which is stored instead of it."""
    # One round, no salt: the secret is 256 random bits, so there is nothing to guess. A slow hash would cost each
    # request what it costs an attacker.
    return sha256(secret.encode()).digest()


async def key_grant(registry: Registry, key: str) -> Grant:
    """What a key allows. Raises KeyNeeded."""
    parts = KEY.fullmatch(key)
    row = await registry.row(find_key(parts[1])) if parts else None
    if parts is None or row is None or not compare_digest(row.hash, hashed(parts[2])):
        raise KeyNeeded
    return grant_of(row)


def grant_of(key: StoredKey | SessionRow) -> Grant:
    """What the row of a key allows."""
    return Grant(key.name, key.role)


async def create_session(registry: Registry, name: str | None, client: str) -> tuple[str, str]:
    """A new session of a key: what its cookie holds, and the token that its requests must show."""
    cookie, csrf_token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    await registry.rows(insert_session(name, hashed(cookie), csrf_token, SESSION, client))
    return cookie, csrf_token


async def audit_failed_sign_in(registry: Registry, key: str, client: str) -> None:
    """Write into the audit that a sign-in was refused, with the visible part of its key: nobody knows who it was."""
    parts = KEY.fullmatch(key)
    await registry.rows(audit.record_failed_sign_in(client, f"{PREFIX}_{parts[1]}_…" if parts else ""))


class KeyUses:
    """When each key was last used: written at most once a minute for each, after the request."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._noted: dict[str, float] = {}
        self._writing: set[asyncio.Task[None]] = set()

    def record(self, name: str) -> None:
        """A key is used now. The caller does not wait until that is written."""
        if time.monotonic() - self._noted.get(name, -USED_S) >= USED_S:
            self._noted[name] = time.monotonic()
            task = asyncio.create_task(self._write(name))
            self._writing.add(task)  # asyncio keeps only a weak reference: without this the task may vanish
            task.add_done_callback(self._writing.discard)

    async def _write(self, name: str) -> None:
        try:
            await self._registry.rows(record_key_use(name))
        except Exception as error:  # whatever it is, no request should fail for it
            log.warning("that a key was used could not be noted", key=name, error=str(error))


class Authenticator:
    """Finds what the caller of a request may do: by a key, by a session's cookie, or because no key is needed."""

    def __init__(self, registry: Registry, policy: KeyPolicy, lookups: SharedLookups) -> None:
        self._registry, self._policy, self._lookups = registry, policy, lookups
        self._uses = KeyUses(registry)

    async def authenticate(self, connection: Connection) -> AuthenticationResult:
        """What the caller may do; the use of a key is recorded. Raises KeyNeeded, NoCsrfToken, RegistryUnreachable."""
        result = await self._identify(connection)
        if result.user.name is not None:
            self._uses.record(result.user.name)
        return result

    async def recheck(self, connection: Connection) -> None:
        """Check the credentials of an answer that goes on, such as events. Raises KeyNeeded where they have ended."""
        credentials = connection.headers.get("Authorization"), connection.cookies.get(COOKIE)
        # Shared: each open page follows events, and a look of its own for each would be a statement a second for each.
        await self._lookups.get(credentials, lambda: self._identify(connection))

    async def _identify(self, connection: Connection) -> AuthenticationResult:
        scheme, _, key = connection.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return AuthenticationResult(user=await key_grant(self._registry, key.strip()), auth=None)
        session = await session_of(connection, self._registry)
        if session is not None:
            return session
        if await self._policy.needs_key():
            raise KeyNeeded
        return AuthenticationResult(user=EVERYTHING, auth=None)


class AuthenticationMiddleware(AbstractAuthenticationMiddleware):
    """Sets `user` to what the caller may do, and `auth` to the session's CSRF token; compares it with what the route
    needs. A route without a role needs an admin.

    The application's state holds the `Authenticator`, under AUTHENTICATOR.
    """

    async def authenticate_request(self, connection: Connection) -> AuthenticationResult:
        """Raises KeyNeeded, NoCsrfToken, RoleNeeded."""
        authenticator: Authenticator = connection.app.state[AUTHENTICATOR]
        result = await authenticator.authenticate(connection)
        connection.scope["user"] = result.user  # before the check, so that the log names whom it refuses
        result.user.check(connection.route_handler.opt.get("role", Role.ADMIN))
        return result


async def session_of(connection: Connection, registry: Registry) -> AuthenticationResult | None:
    """What its cookie opens; None without one, where it has ended, or is of another server on this machine."""
    cookie = connection.cookies.get(COOKIE)
    row = await registry.row(find_session(hashed(cookie))) if cookie else None
    if row is None:
        return None
    shown = connection.headers.get(CSRF_HEADER, "")
    if connection.scope.get("method") not in SAFE_METHODS and not compare_digest(
        shown.encode(), row.csrf_token.encode()
    ):
        raise NoCsrfToken(CSRF_HEADER)
    return AuthenticationResult(user=grant_of(row), auth=row.csrf_token)
