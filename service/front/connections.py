"""How many connections a server has at once, and which of them gives way when there are too many.

Of one address there are at most so many, and so many of all. One that does nothing gives way to a new one, the one that
has done nothing for the longest time first. Where all of them do something, the new one is told to come later, unless
it asks for a probe: some places are kept for those.
"""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

from store_uptime.service.front.problem_types import HttpProblem, problem_members
from store_uptime.service.front.proxies import counted_as

CONNECTIONS = 2_000
OF_ONE = 500  # of an address that is no proxy's; a browser has six, a busy script some ten
RESERVED = 100  # beyond those, for probes
FILES = 200  # what else the server has open: its databases, its workers, its log
PROBES = {b"/health", b"/ready"}
RETRY_S = 5


class Connection(Protocol):
    """A connection, as far as that matters here. may_only_probe: there is no place for anything else."""

    address: str
    may_only_probe: bool

    def close_now(self) -> None:
        """End it."""


class Connections:
    """Those of one server."""

    def __init__(self, open_files: int, is_proxy: Callable[[str], bool]) -> None:
        self._most = max(RESERVED, min(CONNECTIONS, open_files - FILES - RESERVED))
        self._is_proxy = is_proxy
        self._all: Counter[str] = Counter()
        self._idle: dict[Connection, None] = {}  # in the order of when they began to do nothing
        self._probing: dict[Connection, None] = {}

    def add(self, new: Connection) -> None:
        """A connection is there; others may have to end for it, and it may get no more than an answer to a probe."""
        client = counted_as(new.address)
        is_crowd = not self._is_proxy(new.address) and self._all[client] >= OF_ONE
        is_full = self._all.total() >= self._most
        if is_crowd:
            new.may_only_probe = not self._give_way(client)
        elif is_full:
            new.may_only_probe = not self._give_way(None)
        self._all[client] += 1
        self.note_idle(new)
        if new.may_only_probe:
            self._keep_few(new)

    def remove(self, gone: Connection) -> None:
        """A connection has ended."""
        client = counted_as(gone.address)
        self._all[client] -= 1
        if not self._all[client]:
            del self._all[client]
        self._idle.pop(gone, None)
        self._probing.pop(gone, None)

    def note_busy(self, connection: Connection) -> None:
        """It has asked for something."""
        self._idle.pop(connection, None)

    def note_idle(self, connection: Connection) -> None:
        """It does nothing; one that is beyond the limit has no place to give away."""
        if not connection.may_only_probe:
            self._idle[connection] = None

    def _give_way(self, client: str | None) -> bool:
        """End the connection that has done nothing for the longest time, of a client or of all."""
        for connection in self._idle:
            if client is None or counted_as(connection.address) == client:
                self.note_busy(connection)
                connection.close_now()
                return True
        return False

    def _keep_few(self, new: Connection) -> None:
        """Of those that may only probe, so many are there as places are kept; the newest of them."""
        self._probing[new] = None
        if len(self._probing) > RESERVED:
            oldest = next(iter(self._probing))
            del self._probing[oldest]
            oldest.close_now()


def problem_json(kind: HttpProblem, sentence: str) -> bytes:
    """A problem as the body of an answer."""
    return json.dumps(problem_members(kind.type, kind.status, sentence)).encode()


def refusal(kind: HttpProblem, sentence: str, headers: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A problem as the two messages of an answer, for where there is no application yet, or none any more."""
    body = problem_json(kind, sentence)
    given = {"Content-Type": "application/problem+json", "Content-Length": str(len(body)), **headers}
    pairs = [(name.lower().encode(), value.encode()) for name, value in given.items()]
    return (
        {"type": "http.response.start", "status": kind.status, "headers": pairs},
        {"type": "http.response.body", "body": body, "more_body": False},
    )


async def no_place(scope: Any, receive: Any, send: Any) -> None:
    """What is answered over a connection that there is no place for."""
    sentence = "This server has as many connections as it takes. Try again in a while."
    for message in refusal(
        HttpProblem.TOO_MANY_CONNECTIONS, sentence, {"Retry-After": str(RETRY_S), "Connection": "close"}
    ):
        await send(message)
