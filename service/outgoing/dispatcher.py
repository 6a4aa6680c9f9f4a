"""Brings files to their destinations and announces reports, until that has worked or is given up.

The queue of deliveries is in the registry. A server takes a row under a lease, and never keeps a run waiting.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

import structlog

from store_uptime.pipeline import instant_text
from store_uptime.service.errors import NeverDelivered, NotDelivered, RegistryUnreachable
from store_uptime.service.networks import Network
from store_uptime.service.observability import metrics
from store_uptime.service.outgoing.destinations import Destination
from store_uptime.service.outgoing.targets import target_name
from store_uptime.service.outgoing.webhooks import Announcement, post_announcement
from store_uptime.service.registry import deliveries
from store_uptime.service.registry.deliveries import ClaimedDelivery, DeliveryRow
from store_uptime.service.registry.registry import Registry
from store_uptime.service.registry.reports import ReportRow, report_row
from store_uptime.service.registry.states import DeliveryKind, ReportState

AT_ONCE = 8  # to each destination, and of announcements
LEASE = timedelta(seconds=90)
FILE_S = 60  # how long a try may take; of an announcement, the settings say it
SECONDS, MINUTES, HOURS = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours"))
WAITS = (5 * SECONDS, MINUTES, 5 * MINUTES, 30 * MINUTES, 2 * HOURS, 5 * HOURS, 10 * HOURS)  # before each further try

log = structlog.get_logger(part="deliveries")


class DeliveryDispatcher:
    """Delivers what this server can deliver: files to its destinations, announcements to anybody it may call."""

    def __init__(
        self,
        registry: Registry,
        destinations: Mapping[str, Destination],
        networks: Sequence[Network],
        webhook_s: float,
        wake: Callable[[], None],
    ) -> None:
        self._registry, self._wake = registry, wake
        self._destinations, self._networks = destinations, networks
        self._seconds = {DeliveryKind.FILE: FILE_S, DeliveryKind.WEBHOOK: webhook_s}
        self._busy: dict[tuple[DeliveryKind, str], set[asyncio.Task[None]]] = {
            (DeliveryKind.WEBHOOK, ""): set(),
            **{(DeliveryKind.FILE, name): set() for name in self._destinations},
        }

    async def tick(self) -> None:
        """Take what is to go out; who hangs keeps nobody else waiting. Raises RegistryUnreachable."""
        for (kind, name), busy in self._busy.items():
            await self._fill(busy, kind, name)
        counts = await self._registry.only_row(deliveries.count_undelivered())
        metrics.DELIVERIES_WAITING.set(counts.waiting)
        metrics.DELIVERIES_FAILED.set(counts.failed)

    async def stop(self) -> None:
        """Let go; what was on its way is delivered again when its lease has run out."""
        on_their_way = [task for busy in self._busy.values() for task in busy]
        for task in on_their_way:
            task.cancel()
        await asyncio.gather(*on_their_way, return_exceptions=True)

    async def _fill(self, busy: set[asyncio.Task[None]], kind: DeliveryKind, destination: str) -> None:
        """Take as many for a destination as may be on their way there at once."""
        for _ in range(AT_ONCE - len(busy)):
            delivery = await self._next(kind, destination)
            if delivery is None:
                return
            task = asyncio.create_task(self._see_out(delivery))
            busy.add(task)
            task.add_done_callback(busy.discard)

    async def _next(self, kind: DeliveryKind, destination: str) -> ClaimedDelivery | None:
        if not await self._registry.row(deliveries.any_deliverable(kind, [destination])):
            return None
        return await self._registry.row(deliveries.claim_delivery(kind, [destination], LEASE))

    async def _see_out(self, delivery: ClaimedDelivery) -> None:
        """A try, and what became of it."""
        kind, tries = delivery.kind, delivery.tries
        bound_log = log.bind(kind=kind, to=target_name(delivery), report=delivery.report_id[:8], tries=tries)
        with suppress(RegistryUnreachable):  # then it is delivered again, when its lease has run out
            try:
                await self._delivered(delivery)
            except NotDelivered as error:
                again_in = None if isinstance(error, NeverDelivered) else wait_after(tries)
                outcome = "given up" if again_in is None else "failed"
                await self._registry.rows(deliveries.record_failed_try(delivery, str(error), again_in))
                bound_log.warning(f"delivery {outcome}", error=error.cause or str(error))
            else:
                outcome = "delivered"
                await self._registry.rows(deliveries.record_delivered(delivery, what_went(delivery)))
                bound_log.info("delivered")
            metrics.DELIVERIES.labels(kind, outcome).inc()
            self._wake()

    async def _delivered(self, delivery: ClaimedDelivery) -> None:
        """Raises NotDelivered, RegistryUnreachable."""
        seconds = self._seconds[delivery.kind]
        try:
            async with asyncio.timeout(seconds):
                await self._send(delivery)
        except TimeoutError:
            raise NotDelivered(f"it took longer than {seconds:g} seconds") from None
        except (NotDelivered, RegistryUnreachable):
            raise
        except Exception as error:
            log.exception("unexpected error")
            raise NotDelivered(f"unexpected {type(error).__name__}; the server's log has the details") from None

    async def _send(self, delivery: ClaimedDelivery) -> None:
        if delivery.kind is DeliveryKind.FILE:
            await self._destinations[delivery.target].put(delivery.name, delivery.content or b"")
        else:
            await post_announcement(await self._announcement(delivery), self._networks)

    async def _announcement(self, delivery: ClaimedDelivery) -> Announcement:
        report = await self._registry.row(report_row(delivery.report_id))
        if report is None or report.status is ReportState.REMOVED:
            raise NeverDelivered("the report is not kept any more")
        files = await self._registry.rows(deliveries.deliveries_of_report(delivery.report_id))
        message_id = f"msg_{delivery.report_id}_{delivery.id}"
        return Announcement(delivery.target, delivery.secret or "", message_id, said_of(report, files))


def what_went(delivery: ClaimedDelivery) -> str:
    """The audit's entry for a delivery: what was delivered, and where."""
    return f"{delivery.name or 'announcement'} to {target_name(delivery)}"


def wait_after(tries: int) -> timedelta | None:
    """How long to wait after so many tries; None to give it up."""
    return None if tries > len(WAITS) else WAITS[tries - 1]


def said_of(report: ReportRow, of_report: Sequence[DeliveryRow]) -> dict[str, object]:
    """The content of an announcement: facts about a report, none of its figures."""
    status = report.status.status
    return {
        "type": f"report.{status.lower()}",
        "timestamp": instant_text(report.finished_at),
        "data": {
            "report_id": report.id,
            "schedule": report.schedule,
            "due_at": instant_text(report.due_at),
            "is_late": report.is_late,
            "passed_over": report.missed_due_times,  # the name that receivers know
            "status": status,
            "stores": report.stores,
            "error": report.error,
            "warnings": report.warnings,
            "warning_codes": report.warning_codes,
            "files": [
                {"to": each.target, "name": each.name, "status": each.status}
                for each in of_report
                if each.kind is DeliveryKind.FILE
            ],
        },
    }
