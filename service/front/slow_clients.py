"""Uvicorn's HTTP protocol, with an end to what a client may keep it waiting for.

Uvicorn by itself waits for the head of a request for ever, and keeps an answer that nobody takes; its own limits are of
idle connections alone. https://www.uvicorn.org/settings/#timeouts
"""

import asyncio
from typing import ClassVar

from litestar.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from store_uptime.service.front.connections import PROBES, Connections
from store_uptime.service.front.headers import HEADERS
from store_uptime.service.front.hosts import host_refusal
from store_uptime.service.front.middleware import RequestLogMiddleware
from store_uptime.service.front.problem_types import HttpProblem
from store_uptime.service.front.refusals import problem_json, refuse_connection
from store_uptime.service.front.same_site import HEAD_BYTES
from store_uptime.service.settings import Timing

WRITE_S = 20
PATH_BYTES = 16_384

REFUSING_APP: ASGIApp = RequestLogMiddleware(refuse_connection)


class HeaderTimeoutProtocol(HttpToolsProtocol):
    """Closes a connection whose request's head does not come, or is too large, and one that takes nothing of an answer.

    known_connections: all of the server. head_s: how long a head may take.
    """

    known_connections: ClassVar[Connections]
    head_s: ClassVar[float] = Timing.head_s
    may_only_probe = False
    address = ""
    _stall_timer: asyncio.TimerHandle | None = None
    _head_timer: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _is_in_head = True
    _refusal: str | None = None
    _cycles: tuple[RequestResponseCycle, ...] = ()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first head begins with the connection: a client that sends nothing holds a socket, too."""
        super().connection_made(transport)
        self._start_head_timer()
        self.address = self.client[0] if self.client else ""
        self.known_connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Time a further head from its first byte; stop once a head is whole."""
        if self._head_timer is None and not self._is_answering():
            self._start_head_timer()
        was_in_head = self._is_in_head
        super().data_received(data)
        if self._is_answering():
            self._stop_head_timer()
        elif was_in_head and self._is_in_head:  # else it was the rest of a body that has been refused
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self.send_400_response("The head of this request is too large.")

    def send_400_response(self, msg: str) -> None:
        """Answer what is not even a request; Uvicorn's own answer is plain text without our headers."""
        body = problem_json(HttpProblem.BAD_REQUEST, self._refusal or msg)
        own = {"Content-Type": "application/problem+json", "Content-Length": len(body), "Connection": "close"}
        head = "".join(f"{name}: {value}\r\n" for name, value in {**HEADERS, **own}.items())
        self.transport.write(f"HTTP/1.1 400 Bad Request\r\n{head}\r\n".encode() + body)
        self.transport.close()

    def on_headers_complete(self) -> None:
        """A head is whole. Raises ValueError, for which Uvicorn answers 400."""
        self._is_in_head = False
        path = self.url.partition(b"?")[0]
        if len(path) > PATH_BYTES:
            raise ValueError("address too long")  # Litestar's router caches what it has resolved: 1,024 of them
        self._refusal = host_refusal(self.headers)
        if self._refusal:
            raise ValueError(self._refusal)
        if self.may_only_probe and path not in PROBES:
            self.app = REFUSING_APP
        self.known_connections.set_busy(self)
        super().on_headers_complete()
        self._cycles = (*self._unanswered(), self.cycle)

    def on_message_complete(self) -> None:
        """A body is whole: what comes now is a further head."""
        self._is_in_head = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """An answer is whole."""
        super().on_response_complete()
        if not self._is_answering():  # else a request that had come already is next
            self.known_connections.set_idle(self)

    def pause_writing(self) -> None:
        """The client does not take what is sent."""
        super().pause_writing()
        self._start_stall_timer(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """It takes some."""
        super().resume_writing()
        self._stop_stall_timer()

    def timeout_keep_alive_handler(self) -> None:
        """No further request has come."""
        self.close_now()

    def close_now(self) -> None:
        """End the connection."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()  # `close` would wait until the client has taken the rest, for ever if need be
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        # Of pipelined requests Uvicorn ends the last one alone; the others would go on, for nobody.
        for cycle in self._unanswered():
            cycle.disconnected = True
            cycle.message_event.set()
        self.known_connections.remove(self)
        self._stop_stall_timer()
        self._stop_head_timer()
        super().connection_lost(exc)

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _unanswered(self) -> tuple[RequestResponseCycle, ...]:
        return tuple(cycle for cycle in self._cycles if not cycle.response_complete)

    def _start_head_timer(self) -> None:
        self._head_timer = self.loop.call_later(self.head_s, self.close_now)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
        self._head_timer, self._head_bytes = None, 0

    def _start_stall_timer(self, left: int) -> None:
        self._stall_timer = self.loop.call_later(WRITE_S, self._close_if_stalled, left)

    def _close_if_stalled(self, left: int) -> None:
        still_left = self.transport.get_write_buffer_size()
        if still_left < left:  # slow, but it reads
            self._start_stall_timer(still_left)
        else:
            self.transport.abort()

    def _stop_stall_timer(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
        self._stall_timer = None
