"""What stands behind the routes of one server: registry, workers, runner, source; and the life of all of them."""

import asyncio
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import psycopg
import structlog

import pipeline
from pipeline import (
    EMBEDDED,
    AddressNotUnderstood,
    EmbeddedUnavailable,
    Limits,
    Options,
    SourceRefused,
    SourceUnreachable,
)
from service import metrics
from service.courier import Courier
from service.errors import UNREADABLE, RegistryRefused, RegistryUnreachable
from service.heartbeat import Heartbeat
from service.migrations import settled
from service.pool import Workers
from service.registry import Registry
from service.runner import House, Runner
from service.schedules import queue_due
from service.scratch import scratch
from service.settings import Settings
from service.work import Place

RETRY_S = 1.0
UNANSWERED = (
    psycopg.OperationalError,
    SourceUnreachable,
    SourceRefused,
    AddressNotUnderstood,
    EmbeddedUnavailable,
)
STORES_S = 60
NO_KEYS_S = 1
FREE_BYTES = 256 << 20

log = structlog.get_logger(part="server")


@dataclass(frozen=True)
class Host:
    """The process that serves: `end` ends it, with a sentence; `is_stopping` is true once it has been told to stop."""

    end: Callable[[str], None]
    is_stopping: Callable[[], bool]


