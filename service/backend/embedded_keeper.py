"""The embedded server, for as long as this server lives."""

from contextlib import ExitStack

import structlog

from store_uptime import pipeline
from store_uptime.pipeline import EMBEDDED, EmbeddedUnavailable
from store_uptime.service.concurrency.threads import Threads

START_S = 60.0  # how long a start may take

log = structlog.get_logger(part="server")


class EmbeddedKeeper:
    """Starts the embedded server where an address stands for it, holds it, and starts it again where it was killed.

    is_used: an address stands for it.
    """

    def __init__(self) -> None:
        self.is_used = False
        self._held = ExitStack()
        self._threads = Threads(1)

    def url(self, address: str) -> str:
        """An address that any process can use: the embedded server is started. Raises EmbeddedUnavailable."""
        if address != EMBEDDED:
            return address
        self.is_used = True
        # Held until `release`: it ends when nobody holds it.
        return self._held.enter_context(pipeline.embedded_server())

    async def restart_if_killed(self) -> None:
        """Start it again where it has ended: connections by its address would not start it."""
        try:
            await self._threads.call(START_S, visit_embedded)
        except (EmbeddedUnavailable, TimeoutError) as error:
            log.warning("the built-in server is away", error=str(error))

    def release(self) -> None:
        """Release it; it ends once no process holds it."""
        self._held.close()


def visit_embedded() -> None:
    with pipeline.embedded_server():  # starts it where it does not run
        pass
