"""Where the tables and the registry are: found out once at the start, which may take until the database answers."""

import asyncio

import psycopg
import structlog

from store_uptime.pipeline import (
    EMBEDDED,
    AddressNotUnderstood,
    EmbeddedUnavailable,
    SourceRefused,
    SourceUnreachable,
)
from store_uptime.service.backend.embedded_keeper import START_S, EmbeddedKeeper
from store_uptime.service.concurrency.threads import Threads
from store_uptime.service.observability.logs import one_line
from store_uptime.service.registry.migrations import choose_registry
from store_uptime.service.settings import Settings

RETRY_S = 1.0
UNANSWERED = (
    psycopg.Error,
    SourceUnreachable,
    SourceRefused,
    AddressNotUnderstood,
    EmbeddedUnavailable,
    TimeoutError,
)

log = structlog.get_logger(part="server")


class Databases:
    """The addresses of the two databases, which may be the same.

    source: that of the tables; empty as long as it is not known. embedded: keeps the embedded server.
    """

    def __init__(self, settings: Settings) -> None:
        self.source = ""
        self.embedded = EmbeddedKeeper()
        self._settings = settings
        self._threads = Threads(1)
        self._has_warned = False

    async def wait_for_registry(self) -> str:
        """The address of a registry whose schema is up to date, as soon as there is one. Raises RegistryRefused."""
        while True:
            try:
                return await self._threads.call(START_S, self._find_registry)
            except UNANSWERED as error:
                self._warn_once(error)
            await asyncio.sleep(RETRY_S)

    def _warn_once(self, error: Exception) -> None:
        if not self._has_warned:
            reason = one_line(str(error)) or f"nothing has come within {START_S:g} seconds"
            log.warning("the database does not answer, waiting for it", error=reason)
        self._has_warned = True

    def _find_registry(self) -> str:
        database = self._settings.database or EMBEDDED
        self.source = self.embedded.url(database)  # known now, though the registry may be away: /ready tells them apart
        return choose_registry(database, self._settings.registry, self.embedded.url, warn_of_other_registry)


def warn_of_other_registry(why: str) -> None:
    log.warning("reports are kept in the built-in server", because=why)
