"""What surrounds the routes.

Front           the outermost layer: one log line a request, and headers that every answer has
SameSite        within it: hosts that are not ours, requests that another site makes, bodies that never end
PatientServer   Uvicorn's HTTP protocol, with an end to the time that a request's head may take
"""

import asyncio
import math
import re
import secrets
import time
from contextlib import suppress
from typing import Any, ClassVar
from urllib.parse import urlsplit

import structlog
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.exceptions import HTTPException, TooManyRequestsException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from store_uptime.service.concurrency.clients import CLIENT, Client
from store_uptime.service.errors import CrossSiteRequest, UnknownHost
from store_uptime.service.front.authentication import SAFE
from store_uptime.service.front.compression import without_refused_codings
from store_uptime.service.front.connections import PROBES, Connections, no_place, problem_json
from store_uptime.service.front.outflow import Outflow
from store_uptime.service.front.problem_types import HttpProblem
from store_uptime.service.front.proxies import client_of, counted_as
from store_uptime.service.settings import LOOPBACK, Settings, Timing

WRITE_SECONDS = 20
HEAD_BYTES = 65_536
PATH_BYTES = 16_384
GONE = 499  # no status of HTTP: the client has gone before there was an answer
REQUEST_ID = re.compile(r"[\w.-]{8,64}", re.ASCII)
NOT_IN_HOST = re.compile(rb"[@/\\?#,%\s]")
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

log = structlog.get_logger(part="access")


class RequestLogMiddleware:
    """Around the application, so that even what has no route is logged and has the headers."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._outflow = Outflow()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request, or the life of the application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, seen = time.perf_counter(), ResponseInfo()
        client = Client(counted_as(client_of(scope)), receive)
        CLIENT.set(client)
        asked: Any = dict(scope, headers=without_refused_codings(scope["headers"]))
        is_head = scope["method"] == "HEAD"
        if is_head:
            asked["method"] = "GET"  # the same answer without its body: RFC 9110, section 9.3.2
        given = Headers.from_scope(asked).get("X-Request-ID", "")
        request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        structlog.contextvars.bind_contextvars(request_id=request_id)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = GONE if client.is_gone else message["status"]
                headers = MutableScopeHeaders.from_message(message)
                seen.location = headers.get("Location", "")
                for name, value in {**HEADERS, "X-Request-ID": request_id}.items():
                    headers.setdefault(name, value)
                if "public" not in headers.get("Cache-Control", ""):  # else it is a file that comes with the program
                    headers["Cache-Control"] = "no-store"
            if not is_head:
                await send(message)
            elif message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body"})  # else who asks would wait for the end of what streams

        outgoing = self._outflow.answer(client, answer)
        try:
            await self._app(asked, receive, outgoing.send)
        finally:
            outgoing.end()
            milliseconds = round(1000 * (time.perf_counter() - begun), 1)
            log.info("request", method=scope["method"], **log_fields(asked, seen), milliseconds=milliseconds)
            structlog.contextvars.clear_contextvars()


NO_PLACE = RequestLogMiddleware(no_place)


class ResponseInfo:
    """What has passed of an answer."""

    status = GONE
    location = ""


def log_fields(scope: Any, seen: ResponseInfo) -> dict[str, Any]:
    """What the log says of a request: neither a key nor a whole report id, with which somebody could ask."""
    report_id = scope.get("path_params", {}).get("report_id") or seen.location.rpartition("/")[2]
    return {
        "path": scope.get("path_template", "unknown"),
        "status": seen.status,
        "report": str(report_id)[:8] or None,
        "key": scope["user"].name if "user" in scope else None,
        "client": client_of(scope) or None,
        **scope.get("state", {}).get("cause", {}),
    }


class CrossSiteGuard(ASGIMiddleware):
    """Lets in what is addressed to us and comes from us, or from no page at all.

    Any page may make a browser post to a server on this machine, and JSON is read whatever its content type; but a
    browser says from which page.
    """

    def __init__(self, settings: Settings) -> None:
        self._seconds = settings.body_seconds
        names = (*LOOPBACK, settings.host, *settings.allowed_hosts)
        self._names = {name.strip("[]").lower() for name in names}
        self._any_host = not settings.is_local and not settings.allowed_hosts

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Raises UnknownHost, CrossSiteRequest."""
        headers = Headers.from_scope(scope)
        host = headers.get("Host", "")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > HEAD_BYTES:
            raise HTTPException("The head of this request is too large.", status_code=431)
        if not self._any_host and name_in(host) not in self._names:
            raise UnknownHost
        if scope.get("method") in SAFE:
            await next_app(scope, receive, send)
        elif is_foreign(headers, host):
            raise CrossSiteRequest
        else:
            await next_app(scope, self._in_time(receive), send)

    def _in_time(self, receive: Receive) -> Receive:
        """What comes of a body: 408 where it takes too long, 400 where its client has gone."""
        deadline = asyncio.get_running_loop().time() + self._seconds
        is_whole = False

        async def body() -> Any:
            nonlocal is_whole
            if is_whole:
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(
                    f"The body of this request took longer than {self._seconds} seconds.",
                    status_code=408,
                    headers={"Connection": "close"},
                ) from None
            if message["type"] != "http.request":
                raise HTTPException("The body of this request did not come to its end.", status_code=400)
            is_whole = not message["more_body"]
            return message

        return body


def name_in(host: str) -> str | None:
    """The name in a Host header, without the port; None where it has none."""
    with suppress(ValueError):  # a bracket that is not closed
        return urlsplit(f"//{host}").hostname
    return None


