"""An end to every request: for its body, and until its answer begins."""

import asyncio

from litestar.exceptions import HTTPException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPReceiveMessage, Message, Receive, Scope, Send, WebSocketReceiveMessage

from store_uptime.service.errors import AnswerTooLate
from store_uptime.service.front.authentication import SAFE_METHODS


class AnswerDeadline(ASGIMiddleware):
    """Ends a request whose answer does not begin in time. One that has begun, such as events, has no limit."""

    def __init__(self, answer_s: float, body_s: float) -> None:
        self._answer_s, self._body_s = answer_s, body_s

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Raises AnswerTooLate."""
        seconds = self._answer_s + (0 if scope.get("method") in SAFE_METHODS else self._body_s)
        deadline = asyncio.timeout(seconds)

        async def send_begun(message: Message) -> None:
            if not deadline.expired():
                deadline.reschedule(None)
            await send(message)

        try:
            async with deadline:
                await next_app(scope, receive, send_begun)
        except TimeoutError:
            if not deadline.expired():
                raise  # of something else that was waited for
            raise AnswerTooLate(seconds) from None


class BodyDeadline(ASGIMiddleware):
    """Ends a request whose body does not arrive in time: a client could send a byte a minute, and hold it for ever."""

    def __init__(self, body_s: int) -> None:
        self._body_s = body_s

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        is_safe = scope.get("method") in SAFE_METHODS
        await next_app(scope, receive if is_safe else BodyReader(receive, self._body_s).receive, send)


class BodyReader:
    """Receives the body of a request until a deadline."""

    def __init__(self, receive: Receive, seconds: int) -> None:
        self._receive, self._seconds = receive, seconds
        self._deadline = asyncio.get_running_loop().time() + seconds
        self._is_whole = False

    async def receive(self) -> "HTTPReceiveMessage | WebSocketReceiveMessage":
        """The next message. Raises HTTPException: 408 where the body takes too long, 400 where its client has gone."""
        if self._is_whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(
                f"The body of this request took longer than {self._seconds} seconds.",
                status_code=408,
                headers={"Connection": "close"},
            ) from None
        if message["type"] != "http.request":
            raise HTTPException("The body of this request did not come to its end.", status_code=400)
        self._is_whole = not message["more_body"]
        return message