class Backend:
    """Everything behind the routes."""

    def __init__(self, settings: Settings, host: Host) -> None:
        self.settings = settings
        self.host = host
        self.registry = Registry()
        self._held = ExitStack()
        self._spill = self._held.enter_context(scratch())
        self.workers = Workers(settings, self._spill)
        self._database = self._address = ""
        self._heart = Heartbeat(self._beat, settings.timing.tick_s)
        self._runner: Runner | None = None
        self._courier = Courier(self.registry, settings, self.wake)
        self._uses_embedded = False
        self._tasks: list[asyncio.Task[None]] = []
        self._stores: list[str] = []
        self._stores_until = 0.0
        self._has_keys: bool | None = None
        self._no_keys_until = 0.0
        metrics.WORKERS.set(settings.workers)
        metrics.note_workers(self.workers)
        metrics.QUEUE.set(settings.queue)

    # Life -------------------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Begin; it goes on in the background, since the database may take its time."""
        self._tasks = [asyncio.create_task(self.workers.keep_warm()), asyncio.create_task(self._work())]

    async def close(self) -> None:
        """End runs in order, and let go of everything."""
        if self._runner is not None:
            await self._runner.stop()  # while the leases are still renewed
        await self._courier.stop()
        self._heart.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.registry.close()
        await asyncio.to_thread(self._held.close)

    async def _work(self) -> None:
        """Wait until the registry is there, then run reports."""
        try:
            self._address = await self._registry_address()
            await self.registry.open(self._address)
            house = House(self._database, self._address, self._spill, self.wake)
            self._runner = Runner(self.settings, self.registry, self.workers, house, self.host.is_stopping)
            log.info("taking reports")
            async with asyncio.TaskGroup() as group:
                group.create_task(self._heart.run())
                if self._uses_embedded:
                    group.create_task(self._keep_embedded())
        except RegistryRefused as refused:
            self.host.end(str(refused))
        except Exception:
            log.exception("unexpected error")
            self.host.end("The server has stopped because of an unexpected error; its log has the details.")

    async def _beat(self) -> None:
        """What is due, what runs, what goes out. Raises RegistryUnreachable."""
        if not self.host.is_stopping():
            await queue_due(self.registry)
        if self._runner is not None:
            await self._runner.tick()
        if not self.host.is_stopping():
            await self._courier.tick()

    async def _registry_address(self) -> str:
        """The address of a registry that is up to date; a database that does not answer is waited for.

        Raises RegistryRefused.
        """
        is_told = False
        while True:
            try:
                return await asyncio.to_thread(self._found_registry)
            except UNANSWERED as error:
                if not is_told:
                    log.warning("the database does not answer, waiting for it", error=" ".join(str(error).split()))
                is_told = True
                await asyncio.sleep(RETRY_S)

    def _found_registry(self) -> str:
        """The address of the registry; of the tables too, since both may be in the embedded server."""
        database = self.settings.database or EMBEDDED
        self._database = self._url(database)
        return settled(database, self.settings.registry, self._url, self._told_of_other_registry)

    def _told_of_other_registry(self, why: str) -> None:
        log.warning("reports are kept in the built-in server", because=why)

    def _url(self, address: str) -> str:
        """An address that any process can use; the embedded server is started and held."""
        if address != EMBEDDED:
            return address
        self._uses_embedded = True
        return self._held.enter_context(pipeline.embedded_server())

    async def _keep_embedded(self) -> None:
        """Start the embedded server again where it was killed: nobody else would."""
        while True:
            await asyncio.sleep(RETRY_S)
            try:
                await asyncio.to_thread(visit_embedded)
            except EmbeddedUnavailable as error:
                log.warning("the built-in server is away", error=str(error))

    # What routes ask for ----------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Look at once what there is to do."""
        self._heart.wake()

    @property
    def limits(self) -> Limits:
        """What short work may use."""
        return Limits(self.settings.duckdb_memory, self.settings.worker_threads, str(self._spill))

    @property
    def place(self) -> Place:
        """Where the tables are, for short work."""
        return Place(self._database, self.settings.schema, mapping=self.settings.mapping)

    async def asks_for_keys(self) -> bool:
        """Whether nobody is let in without a key: always where other machines can call, else once there is one.

        The first key is noticed within a second: a look at each request would cost as much as the request. While the
        registry is away there is none: metrics can be read then, and nothing that is kept in it.
        """
        if self._has_keys or not self.settings.is_local:
            return True
        if time.monotonic() > self._no_keys_until:
            self._has_keys = await self._keys_exist()
            self._no_keys_until = time.monotonic() + NO_KEYS_S
        return bool(self._has_keys)

    async def _keys_exist(self) -> bool:
        try:
            row = await self.registry.row("keys_exist")
        except RegistryUnreachable:
            if self._has_keys is None:
                raise  # nobody knows yet
            return False
        return row is not None and row["exists"]

    async def data_version(self, options: Options) -> str | None:
        """What the source is like now. Raises UnknownStore, NoPolls, HorizonOutOfRange, and what the source raises."""
        return await asyncio.to_thread(pipeline.beginning, self._source(), options)

    async def stores(self) -> list[str]:
        """The stores that a report has now, in byte order; not older than a minute."""
        if time.monotonic() > self._stores_until:
            self._stores = await asyncio.to_thread(pipeline.polled_stores, self._source())
            self._stores_until = time.monotonic() + STORES_S
        return self._stores

    async def shortcomings(self) -> dict[str, str]:
        """What is not ready: for each of database, registry, workers and disk that is not, a sentence."""
        found = {}
        if not self.workers.are_warm:
            found["workers"] = self.workers.shortcoming
        if shutil.disk_usage(self._spill).free < FREE_BYTES:
            found["disk"] = f"There is less than {FREE_BYTES >> 20} MiB left for temporary files."
        try:
            await self.registry.row("any_waiting")
        except RegistryUnreachable as error:
            found["registry"] = str(error)
            return found
        try:
            await asyncio.to_thread(visit, self._source())
        except pipeline.StoreUptimeError as error:
            log.warning("the source cannot be read", error=str(error))
            found["database"] = UNREADABLE
        return found

    def _source(self) -> "pipeline.Source":
        if not self._database:
            raise RegistryUnreachable
        return pipeline.open_source(self._database, self.settings.schema, mapping=self.settings.mapping)


def visit_embedded() -> None:
    """See to it that the embedded server runs."""
    with pipeline.embedded_server():
        pass


def visit(source: "pipeline.Source") -> None:
    """See whether a source can be read. Raises what it raises."""
    with source:
        pass
