"""Reports on schedule."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from litestar import Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from store_uptime.pipeline import duration_text, zone_rules
from store_uptime.service.backend.backend import Backend
from store_uptime.service.errors import ScheduleExists, UnknownSchedule, WrongMember
from store_uptime.service.front.fields import WrongField
from store_uptime.service.outgoing.targets import webhook_host
from store_uptime.service.queue.cron import check_cron, in_words, next_dues
from store_uptime.service.registry.grants import Role, needs
from store_uptime.service.registry.operations import registry_clock
from store_uptime.service.registry.rows import utc
from store_uptime.service.registry.schedules import (
    ScheduleRow,
    all_schedules,
    delete_schedule,
    insert_schedule,
    trigger_schedule,
    update_schedule,
)
from store_uptime.service.registry.states import ReportState
from store_uptime.service.registry.triggers import new_id
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.problem_responses import TAKES_NOTHING, problems
from store_uptime.service.routes.reports import triggered_answer
from store_uptime.service.routes.request_options import shown_options
from store_uptime.service.routes.request_schemas import TEXT, ScheduleChange, ScheduleRequest
from store_uptime.service.routes.schedule_requests import checked_schedule, new_schedule, possible_name
from store_uptime.service.routes.schemas import (
    CreatedSchedule,
    DueTime,
    DueTimes,
    LastReport,
    Schedule,
    ScheduleList,
    Triggered,
)

UNKNOWN = problems(s404="No such schedule.", **TAKES_NOTHING)


@get("/schedules", **needs(Role.READ), responses=problems(), tags=["schedules"], summary="Reports on schedule")
async def schedules(backend: NamedDependency[Backend]) -> ScheduleList:
    """Each with its next due time and its newest report."""
    rows = await backend.registry.rows(all_schedules())
    return ScheduleList([shown_schedule(row) for row in rows], sorted(backend.settings.destinations))


def shown_schedule(row: ScheduleRow) -> Schedule:
    """A schedule as the API shows it."""
    return Schedule(
        name=row.name,
        cron=row.cron,
        in_words=in_words(row.cron),
        zone=row.zone,
        options=shown_options(row.options),
        retention=None if row.retention is None else duration_text(row.retention),
        deliver_to=row.deliver_to,
        format=row.format,
        webhook=row.webhook and webhook_host(row.webhook),  # what follows the host may be a secret
        made_by=row.made_by,
        next_due=row.next_due.astimezone(UTC),
        last=last_report(row),
    )


def last_report(row: ScheduleRow) -> LastReport | None:
    if row.report_id is None or row.status is None or row.requested_at is None:
        return None
    return LastReport(
        report_id=row.report_id,
        status=row.status.status,
        error=row.error,
        due_at=utc(row.due_at),
        requested_at=row.requested_at.astimezone(UTC),
        tries=row.tries or 0,
        warnings=row.warnings or [],
        warning_codes=row.warning_codes or [],
        next_try_at=utc(row.not_before) if row.status is ReportState.QUEUED else None,
    )


@get(
    "/schedules/next",
    **needs(Role.READ),
    responses=problems(),
    tags=["schedules"],
    summary="When a cron expression is due",
)
async def due_times(
    backend: NamedDependency[Backend],
    cron: Annotated[str, QueryParameter(pattern=TEXT, max_length=200, min_length=1)],
    zone: Annotated[str, QueryParameter(pattern=TEXT, max_length=100)] = "",
    count: Annotated[int, QueryParameter(ge=1, le=10)] = 3,
) -> DueTimes:
    """The next times of an expression on the clock of a zone (UTC, unless another is given), and what it means."""
    zone = zone or "UTC"
    now = await backend.registry.only_row(registry_clock())
    try:
        # In a thread: an expression may come once in many years, each day of which is looked at.
        await asyncio.to_thread(check_cron, cron, zone)
        dues = await asyncio.to_thread(next_dues, cron, zone, now.clock, count)
    except WrongMember as error:
        raise WrongField(f"{error}.", error.member) from None
    plain = " ".join(cron.split())
    return DueTimes(plain, zone, in_words(plain), [shown_due_time(due, zone, now.clock) for due in dues])


def shown_due_time(due: datetime, zone: str, clock: datetime) -> DueTime:
    """A due time as the API shows it."""
    rules = zone_rules(zone)
    local = due.astimezone(rules)
    year = f"{local:%Y}, " if local.year != clock.astimezone(rules).year else ""
    return DueTime(due, local, f"{local:%a} {local.day} {local:%b} {year}{local:%H:%M}")


WRITING = {
    "s408": "Too slow.",
    "s413": "Too large.",
    "s422": "The server knows no such destination, announces nothing there, or the time leaves the calendar.",
}


@post(
    "/schedules",
    **needs(Role.ADMIN),
    status_code=201,
    responses=problems(s404="No such store.", s409="There is a schedule of this name already.", **WRITING),
    tags=["schedules"],
    summary="Add a schedule",
)
async def add_schedule(caller: NamedDependency[Caller], data: JSONBody[ScheduleRequest]) -> CreatedSchedule:
    """Have a report made whenever a cron expression says, on the clock of a zone."""
    schedule = await checked_schedule(caller.backend, new_schedule(data.name, data))
    if not await caller.backend.registry.rows(insert_schedule(schedule, caller.by)):
        raise ScheduleExists(data.name)
    return CreatedSchedule(data.name, schedule.next_due.astimezone(UTC), schedule.webhook_secret)


@put(
    "/schedules/{name:str}",
    **needs(Role.ADMIN),
    responses=problems(s404="No such schedule, or no such store.", **WRITING),
    tags=["schedules"],
    summary="Change a schedule",
)
async def change_schedule(
    caller: NamedDependency[Caller], name: FromPath[str], data: JSONBody[ScheduleChange]
) -> CreatedSchedule:
    """Have it come, or go out, otherwise from now on: its reports, and the secret of its webhook, stay."""
    if data.name not in (None, name):
        raise WrongField(f"The body names the schedule {data.name!r}, the address {name!r}.", "name")
    schedule = await checked_schedule(caller.backend, new_schedule(possible_name(name), data))
    changed = await caller.backend.registry.row(update_schedule(schedule, caller.by))
    if changed is None:
        raise UnknownSchedule(name)
    return CreatedSchedule(name, changed.next_due.astimezone(UTC), changed.secret)


@delete(
    "/schedules/{name:str}",
    **needs(Role.ADMIN),
    status_code=204,
    responses=UNKNOWN,
    tags=["schedules"],
    summary="Remove a schedule",
)
async def remove_schedule(caller: NamedDependency[Caller], name: FromPath[str]) -> None:
    """It comes no more; its reports stay."""
    if not await caller.backend.registry.rows(delete_schedule(possible_name(name), caller.by)):
        raise UnknownSchedule(name)


@post(
    "/schedules/{name:str}/run",
    **needs(Role.TRIGGER),
    status_code=202,
    responses=UNKNOWN,
    tags=["schedules"],
    summary="Run a schedule now",
)
async def run_schedule(caller: NamedDependency[Caller], name: FromPath[str]) -> Response[Triggered]:
    """Ask for a report of a schedule now, beside those of its due times."""
    queued = await caller.backend.registry.row(trigger_schedule(possible_name(name), new_id(), caller.by))
    if queued is None:
        raise UnknownSchedule(name)
    caller.backend.wake_runner()
    return triggered_answer(queued.id)
