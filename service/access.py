"""Who may ask: API keys, and the sessions that the page begins with one.

A key is `su_ID_SECRET`. The secret part is 256 random bits, so that one round of SHA-256 is enough to keep it safe at
rest; ID finds the row, and the hashes are compared in constant time.
"""

import re
import secrets
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from litestar.connection import ASGIConnection
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult

from service.errors import Forbidden, NotAllowed
from service.registry import Registry

if TYPE_CHECKING:
    from service.backend import Backend

PREFIX = "su"
KEY = re.compile(rf"{PREFIX}_([0-9a-f]{{8}})_([\w-]+)", re.ASCII)
COOKIE = "store_uptime_session"
CSRF_HEADER = "X-CSRF-Token"
SESSION = timedelta(hours=12)
Connection = ASGIConnection[Any, Any, Any, Any]
SAFE = ("GET", "HEAD", "OPTIONS")


def new_key() -> tuple[str, str, bytes]:
    """A new key, its visible id, and the hash that is kept of it."""
    key_id, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    return f"{PREFIX}_{key_id}_{secret}", key_id, hashed(secret)


def hashed(secret: str) -> bytes:
    """What is kept of a secret."""
    return sha256(secret.encode()).digest()


async def key_name(registry: Registry, key: str) -> str:
    """The name of a key. Raises NotAllowed."""
    parts = KEY.fullmatch(key)
    row = await registry.row("key", id=parts[1]) if parts else None
    if parts is None or row is None or not compare_digest(row["hash"], hashed(parts[2])):
        raise NotAllowed
    return row["name"]


async def begun_session(registry: Registry, name: str) -> tuple[str, str]:
    """A new session of a key: what its cookie holds, and the token that its requests must show."""
    cookie, csrf_token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    await registry.rows("begin_session", hash=hashed(cookie), key_name=name, csrf_token=csrf_token, lasting=SESSION)
    return cookie, csrf_token


class Doorkeeper(AbstractAuthenticationMiddleware):
    """Sets `user` to the name of the key, or to None where none is asked for; `auth` to the session's CSRF token.

    Keys are asked for from the first one on, and always where other machines can call.
    """

    async def authenticate_request(self, connection: Connection) -> AuthenticationResult:
        """Raises NotAllowed, Forbidden."""
        backend: Backend = connection.app.state["backend"]
        kind, _, key = connection.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return AuthenticationResult(user=await key_name(backend.registry, key.strip()), auth=None)
        session = await self._session(connection, backend.registry)
        if session is not None:
            return session
        if await backend.asks_for_keys():
            raise NotAllowed
        return AuthenticationResult(user=None, auth=None)

    async def _session(self, connection: Connection, registry: Registry) -> AuthenticationResult | None:
        """What its cookie opens; None without one, where it has ended, or is of another server on this machine."""
        cookie = connection.cookies.get(COOKIE)
        row = await registry.row("session", hash=hashed(cookie)) if cookie else None
        if row is None:
            return None
        shown = connection.headers.get(CSRF_HEADER, "")
        if connection.scope.get("method") not in SAFE and not compare_digest(
            shown.encode(), row["csrf_token"].encode()
        ):
            raise Forbidden(f"A request by cookie must show its session's token in {CSRF_HEADER}.")
        return AuthenticationResult(user=row["name"], auth=row["csrf_token"])
