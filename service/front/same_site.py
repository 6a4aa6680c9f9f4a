"""Rejects unknown Host names and cross-origin requests of browsers."""

from litestar.datastructures import Headers
from litestar.exceptions import HTTPException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from store_uptime.service.errors import CrossSiteRequest, UnknownHost
from store_uptime.service.front.authentication import SAFE_METHODS
from store_uptime.service.front.hosts import host_name
from store_uptime.service.settings import LOOPBACK, Settings

HEAD_BYTES = 65_536


class CrossSiteGuard(ASGIMiddleware):
    """Rejects requests under a name that is not the server's, and those that a page of another site has made."""

    def __init__(self, settings: Settings) -> None:
        names = (*LOOPBACK, settings.host, *settings.allowed_hosts)
        self._names = {name.strip("[]").lower() for name in names}
        self._any_host = not settings.is_local and not settings.allowed_hosts

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Raises UnknownHost, CrossSiteRequest, HTTPException."""
        headers = Headers.from_scope(scope)
        host = headers.get("Host", "")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > HEAD_BYTES:
            raise HTTPException("The head of this request is too large.", status_code=431)
        # A name that leads to 127.0.0.1 makes any page "the same site" as a server on this machine (DNS rebinding).
        if not self._any_host and host_name(host) not in self._names:
            raise UnknownHost
        # JSON is read whatever its content type, so the browser would send a post of another page without asking us.
        if scope.get("method") not in SAFE_METHODS and is_cross_site(headers, host):
            raise CrossSiteRequest
        await next_app(scope, receive, send)


def is_cross_site(headers: Headers, host: str) -> bool:
    origin, site = headers.get("Origin"), headers.get("Sec-Fetch-Site", "none")
    return site not in ("none", "same-origin") or (origin is not None and origin.partition("://")[2] != host)
