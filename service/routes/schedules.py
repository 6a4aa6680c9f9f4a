"""Reports on schedule, and what is delivered of any report."""

from datetime import UTC
from typing import Any

import structlog
from litestar import Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import FromPath, JSONBody

from store_uptime import pipeline
from store_uptime.pipeline import Options, duration_text, parse_positive_duration
from store_uptime.service.backend.backend import Backend
from store_uptime.service.errors import PrivateWebhook, ScheduleExists, UnknownDestination, UnknownSchedule
from store_uptime.service.outgoing.webhooks import private_place
from store_uptime.service.page.humanize import host
from store_uptime.service.queue.cron import in_words
from store_uptime.service.queue.schedules import NAME, NewSchedule
from store_uptime.service.registry import reports
from store_uptime.service.registry.grants import Role, needs
from store_uptime.service.registry.registry import Row
from store_uptime.service.registry.reports import file_name, utc
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.problem_responses import TAKES_NOTHING, problems
from store_uptime.service.routes.reports import accepted, described_options, member, options_of
from store_uptime.service.routes.request_schemas import (
    DeliveryRequest,
    ScheduleChange,
    ScheduleMembers,
    ScheduleRequest,
)
from store_uptime.service.routes.schemas import CreatedSchedule, Delivery, LastReport, Schedule, ScheduleList, Triggered
from store_uptime.service.workers import jobs

log = structlog.get_logger(part="schedules")

UNKNOWN = problems(s404="No such schedule.", **TAKES_NOTHING)


@get("/schedules", **needs(Role.READ), responses=problems(), tags=["schedules"], summary="Reports on schedule")
async def schedules(backend: NamedDependency[Backend]) -> ScheduleList:
    """Each with its next due time and its newest report."""
    rows = await backend.registry.rows("schedules")
    return ScheduleList([described(row) for row in rows], sorted(backend.settings.destinations))


def described(row: Row) -> Schedule:
    """A schedule's row as the API shows it."""
    retention = row["retention"]
    return Schedule(
        name=row["name"],
        cron=row["cron"],
        in_words=in_words(row["cron"]),
        zone=row["zone"],
        options=described_options(row["options"]),
        retention=None if retention is None else duration_text(retention),
        deliver_to=row["deliver_to"],
        format=row["format"],
        webhook=row["webhook"] and host(row["webhook"]),
        made_by=row["made_by"],
        next_due=row["next_due"].astimezone(UTC),
        last=None
        if row["report_id"] is None
        else LastReport(
            report_id=row["report_id"],
            status=reports.WORDS[row["status"]],
            error=row["error"],
            due_at=utc(row["due_at"]),
            requested_at=row["requested_at"].astimezone(UTC),
            tries=row["tries"],
            warnings=row["warnings"],
            warning_codes=row["warning_codes"],
            next_try_at=utc(row["not_before"]) if row["status"] == "queued" else None,
        ),
    )


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
    values = await checked_values(caller.backend, wanted_of(data.name, data))
    if not await caller.backend.registry.rows("add_schedule", **values, **caller.by):
        raise ScheduleExists(data.name)
    return CreatedSchedule(data.name, values["next_due"].astimezone(UTC), values["webhook_secret"])


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
        raise ValidationException(f"The body names the schedule {data.name!r}, the address {name!r}.")
    values = await checked_values(caller.backend, wanted_of(known_name(name), data))
    changed = await caller.backend.registry.row("change_schedule", **values, **caller.by)
    if changed is None:
        raise UnknownSchedule(name)
    return CreatedSchedule(name, changed["next_due"].astimezone(UTC), changed["secret"])


async def checked_values(backend: Backend, wanted: NewSchedule) -> dict[str, Any]:
    """The row of a schedule that this server can make. Raises UnknownDestination, PrivateWebhook, UnknownStore,
    HorizonOutOfRange."""
    for name in wanted.deliver_to:
        known_destination(backend, name)
    private = wanted.webhook and private_place(wanted.webhook, backend.settings.networks)
    if private:
        raise PrivateWebhook(private)
    await check_source(backend, wanted.options)
    [now] = await backend.registry.rows("clock")
    return wanted.values(now["clock"])


def wanted_of(name: str, asked: ScheduleMembers) -> NewSchedule:
    """What a request asks for. Raises ValidationException."""
    options, retention = options_of(asked), member("retention", parse_positive_duration, asked.retention)
    try:
        return NewSchedule(
            name=name,
            cron=asked.cron,
            zone=asked.zone,
            options=options,
            columns=asked.columns,
            retention=retention,
            deliver_to=asked.deliver_to,
            file_format=asked.format,
            webhook=asked.webhook or None,
        )
    except ValueError as error:
        raise ValidationException(f"{error}.") from error


async def check_source(backend: Backend, options: Options) -> None:
    """Raises UnknownStore, HorizonOutOfRange; data that is not there yet may come."""
    try:
        await backend.data_version(options)
    except (pipeline.UnknownStore, pipeline.HorizonOutOfRange):
        raise
    except pipeline.StoreUptimeError as error:
        log.warning("a schedule is added while its source cannot be read", error=str(error))


def known_destination(backend: Backend, name: str) -> None:
    """Raises UnknownDestination."""
    known = backend.settings.destinations
    if name not in known:
        raise UnknownDestination(name, sorted(known))


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
    if not await caller.backend.registry.rows("remove_schedule", name=known_name(name), **caller.by):
        raise UnknownSchedule(name)


def known_name(name: str) -> str:
    """A name that a schedule can have. Raises UnknownSchedule."""
    if not NAME.fullmatch(name):
        raise UnknownSchedule(name)
    return name


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
    wanted = {"name": known_name(name), "id": reports.new_id()}
    queued = await caller.backend.registry.row("run_schedule", **wanted, **caller.by)
    if queued is None:
        raise UnknownSchedule(name)
    caller.backend.wake()
    return accepted(queued["id"])


@post(
    "/reports/{report_id:str}/deliveries",
    **needs(Role.ADMIN),
    status_code=202,
    responses=problems(
        s404="No such report.",
        s406="Too many stores for a sheet of XLSX, or ids too long for its cells.",
        s408="Too slow.",
        s409="The report has no result, or not yet.",
        s410="The report is not kept any more.",
        s413="Too large.",
        s422="The server knows no such destination.",
    ),
    tags=["schedules"],
    summary="Deliver a report",
)
async def deliver(
    caller: NamedDependency[Caller], report_id: FromPath[str], data: JSONBody[DeliveryRequest]
) -> Delivery:
    """Write a complete report to a destination of the server; the report's details say what became of it."""
    backend = caller.backend
    row = await reports.finished(backend.registry, report_id)
    known_destination(backend, data.to)
    stored = await caller.content("figures", report_id)
    columns = data.columns or row["options"]["columns"]
    outgoing = jobs.Outgoing([data.to], file_name(row, columns), data.format, columns)
    recipients = backend.settings.vault.recipients
    file = await backend.workers.brief(jobs.delivered, stored["figures"], outgoing, recipients)
    await backend.registry.rows("add_delivery", id=report_id, **file, **caller.by)
    backend.wake()
    return Delivery(kind="file", to=data.to, status="waiting", name=file["file_name"])
