"""Short lookups in the source that requests wait for: on threads of their own, with a deadline.

Those in files are made by a worker: they take Polars, which this process does without, and may take a while.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from store_uptime import pipeline
from store_uptime.pipeline import Options, Source, SourceUnreachable
from store_uptime.service.backend.databases import Databases
from store_uptime.service.concurrency.threads import NoThread, Threads
from store_uptime.service.errors import THE_SOURCE, RegistryUnreachable, SourceOverloaded
from store_uptime.service.settings import Settings
from store_uptime.service.workers import interactive
from store_uptime.service.workers.pool import Workers
from store_uptime.service.workers.tasks import SourceConfig

Result = TypeVar("Result")

LOOKUPS = 4  # at once: each is a connection to a database that others work with


class SourceLookups:
    """Looks at the source. Each raises SourceUnreachable, SourceOverloaded, RegistryUnreachable as long as it is not
    known where the source is, of files what `Workers.run_on_source` raises, and what the look itself raises.
    """

    def __init__(self, settings: Settings, databases: Databases, workers: Workers) -> None:
        self._settings, self._databases, self._workers = settings, databases, workers
        self._seconds = settings.timing.look_s
        self._threads = Threads(LOOKUPS)

    async def data_version(self, options: Options) -> str | None:
        """The version of the data that a report has now. Raises UnknownStore, NoPolls, HorizonOutOfRange, too."""
        if files := self._files():
            return await self._workers.run_on_source(interactive.data_version, files, options)
        return await self._look(lambda source: pipeline.data_version(source, options))

    async def polled_stores(self) -> list[str]:
        """The stores with a poll in the horizon, in byte order."""
        if files := self._files():
            return await self._workers.run_on_source(interactive.polled_stores, files)
        return await self._look(pipeline.polled_stores)

    def _files(self) -> SourceConfig | None:
        address = self._databases.source
        if not address or not pipeline.reads_files(address):
            return None
        return SourceConfig(address, self._settings.schema, mapping=self._settings.mapping)

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
