"""The outermost layer of our own: one line in the log for each request, and headers that every answer has."""

import re
import secrets
import time
from dataclasses import dataclass
from typing import cast

import structlog
from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from store_uptime.service.concurrency.clients import CLIENT, Client
from store_uptime.service.front.compression import without_refused_codings
from store_uptime.service.front.headers import HEADERS
from store_uptime.service.front.outflow import Outflow
from store_uptime.service.front.proxies import client_of, counted_as

GONE = 499  # no status of HTTP: the client has gone before there was an answer
REQUEST_ID = re.compile(r"[\w.-]{8,64}", re.ASCII)

log = structlog.get_logger(part="access")


@dataclass
class ResponseInfo:
    """The facts about an answer that has begun."""

    status: int = GONE
    location: str = ""


class RequestLogMiddleware:
    """Stands around the application, so that a request without a route is logged, too, and its answer has the headers.

    It also notes the client of the request for `concurrency.clients`, and sends answers through the `Outflow`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._outflow = Outflow()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the life of the application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        client = Client(counted_as(client_of(scope)), receive)
        CLIENT.set(client)
        exchange = Exchange(cast("HTTPScope", scope), client, send)
        structlog.contextvars.bind_contextvars(request_id=exchange.request_id)
        outgoing = self._outflow.answer(client, exchange.send)
        try:
            await self._app(exchange.scope, receive, outgoing.send)
        finally:
            outgoing.end()
            exchange.log()
            structlog.contextvars.clear_contextvars()


class Exchange:
    """One request and its answer."""

    def __init__(self, scope: HTTPScope, client: Client, send: Send) -> None:
        self._began, self._method = time.perf_counter(), scope["method"]
        self._client, self._send = client, send
        self._response = ResponseInfo()
        self._is_head = scope["method"] == "HEAD"
        self.scope = cast("HTTPScope", dict(scope, headers=without_refused_codings(list(scope["headers"]))))
        if self._is_head:
            self.scope["method"] = "GET"  # the same answer without its body: RFC 9110, section 9.3.2
        given = Headers.from_scope(self.scope).get("X-Request-ID", "")
        self.request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)

    async def send(self, message: Message) -> None:
        """Send a message of the answer on, with the headers; of an answer to HEAD the first message alone."""
        is_start = message["type"] == "http.response.start"
        if message["type"] == "http.response.start":
            self._response.status = GONE if self._client.is_gone else message["status"]
            self._complete(MutableScopeHeaders.from_message(message))
        if is_start or not self._is_head:
            await self._send(message)
        if is_start and self._is_head:
            # At once: an answer that streams would end only when its stream does.
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def log(self) -> None:
        """Write the request's line."""
        milliseconds = round(1000 * (time.perf_counter() - self._began), 1)
        log.info("request", method=self._method, **log_fields(self.scope, self._response), milliseconds=milliseconds)

    def _complete(self, headers: MutableScopeHeaders) -> None:
        self._response.location = headers.get("Location", "")
        for name, value in {**HEADERS, "X-Request-ID": self.request_id}.items():
            headers.setdefault(name, value)
        if "public" not in headers.get("Cache-Control", ""):  # public is a file that comes with the program
            headers["Cache-Control"] = "no-store"


def log_fields(scope: HTTPScope, response: ResponseInfo) -> dict[str, object]:
    # Neither a key nor a whole report id: with those, a reader of the log could call.
    report_id = scope.get("path_params", {}).get("report_id") or response.location.rpartition("/")[2]
    return {
        "path": scope.get("path_template", "unknown"),
        "status": response.status,
        "report": str(report_id)[:8] or None,
        "key": scope["user"].name if "user" in scope else None,
        "client": client_of(scope) or None,
        **scope.get("state", {}).get("cause", {}),
    }
