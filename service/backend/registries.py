"""The connections to the registry of one server, apart for each kind of work."""

import asyncio
from dataclasses import replace

from store_uptime.service.observability.metrics import Pool
from store_uptime.service.registry.registry import Registry
from store_uptime.service.settings import Timing

FOR_ROUTES, FOR_TRIGGERS, FOR_LOOPS = 8, 2, 5  # connections: PostgreSQL allows 100 by default, to all servers together
SHORT_S = 3.0  # how long a wait of leases and of /ready may last


class Registries:
    """A pool for each kind of work: where one hangs, on a lock for example, the others still have connections.

    routes: requests. triggers: new reports, which are added one after the other. loops: the background work.
    leases: their renewal, without which other servers take over our runs. readiness: the checks of /ready.
    """

    def __init__(self, timing: Timing) -> None:
        short = impatient(timing)
        self.routes, self.triggers = Registry(timing, FOR_ROUTES), Registry(timing, FOR_TRIGGERS)
        self.loops = Registry(timing, FOR_LOOPS)
        self.leases, self.readiness = Registry(short, 1), Registry(short, 1)
        self._all = (self.routes, self.triggers, self.loops, self.leases, self.readiness)

    async def open(self, address: str) -> None:
        """Begin to connect."""
        for registry in self._all:
            await registry.open(address)

    async def close(self) -> None:
        """Close every connection."""
        await asyncio.gather(*(registry.close() for registry in self._all))

    def pool_state(self) -> Pool:
        """How busy the connections are, all together."""
        states = [registry.pool_state() for registry in self._all]
        return Pool(*(sum(getattr(state, name) for state in states) for name in ("size", "idle", "waiting")))


def impatient(timing: Timing) -> Timing:
    """The same with short waits: a lease should be tried twice before it ends, and /ready must be up to date."""
    return replace(
        timing,
        connection_s=min(timing.connection_s, SHORT_S),
        statement_s=min(timing.statement_s, SHORT_S),
        look_s=min(timing.look_s, SHORT_S),
    )
