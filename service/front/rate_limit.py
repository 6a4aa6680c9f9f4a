"""How many requests a client may make in a minute."""

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from litestar.exceptions import TooManyRequestsException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from store_uptime.service.front.proxies import client_of, counted_as


class RateLimitMiddleware(ASGIMiddleware):
    """Rejects requests beyond so many a minute from one address."""

    def __init__(self, per_minute: int) -> None:
        self._limit = RateLimitItemPerMinute(per_minute)
        self._hits = FixedWindowRateLimiter(MemoryStorage())

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Raises TooManyRequestsException, with the time of the next allowed request."""
        address = counted_as(client_of(scope))
        if not self._hits.hit(self._limit, address):
            wait_s = self._hits.get_window_stats(self._limit, address).reset_time - time.time()
            raise TooManyRequestsException(headers={"Retry-After": str(max(1, math.ceil(wait_s)))})
        await next_app(scope, receive, send)