def host_refusal(headers: list[tuple[bytes, bytes]]) -> str | None:
    """Why a request is refused for its Host headers: programs on its way may each have read another name."""
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) > 1:
        return f"A request has one Host header; this one has {len(hosts)}."
    if not all(map(is_host, hosts)):
        return "The Host header is a name or an address, perhaps with a port, and nothing else."
    return None


def is_host(host: bytes) -> bool:
    """Whether it can be read as the host of an address, which is made of it later: a port has an end, and a bracket."""
    try:
        _ = urlsplit(f"//{host.decode('latin-1')}").port
    except ValueError:
        return False
    return NOT_IN_HOST.search(host) is None


def is_foreign(headers: Headers, host: str) -> bool:
    """Whether a page of another site has made this request."""
    origin, site = headers.get("Origin"), headers.get("Sec-Fetch-Site", "none")
    return site not in ("none", "same-origin") or (origin is not None and origin.partition("://")[2] != host)


class RateLimitMiddleware(ASGIMiddleware):
    """So many requests a minute from one address, and no more."""

    def __init__(self, per_minute: int) -> None:
        self._limit = RateLimitItemPerMinute(per_minute)
        self._hits = FixedWindowRateLimiter(MemoryStorage())

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Raises TooManyRequestsException, which says when there may be more."""
        address = counted_as(client_of(scope))
        if not self._hits.hit(self._limit, address):
            wait = self._hits.get_window_stats(self._limit, address).reset_time - time.time()
            raise TooManyRequestsException(headers={"Retry-After": str(max(1, math.ceil(wait)))})
        await next_app(scope, receive, send)


class HeaderTimeoutProtocol(HttpToolsProtocol):
    """A request's head has ten seconds and some kilobytes, and who takes nothing of an answer for twenty is let go;
    Uvicorn by itself would wait for ever, and keep it all."""

    known: ClassVar[Connections]
    head_seconds: ClassVar[float] = Timing.head_s
    may_only_probe = False
    address = ""
    _stalling: asyncio.TimerHandle | None = None
    _patience: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _is_in_head = True
    _refusal: str | None = None
    _cycles: tuple[RequestResponseCycle, ...] = ()

    def connection_made(self, transport: Any) -> None:
        """Begin to count."""
        super().connection_made(transport)
        self._patience = self.loop.call_later(self.head_seconds, self.close_now)
        self.address = self.client[0] if self.client else ""
        self.known.add(self)

    def data_received(self, data: bytes) -> None:
        """Count from the first byte of a further request; stop where a head is whole."""
        if self._patience is None and not self._is_answering():
            self._patience = self.loop.call_later(self.head_seconds, self.close_now)
        was_in_head = self._is_in_head
        super().data_received(data)
        if self._is_answering():
            self._give_time()
        elif was_in_head and self._is_in_head:  # else it was the rest of a body that has been refused
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self.send_400_response("The head of this request is too large.")

    def send_400_response(self, msg: str) -> None:
        """What is no request at all is answered like what is a wrong one."""
        body = problem_json(HttpProblem.BAD_REQUEST, self._refusal or msg)
        length = {"Content-Type": "application/problem+json", "Content-Length": len(body), "Connection": "close"}
        head = "".join(f"{name}: {value}\r\n" for name, value in {**HEADERS, **length}.items())
        self.transport.write(f"HTTP/1.1 400 Bad Request\r\n{head}\r\n".encode() + body)
        self.transport.close()

    def on_headers_complete(self) -> None:
        """What comes now is a body. Raises ValueError, for which Uvicorn answers 400."""
        self._is_in_head = False
        if len(self.url.partition(b"?")[0]) > PATH_BYTES:
            raise ValueError("address too long")  # the router would remember where it has led
        self._refusal = host_refusal(self.headers)
        if self._refusal:
            raise ValueError(self._refusal)
        if self.may_only_probe and self.url.partition(b"?")[0] not in PROBES:
            self.app = NO_PLACE
        self.known.note_busy(self)
        super().on_headers_complete()
        self._cycles = (*self._unanswered(), self.cycle)

    def on_response_complete(self) -> None:
        """What comes now is a further request, or nothing for a while."""
        super().on_response_complete()
        if not self._is_answering():  # else a request that had come already is next
            self.known.note_idle(self)

    def pause_writing(self) -> None:
        """The client does not take what is sent."""
        super().pause_writing()
        self._watch_reader(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """It does."""
        super().resume_writing()
        self._stop_watching()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing has come for a while."""
        self.close_now()

    def close_now(self) -> None:
        """End the connection; what the client has not taken by now is not waited for."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    def on_message_complete(self) -> None:
        """What comes now is the head of a further request."""
        self._is_in_head = True
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing left to wait for. Of requests that came one behind the other Uvicorn would tell the last alone."""
        for cycle in self._unanswered():
            cycle.disconnected = True
            cycle.message_event.set()
        self.known.remove(self)
        self._stop_watching()
        self._give_time()
        super().connection_lost(exc)

    def _watch_reader(self, left: int) -> None:
        self._stalling = self.loop.call_later(WRITE_SECONDS, self._end_if_stalled, left)

    def _end_if_stalled(self, left: int) -> None:
        still_left = self.transport.get_write_buffer_size()
        if still_left < left:
            self._watch_reader(still_left)
        else:
            self.transport.abort()

    def _stop_watching(self) -> None:
        if self._stalling is not None:
            self._stalling.cancel()
        self._stalling = None

    def _unanswered(self) -> tuple[RequestResponseCycle, ...]:
        return tuple(cycle for cycle in self._cycles if not cycle.response_complete)

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _give_time(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._patience, self._head_bytes = None, 0
