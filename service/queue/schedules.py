"""Reports on schedule: schedules, and the reports that are queued at their due times.

All servers use the clock of the registry, since their own may differ. The server that has locked the row of a schedule
queues its report and sets the next due time in one transaction, so a due time has one report even if it is killed
meanwhile.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from store_uptime.pipeline import Columns, Format, Options, duration_text
from store_uptime.service.errors import WrongMember
from store_uptime.service.outgoing.webhooks import check_webhook_url, new_secret
from store_uptime.service.queue.cron import check_cron, count_between, last_due, next_due
from store_uptime.service.registry.registry import Execute, Registry
from store_uptime.service.registry.schedules import (
    DueSchedule,
    DueTime,
    StoredSchedule,
    any_due,
    due_schedules,
    enqueue_due,
    set_next_due,
)
from store_uptime.service.registry.triggers import new_id, stored_options

NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,62}", re.ASCII)
NO_NAME = "next"  # GET /schedules/next: what came under this name could not be changed
LONGEST_RETENTION = timedelta(days=36525)  # a century
ON_TIME = timedelta(minutes=1)
RECKONING_S = 15.0  # from one statement to the next, where thousands of due times were missed; others pass over the row
WHEN_UNKNOWN = timedelta(hours=1)

log = structlog.get_logger(part="schedules")


@dataclass(frozen=True)
class NewSchedule:
    """The schedule of a request: when, with which options, how long its reports are kept, where they are delivered.

    Raises WrongMember where it is not valid.
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
            raise WrongMember(
                "name", f"{self.name!r} is no name for a schedule: letters, digits, - _ and ., at most 63"
            )
        if self.name == NO_NAME:
            raise WrongMember("name", f"{self.name!r} is no name for a schedule: it is an address of the API")
        if self.retention is not None and self.retention <= timedelta(0):
            raise WrongMember("retention", "retention must be more than 0")
        if self.retention is not None and self.retention > LONGEST_RETENTION:
            raise WrongMember("retention", f"retention must be at most {duration_text(LONGEST_RETENTION)}")
        check_cron(self.cron, self.zone)
        if self.webhook is not None:
            check_webhook(self.webhook)

    def stored(self, clock: datetime) -> StoredSchedule:
        """The schedule as the registry keeps it, with a new secret for its webhook."""
        return StoredSchedule(
            name=self.name,
            cron=" ".join(self.cron.split()),
            zone=self.zone,
            options=stored_options(self.options, self.columns),
            retention=self.retention,
            deliver_to=sorted(set(self.deliver_to)),
            format=self.file_format,
            webhook=self.webhook,
            webhook_secret=new_secret() if self.webhook else None,
            next_due=next_due(self.cron, self.zone, clock),
        )


def check_webhook(address: str) -> None:
    """Raises WrongMember where an address cannot be that of a webhook."""
    try:
        check_webhook_url(address)
    except ValueError as error:
        raise WrongMember("webhook", str(error)) from None


async def queue_due(registry: Registry) -> None:
    """Ask for the report of each schedule whose time has come: of the last due time, where several were missed."""
    if not await registry.row(any_due()):
        return
    async with registry.transaction(RECKONING_S) as execute:
        for schedule in await execute(due_schedules()):
            await queue_if_readable(execute, schedule)


async def queue_if_readable(execute: Execute, schedule: DueSchedule) -> None:
    try:
        await queue_last(execute, schedule)
    except ValueError:  # somebody has changed the row; the others are due all the same
        log.exception("cannot find the next due time", schedule=schedule.name)
        await execute(set_next_due(schedule.name, schedule.clock + WHEN_UNKNOWN))


async def queue_last(execute: Execute, schedule: DueSchedule) -> None:
    """Queue the report of a schedule's last due time, and set the next one."""
    name, cron, zone, clock = schedule.name, schedule.cron, schedule.zone, schedule.clock
    check_cron(cron, zone)
    # In a thread: after months without a server there are many due times to go through, and others wait for the loop.
    due_at = await asyncio.to_thread(last_due, cron, zone, schedule.next_due, clock)
    missed = await asyncio.to_thread(count_between, cron, zone, schedule.next_due, due_at)
    due = DueTime(due_at, is_late=clock - due_at > ON_TIME, missed_due_times=missed)
    queued = await execute(enqueue_due(name, new_id(), due))
    await execute(set_next_due(name, next_due(cron, zone, clock)))
    report = next((row.id[:8] for row in queued), None)
    log.info("due", schedule=name, due=str(due_at), late=due.is_late, passed_over=missed, report=report)
