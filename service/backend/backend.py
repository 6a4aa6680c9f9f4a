"""What stands behind the routes of one server: registry, workers, runner, source; and the life of all of them.

What may hang has threads and connections of its own, so that nothing else waits for it: routes, triggers (which come
one after the other), the loops, leases, and what `/ready` tells.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

import psycopg
import structlog

from store_uptime import pipeline
from store_uptime.pipeline import (
    EMBEDDED,
    AddressNotUnderstood,
    EmbeddedUnavailable,
    Limits,
    Options,
    SourceRefused,
    SourceUnreachable,
)
from store_uptime.service.backend.watch import NEWER, Watch, Watches
from store_uptime.service.concurrency.clients import CLIENT
from store_uptime.service.concurrency.shared_lookups import SharedLookups
from store_uptime.service.concurrency.threads import NoThread, Threads
from store_uptime.service.concurrency.turns import Turns
from store_uptime.service.errors import THE_SOURCE, RegistryRefused, RegistryUnreachable, SourceOverloaded
from store_uptime.service.front.authentication import Uses
from store_uptime.service.observability import metrics
from store_uptime.service.outgoing.dispatcher import DeliveryDispatcher
from store_uptime.service.queue.runner import RunContext, Runner
from store_uptime.service.queue.schedules import queue_due
from store_uptime.service.queue.ticker import Ticker, Troubles, one_line
from store_uptime.service.registry.migrations import NEWEST, settled
from store_uptime.service.registry.registry import Registry, Row
from store_uptime.service.settings import Settings, Timing
from store_uptime.service.workers.jobs import SourceConfig
from store_uptime.service.workers.pool import WAITING, WAITING_OF_ONE, Workers
from store_uptime.service.workers.scratch import scratch

Result = TypeVar("Result")

RETRY_S = 1.0
START_S = 60.0  # how long a try to reach the registry may take, or the start of the embedded server
CLOSE_S = 5.0
SHORT_S = 3.0  # how long a wait of leases and of /ready may last
UNANSWERED = (
    psycopg.Error,
    SourceUnreachable,
    SourceRefused,
    AddressNotUnderstood,
    EmbeddedUnavailable,
    TimeoutError,
)
STORES_S = 60
NO_KEYS_S = 1
FRESH_S = 0.25  # what many follow is looked at so often, not once for each of them
FOR_ROUTES, FOR_TRIGGERS, FOR_LOOPS = 8, 2, 3  # connections
LOOKS, DECRYPTIONS = 4, 2  # threads

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
        timing = settings.timing
        self.registry, self.triggers = Registry(timing, FOR_ROUTES), Registry(timing, FOR_TRIGGERS)
        self._of_loops = Registry(timing, FOR_LOOPS)
        self._of_leases, self._of_watches = (Registry(impatient(timing), 1) for _ in range(2))
        self._registries = (self.registry, self.triggers, self._of_loops, self._of_leases, self._of_watches)
        self._looks, self._decryptions, self._starts = Threads(LOOKS), Threads(DECRYPTIONS), Threads(1)
        self.uses = Uses(self.registry)
        self.shared_looks = SharedLookups(FRESH_S)
        self._trigger_turns = Turns(LOOKS, WAITING_OF_ONE, WAITING)
        self._held = ExitStack()
        self._spill = self._held.enter_context(scratch())
        self.workers = Workers(settings, self._spill)
        self._database = ""
        self._runner: Runner | None = None
        self._courier = DeliveryDispatcher(self._of_loops, settings, self.wake)
        self._watches = Watches(self._of_watches, lambda: self._database, self._spill, impatient(timing).look_s)
        self._watches.of["workers"] = Watch(self._lack_of_workers)
        self._is_outdated = False
        self._uses_embedded = False
        self._troubles = Troubles()
        self._hearts: dict[str, Ticker] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._stores: list[str] = []
        self._stores_until = 0.0
        self._has_keys: bool | None = None
        self._no_keys_until = 0.0
        metrics.WORKERS.set(settings.workers)
        metrics.QUEUE.set(settings.queue)
        metrics.watch(self.workers, self._pool_state)

    # Life -------------------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Begin; it goes on in the background, since the database may take its time."""
        self._tasks.append(asyncio.create_task(self._work()))
        self._go_on("workers", self.workers.keep_warm, RETRY_S)
        for name, watch in self._watches.of.items():
            self._go_on(f"watch of the {name}", watch.beat, self.settings.timing.probe_s)

    async def close(self) -> None:
        """End runs in order, and let go of everything; what hangs is left behind."""
        if self._runner is not None:
            await self._runner.stop()  # while the leases are still renewed
        await self._courier.stop()
        for heart in self._hearts.values():
            heart.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks, timeout=CLOSE_S)
        await asyncio.gather(*(registry.close() for registry in self._registries))
        await asyncio.to_thread(self._held.close)

    async def _work(self) -> None:
        """Wait until the registry is there, then run reports."""
        try:
            address = await self._registry_address()
            for registry in self._registries:
                await registry.open(address)
            house = RunContext(self._database, address, self._spill, self.wake)
            self._runner = Runner(self.settings, self._of_loops, self.workers, house, self._may_begin)
        except RegistryRefused as refused:
            self.host.end(str(refused))
            return
        except Exception:
            log.exception("unexpected error")
            self.host.end("The server has stopped because of an unexpected error; its log has the details.")
            return
        log.info("taking reports")
        timing = self.settings.timing
        self._go_on("leases", self._renew_leases, timing.renew_s)
        self._go_on("schedules", self._queue_due, timing.tick_s)
        self._go_on("runner", self._run_reports, timing.tick_s)
        self._go_on("courier", self._deliver, timing.tick_s)
        if self._uses_embedded:
            self._go_on("built-in server", self._keep_embedded, RETRY_S)

    def _go_on(self, name: str, beat: Callable[[], Awaitable[None]], tick_s: float) -> None:
        """Do something again and again until the end."""
        heart = self._hearts[name] = Ticker(name, beat, tick_s, self._troubles)
        self._tasks.append(asyncio.create_task(heart.run()))

    async def _renew_leases(self) -> None:
        if self._runner is not None:
            await self._runner.renew(self._of_leases)

    async def _queue_due(self) -> None:
        await self._look_at_schema()
        if self._may_begin():
            await queue_due(self._of_loops)

    async def _run_reports(self) -> None:
        await self._look_at_schema()
        if self._runner is not None:
            await self._runner.tick()
        metrics.note_beat()

    async def _deliver(self) -> None:
        await self._look_at_schema()
        if self._may_begin():
            await self._courier.tick()

    def _may_begin(self) -> bool:
        """Whether this server takes anything new."""
        return not (self.host.is_stopping() or self._is_outdated)

    async def _look_at_schema(self) -> None:
        """See whether a newer version has changed the schema meanwhile: then what is new is not for this one."""
        [state] = await self._of_loops.rows("registry_state")
        is_outdated = state["newest"] > NEWEST
        if is_outdated and not self._is_outdated:
            log.warning("outdated", why=NEWER, newest=state["newest"], ours=NEWEST)
        self._is_outdated = is_outdated

    async def _registry_address(self) -> str:
        """The address of a registry that is up to date; a database that does not answer is waited for.

        Raises RegistryRefused.
        """
        is_told = False
        while True:
            try:
                return await self._starts.call(START_S, self._found_registry)
            except UNANSWERED as error:
                if not is_told:
                    reason = one_line(str(error)) or f"nothing has come within {START_S:g} seconds"
                    log.warning("the database does not answer, waiting for it", error=reason)
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
        try:
            await self._starts.call(START_S, visit_embedded)
        except (EmbeddedUnavailable, TimeoutError) as error:
            log.warning("the built-in server is away", error=str(error))

    def _pool_state(self) -> metrics.Pool:
        """How busy the connections to the registry are, those of all kinds of work together."""
        states = [registry.pool_state() for registry in self._registries]
        return metrics.Pool(*(sum(getattr(state, name) for state in states) for name in ("size", "idle", "waiting")))

    # What routes ask for ----------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Look at once what there is to do."""
        for name in ("schedules", "runner", "courier"):
            if name in self._hearts:
                self._hearts[name].wake()

    @property
    def limits(self) -> Limits:
        """What short work may use."""
        return Limits(self.settings.duckdb_memory, self.settings.worker_threads, str(self._spill))

    @property
    def place(self) -> SourceConfig:
        """Where the tables are, for short work."""
        return SourceConfig(self._database, self.settings.schema, mapping=self.settings.mapping)

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
        return await self._looked(lambda source: pipeline.data_version(source, options))

    def turn_to_trigger(self) -> AbstractAsyncContextManager[None]:
        """Within it one trigger of this client is seen to: who asks for hundreds waits for themselves.

        Raises TooManyWaiting, ServerBusy.
        """
        return self._trigger_turns.turn(CLIENT.get().address, ("trigger",))

    async def stores(self) -> list[str]:
        """The stores that a report has now, in byte order; not older than a minute."""
        if time.monotonic() > self._stores_until:
            self._stores = await self._looked(pipeline.polled_stores)
            self._stores_until = time.monotonic() + STORES_S
        return self._stores

    async def _looked(self, look: "Callable[[pipeline.Source], Result]") -> Result:
        """What a look at the source finds. Raises SourceUnreachable, SourceOverloaded, and what the look raises."""
        seconds = self.settings.timing.look_s
        try:
            return await self._looks.call(seconds, look, self._source())
        except NoThread:
            raise SourceOverloaded from None
        except TimeoutError:
            raise SourceUnreachable(THE_SOURCE, f"it has not answered within {seconds:g} seconds") from None

    async def decrypted(self, opened: Callable[[Row], Row], row: Row) -> Row:
        """What is stored, for somebody to read; not in the loop, as it may be large."""
        return await self._decryptions.call(self.settings.timing.request_s, opened, row)

    def shortcomings(self) -> dict[str, tuple[str, datetime]]:
        """What is not ready: of database, registry, workers and disk, for each a sentence, and since when."""
        found = ((name, watch.lack, watch.since) for name, watch in self._watches.of.items())
        return {name: (lack, since) for name, lack, since in found if lack is not None}

    async def _lack_of_workers(self) -> str | None:
        return None if self.workers.are_warm else self.workers.shortcoming

    def _source(self) -> "pipeline.Source":
        """Raises RegistryUnreachable as long as nobody knows where it is."""
        if not self._database:
            raise RegistryUnreachable
        patience = timedelta(seconds=self.settings.timing.look_s)
        return pipeline.open_source(
            self._database, self.settings.schema, mapping=self.settings.mapping, patience=patience
        )


def impatient(timing: Timing) -> Timing:
    """The same for leases, which should be tried twice before they end, and for what `/ready` tells."""
    return replace(
        timing,
        connection_s=min(timing.connection_s, SHORT_S),
        statement_s=min(timing.statement_s, SHORT_S),
        look_s=min(timing.look_s, SHORT_S),
    )


def visit_embedded() -> None:
    """See to it that the embedded server runs."""
    with pipeline.embedded_server():
        pass
