"""How many connections a server has at once, and which of them gives way when there are too many.

There are at most OF_ONE of one address, and CONNECTIONS of all. A new one closes the one that has been idle for the
longest time. Where none is idle, the new one is refused, unless it asks for a probe: RESERVED are kept for those.
"""

from collections import Counter
from collections.abc import Callable
from typing import Protocol

from store_uptime.service.front.proxies import counted_as

CONNECTIONS = 2_000
OF_ONE = 500  # of an address that is no proxy's; a browser has six, a busy script some ten
RESERVED = 100  # beyond those, for probes: who is overloaded should not look dead
FILES = 200  # what else the server has open: its databases, its workers, its log
PROBES = {b"/health", b"/ready"}


class Connection(Protocol):
    """A connection, as far as it matters here. may_only_probe: it is beyond the limit."""

    address: str
    may_only_probe: bool

    def close_now(self) -> None:
        """End it."""


class Connections:
    """The connections of one server. open_files: how many files the process may open, each connection being one."""

    def __init__(self, open_files: int, is_proxy: Callable[[str], bool]) -> None:
        self._most = max(RESERVED, min(CONNECTIONS, open_files - FILES - RESERVED))
        self._is_proxy = is_proxy
        self._all: Counter[str] = Counter()
        self._idle: dict[Connection, None] = {}  # in the order in which they became idle
        self._probing: dict[Connection, None] = {}

    def add(self, new: Connection) -> None:
        """Count a new connection; others may be closed for it, and it may get no more than an answer to a probe."""
        client = counted_as(new.address)
        has_many = not self._is_proxy(new.address) and self._all[client] >= OF_ONE
        if has_many:
            new.may_only_probe = not self._close_idle(lambda idle: counted_as(idle.address) == client)
        elif self._all.total() >= self._most:
            new.may_only_probe = not self._close_idle(lambda _: True)
        self._all[client] += 1
        self.set_idle(new)
        if new.may_only_probe:
            self._add_probing(new)

    def remove(self, closed: Connection) -> None:
        """Forget a connection that has ended."""
        client = counted_as(closed.address)
        self._all[client] -= 1
        if not self._all[client]:
            del self._all[client]
        self._idle.pop(closed, None)
        self._probing.pop(closed, None)

    def set_busy(self, connection: Connection) -> None:
        """It has a request."""
        self._idle.pop(connection, None)

    def set_idle(self, connection: Connection) -> None:
        """It does nothing. One that is beyond the limit is not among those that can be closed for another."""
        if not connection.may_only_probe:
            self._idle[connection] = None

    def _close_idle(self, fits: Callable[[Connection], bool]) -> bool:
        """Close the connection that fits and has been idle for the longest time; False where there is none."""
        longest = next(filter(fits, self._idle), None)
        if longest is None:
            return False
        self.set_busy(longest)  # now, since `connection_lost` comes only later
        longest.close_now()
        return True

    def _add_probing(self, new: Connection) -> None:
        self._probing[new] = None
        if len(self._probing) > RESERVED:  # the newest are kept: an older one has had its time to ask
            oldest = next(iter(self._probing))
            del self._probing[oldest]
            oldest.close_now()
