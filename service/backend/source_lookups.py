"""Short lookups in the source that requests wait for: on threads of their own, with a deadline."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from store_uptime import pipeline
from store_uptime.pipeline import Options, Source, SourceUnreachable
from store_uptime.service.backend.databases import Databases
from store_uptime.service.concurrency.threads import NoThread, Threads
from store_uptime.service.errors import THE_SOURCE, RegistryUnreachable, SourceOverloaded
from store_uptime.service.settings import Settings

Result = TypeVar("Result")

LOOKUPS = 4  # at once: each is a connection to a database that others work with


class SourceLookups:
    """Looks at the source. Each raises SourceUnreachable, SourceOverloaded, RegistryUnreachable as long as it is not
    known where the source is, and what the look itself raises.
    """

    def __init__(self, settings: Settings, databases: Databases) -> None:
        self._settings, self._databases = settings, databases
        self._seconds = settings.timing.look_s
        self._threads = Threads(LOOKUPS)

    async def data_version(self, options: Options) -> str | None:
        """The version of the data that a report has now. Raises UnknownStore, NoPolls, HorizonOutOfRange, too."""
        return await self._look(lambda source: pipeline.data_version(source, options))

    async def polled_stores(self) -> list[str]:
        """The stores with a poll in the horizon, in byte order."""
        return await self._look(pipeline.polled_stores)

    async def _look(self, look: Callable[[Source], Result]) -> Result:
        try:
            return await self._threads.call(self._seconds, look, self._source())
        except NoThread:
            raise SourceOverloaded from None
        except TimeoutError:
            raise SourceUnreachable(THE_SOURCE, f"it has not answered within {self._seconds:g} seconds") from None

    def _source(self) -> Source:
        if not self._databases.source:
            raise RegistryUnreachable
        return pipeline.open_source(
            self._databases.source,
            self._settings.schema,
            mapping=self._settings.mapping,
            patience=timedelta(seconds=self._seconds),
        )
