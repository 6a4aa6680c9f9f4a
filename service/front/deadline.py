"""An end to every request: an answer that has not begun in time is waited for no longer."""

import asyncio

from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from store_uptime.service.errors import AnswerTooLate
from store_uptime.service.front.authentication import SAFE


class AnswerDeadline(ASGIMiddleware):
    """Ends a request whose answer does not begin. One that has begun, such as events, may take as long as it likes."""

    def __init__(self, seconds: float, body_seconds: float) -> None:
        self._seconds, self._body_seconds = seconds, body_seconds

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Raises AnswerTooLate."""
        seconds = self._seconds + (0 if scope.get("method") in SAFE else self._body_seconds)
        deadline = asyncio.timeout(seconds)

        async def begun(message: Message) -> None:
            if not deadline.expired():
                deadline.reschedule(None)
            await send(message)

        try:
            async with deadline:
                await next_app(scope, receive, begun)
        except TimeoutError:
            if not deadline.expired():
                raise
            raise AnswerTooLate(seconds) from None
