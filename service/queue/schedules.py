"""Reports on schedule: what a schedule is, and what is done when its time has come.

All servers go by the clock of the registry, since their own may differ. Whoever holds the row of a schedule that is due
makes its report and sets the next due time in one transaction, so a due time has one report, whoever is killed in the
middle.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from store_uptime.pipeline import Columns, Format, Options
from store_uptime.service.outgoing.webhooks import check_webhook_url, new_secret
from store_uptime.service.queue.cron import check_cron, count_between, last_due, next_due
from store_uptime.service.registry.registry import Execute, Registry, Row
from store_uptime.service.registry.reports import new_id, stored_options

NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,62}", re.ASCII)
ON_TIME = timedelta(minutes=1)
RECKONING_S = 15.0  # from one statement to the next, where thousands of due times were missed; others pass over the row
WHEN_UNKNOWN = timedelta(hours=1)

log = structlog.get_logger(part="schedules")


@dataclass(frozen=True)
class NewSchedule:
    """A schedule that somebody asks for: when, with which options, how long its reports are kept, where they go.

    Raises ValueError, with a sentence, for what cannot be.
    """

    name: str
    cron: str
    zone: str
    options: Options
    columns: Columns = "plain"
    retention: timedelta | None = None
    deliver_to: Sequence[str] = ()
    file_format: Format = "csv"
    webhook: str | None = None

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is no name for a schedule: letters, digits, - _ and ., at most 63")
        if self.retention is not None and self.retention <= timedelta(0):
            raise ValueError("retention must be more than 0")
        check_cron(self.cron, self.zone)
        if self.webhook is not None:
            check_webhook_url(self.webhook)

    def values(self, clock: datetime) -> dict[str, Any]:
        """The row of the schedule, but for who has made it."""
        return {
            "name": self.name,
            "cron": " ".join(self.cron.split()),
            "zone": self.zone,
            "options": stored_options(self.options, self.columns),
            "retention": self.retention,
            "deliver_to": sorted(set(self.deliver_to)),
            "format": self.file_format,
            "webhook": self.webhook,
            "webhook_secret": self.webhook and new_secret(),
            "next_due": next_due(self.cron, self.zone, clock),
        }


async def queue_due(registry: Registry) -> None:
    """Ask for the report of each schedule whose time has come: of the last due time, where several were missed."""
    if not await registry.row("any_due"):
        return
    async with registry.transaction(RECKONING_S) as say:
        for schedule in await say("due"):
            try:
                await queue_last(say, schedule)
            except ValueError:  # somebody has changed the row; the others are due all the same
                log.exception("cannot tell when it is due", schedule=schedule["name"])
                await say("set_next_due", schedule=schedule["name"], next_due=schedule["clock"] + WHEN_UNKNOWN)


async def queue_last(say: Execute, schedule: Row) -> None:
    """The report of a schedule's last due time, and when its time comes again."""
    name, cron, zone, clock = (schedule[part] for part in ("name", "cron", "zone", "clock"))
    check_cron(cron, zone)
    due_at = await asyncio.to_thread(last_due, cron, zone, schedule["next_due"], clock)
    passed_over = await asyncio.to_thread(count_between, cron, zone, schedule["next_due"], due_at)
    due = {"due_at": due_at, "is_late": clock - due_at > ON_TIME, "passed_over": passed_over}
    queued = await say("queue_due", id=new_id(), schedule=name, **due)
    await say("set_next_due", schedule=name, next_due=next_due(cron, zone, clock))
    fields = {"due": str(due_at), "late": due["is_late"], "passed_over": passed_over}
    log.info("due", schedule=name, **fields, report=next((row["id"][:8] for row in queued), None))
