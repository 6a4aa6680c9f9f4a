"""The courier: brings files to their destinations and announces reports, until that has worked or is given up.

It goes by the queue of deliveries in the registry, whose rows it takes under a lease, and never keeps a run waiting.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import structlog

from store_uptime.service.errors import NeverDelivered, NotDelivered, RegistryUnreachable
from store_uptime.service.observability import metrics
from store_uptime.service.outgoing.webhooks import Announcement, announced
from store_uptime.service.page.humanize import goes_to
from store_uptime.service.registry import reports
from store_uptime.service.registry.registry import Registry, Row
from store_uptime.service.registry.reports import iso
from store_uptime.service.settings import Settings

AT_ONCE = 8  # to each destination, and of announcements
LEASE = timedelta(seconds=90)
FILE_S = 60  # how long a try may take; of an announcement, the settings say it
SECONDS, MINUTES, HOURS = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours"))
WAITS = (5 * SECONDS, MINUTES, 5 * MINUTES, 30 * MINUTES, 2 * HOURS, 5 * HOURS, 10 * HOURS)  # before each further try

log = structlog.get_logger(part="courier")


class DeliveryDispatcher:
    """Delivers what this server can deliver: files to its destinations, announcements to anybody it may call."""

    def __init__(self, registry: Registry, settings: Settings, wake: Callable[[], None]) -> None:
        self._registry, self._wake = registry, wake
        self._destinations, self._networks = settings.destinations, settings.networks
        self._seconds = {"file": FILE_S, "webhook": settings.timing.webhook_s}
        self._busy: dict[tuple[str, str], set[asyncio.Task[None]]] = {
            ("webhook", ""): set(),
            **{("file", name): set() for name in self._destinations},
        }

    async def tick(self) -> None:
        """Take what is to go out; who hangs keeps nobody else waiting. Raises RegistryUnreachable."""
        for (kind, name), busy in self._busy.items():
            for _ in range(AT_ONCE - len(busy)):
                delivery = await self._next(kind, name)
                if delivery is None:
                    break
                task = asyncio.create_task(self._see_out(delivery))
                busy.add(task)
                task.add_done_callback(busy.discard)
        [counts] = await self._registry.rows("undelivered")
        metrics.DELIVERIES_WAITING.set(counts["waiting"])
        metrics.DELIVERIES_FAILED.set(counts["failed"])

    async def stop(self) -> None:
        """Let go; what was on its way is delivered again when its lease has run out."""
        on_their_way = [task for busy in self._busy.values() for task in busy]
        for task in on_their_way:
            task.cancel()
        await asyncio.gather(*on_their_way, return_exceptions=True)

    async def _next(self, kind: str, destination: str) -> Row | None:
        ours = {"kind": kind, "destinations": [destination]}
        if not await self._registry.row("any_delivery", **ours):
            return None
        return await self._registry.row("next_delivery", **ours, lease=LEASE)

    async def _see_out(self, delivery: Row) -> None:
        """A try, and what became of it."""
        kind, taken = delivery["kind"], {"id": delivery["id"], "lease_until": delivery["lease_until"]}
        told = log.bind(kind=kind, to=goes_to(delivery), report=delivery["report_id"][:8], tries=delivery["tries"])
        with suppress(RegistryUnreachable):  # then it is delivered again, when its lease has run out
            try:
                await self._delivered(delivery)
            except NotDelivered as error:
                again_in = None if isinstance(error, NeverDelivered) else wait_after(delivery["tries"])
                outcome = "given up" if again_in is None else "failed"
                await self._registry.rows("not_delivered", **taken, error=str(error), again_in=again_in)
                told.warning(f"delivery {outcome}", error=error.cause or str(error))
            else:
                outcome = "delivered"
                await self._registry.rows("delivered", **taken, detail=what_went(delivery))
                told.info("delivered")
            metrics.DELIVERIES.labels(kind, outcome).inc()
            self._wake()

    async def _delivered(self, delivery: Row) -> None:
        """Raises NotDelivered, RegistryUnreachable."""
        seconds = self._seconds[delivery["kind"]]
        try:
            async with asyncio.timeout(seconds):
                if delivery["kind"] == "file":
                    await self._destinations[delivery["target"]].put(delivery["name"], delivery["content"])
                else:
                    await announced(await self._announcement(delivery), self._networks)
        except TimeoutError:
            raise NotDelivered(f"it took longer than {seconds:g} seconds") from None
        except (NotDelivered, RegistryUnreachable):
            raise
        except Exception as error:
            log.exception("unexpected error")
            raise NotDelivered(f"unexpected {type(error).__name__}; the server's log has the details") from None

    async def _announcement(self, delivery: Row) -> Announcement:
        report = await self._registry.row("status", id=delivery["report_id"])
        if report is None or report["status"] not in reports.WORDS:
            raise NeverDelivered("the report is not kept any more")
        files = await self._registry.rows("deliveries", id=delivery["report_id"])
        message_id = f"msg_{delivery['report_id']}_{delivery['id']}"
        return Announcement(delivery["target"], delivery["secret"], message_id, said_of(report, files))


def what_went(delivery: Row) -> str:
    """What the audit says has gone out, and where to."""
    return f"{delivery['name'] or 'announcement'} to {goes_to(delivery)}"


def wait_after(tries: int) -> timedelta | None:
    """How long to wait after so many tries; None to give it up."""
    return None if tries > len(WAITS) else WAITS[tries - 1]


def said_of(report: Row, deliveries: Sequence[Row]) -> dict[str, Any]:
    """What an announcement says of a report: none of its figures."""
    word = reports.WORDS[report["status"]]
    return {
        "type": f"report.{word.lower()}",
        "timestamp": iso(report["finished_at"]),
        "data": {
            "report_id": report["id"],
            "schedule": report["schedule"],
            "due_at": iso(report["due_at"]),
            "is_late": report["is_late"],
            "passed_over": report["passed_over"],
            "status": word,
            "stores": report["stores"],
            "error": report["error"],
            "warnings": report["warnings"],
            "warning_codes": report["warning_codes"],
            "files": [
                {"to": each["target"], "name": each["name"], "status": each["status"]}
                for each in deliveries
                if each["kind"] == "file"
            ],
        },
    }
