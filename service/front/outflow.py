"""Answers on their way: sent in pieces, as fast as their readers take them, and only so many bytes at once.

An answer is in memory until the client has read it. So a client that does not read, or that requests much at once,
is refused for a while; and `slow_clients` closes the connection of one that reads nothing for a while.
"""

from collections import Counter

from litestar.types import HTTPResponseBodyEvent, HTTPResponseStartEvent, Message, Send

from store_uptime.service.concurrency.clients import Client
from store_uptime.service.front.problem_types import HttpProblem
from store_uptime.service.front.refusals import RETRY_S, refusal

PIECE = 65_536  # what Uvicorn's connection holds before it asks for no more
OF_ONE, OF_ALL = 32 << 20, 128 << 20  # bytes of larger answers; reached, no further one begins


class Outflow:
    """The answers of one server that are larger than a piece."""

    def __init__(self) -> None:
        self._bytes: Counter[str] = Counter()

    @property
    def total(self) -> int:
        """The bytes of answers on their way."""
        return self._bytes.total()

    def answer(self, client: Client, send: Send) -> "Answer":
        """An answer to a client."""
        return Answer(self, client, send)

    def refusal_of(self, client: Client) -> tuple[HttpProblem, str] | None:
        """Why a larger answer to this client has to wait: kind and sentence."""
        if self._bytes[client.address] >= OF_ONE:
            sentence = "Answers to earlier requests from this address are still on their way. Read those first."
            return HttpProblem.ANSWERS_NOT_READ, sentence
        if self.total >= OF_ALL:
            return HttpProblem.TOO_MANY_ANSWERS, "Large answers to many others are on their way. Try again in a while."
        return None

    def add(self, address: str, size: int) -> None:
        """So many bytes are on their way."""
        self._bytes[address] += size

    def remove(self, address: str, size: int) -> None:
        """They are not any more."""
        self._bytes[address] -= size
        if not self._bytes[address]:
            del self._bytes[address]


class Answer:
    """One of them: takes the application's messages, and sends them on."""

    def __init__(self, outflow: Outflow, client: Client, send: Send) -> None:
        self._outflow, self._client, self._send = outflow, client, send
        self._size = 0
        self._is_refused = False

    async def send(self, message: Message) -> None:
        """Send a message on, in pieces, or a refusal in its place."""
        if self._is_refused:
            return
        if message["type"] == "http.response.start":
            await self._start(message)
        elif message["type"] == "http.response.body":
            await self._send_pieces(message)
        else:
            await self._send(message)

    def end(self) -> None:
        """Nothing of it is left here."""
        if self._size:
            self._outflow.remove(self._client.address, self._size)

    async def _start(self, message: HTTPResponseStartEvent) -> None:
        length = next((int(value) for name, value in message["headers"] if name.lower() == b"content-length"), 0)
        if length <= PIECE:
            await self._send(message)
            return
        why = self._outflow.refusal_of(self._client)
        if why is not None:
            self._is_refused = True
            for part in refusal(*why, {"Retry-After": str(RETRY_S)}):
                await self._send(part)
            return
        self._size = max(length, self._client.held)  # what was made may be larger than what is sent: it is compressed
        self._outflow.add(self._client.address, self._size)
        await self._send(message)

    async def _send_pieces(self, message: HTTPResponseBodyEvent) -> None:
        body, is_more = memoryview(message.get("body", b"")), message.get("more_body", False)
        # Uvicorn's send waits for the reader only between messages: of one large message all would be buffered at once.
        last = max(0, (len(body) - 1) // PIECE * PIECE)
        for start in range(0, last, PIECE):
            await self._send(
                {"type": "http.response.body", "body": bytes(body[start : start + PIECE]), "more_body": True}
            )
        await self._send({"type": "http.response.body", "body": bytes(body[last:]), "more_body": is_more})
