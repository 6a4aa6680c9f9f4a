"""A schedule as requests give it: read, and checked against what this server can do."""

import structlog

from store_uptime import pipeline
from store_uptime.pipeline import Options, parse_positive_duration
from store_uptime.service.backend.backend import Backend
from store_uptime.service.errors import PrivateWebhook, UnknownSchedule, WrongMember
from store_uptime.service.front.fields import WrongField
from store_uptime.service.outgoing.webhooks import private_target
from store_uptime.service.queue.schedules import NAME, NewSchedule
from store_uptime.service.registry.operations import registry_clock
from store_uptime.service.registry.schedules import StoredSchedule
from store_uptime.service.routes.deliveries import check_destination
from store_uptime.service.routes.request_options import parsed_member, requested_options
from store_uptime.service.routes.request_schemas import ScheduleMembers

log = structlog.get_logger(part="schedules")


async def checked_schedule(backend: Backend, schedule: NewSchedule) -> StoredSchedule:
    """A schedule that this server can make, as it is stored. Raises UnknownDestination, PrivateWebhook, UnknownStore,
    HorizonOutOfRange."""
    for name in schedule.deliver_to:
        check_destination(backend, name, "deliver_to")
    private = schedule.webhook and private_target(schedule.webhook, backend.settings.webhook_networks)
    if private:
        raise PrivateWebhook(private)
    await check_source(backend, schedule.options)
    now = await backend.registry.only_row(registry_clock())
    return schedule.stored(now.clock)


def new_schedule(name: str, request: ScheduleMembers) -> NewSchedule:
    """The schedule of a request. Raises WrongField."""
    options = requested_options(request)
    retention = parsed_member("retention", parse_positive_duration, request.retention)
    try:
        return NewSchedule(
            name=name,
            cron=request.cron,
            zone=request.zone,
            options=options,
            columns=request.columns,
            retention=retention,
            deliver_to=request.deliver_to,
            file_format=request.format,
            webhook=request.webhook or None,
        )
    except WrongMember as error:
        raise WrongField(f"{error}.", error.member) from error


async def check_source(backend: Backend, options: Options) -> None:
    """Raises UnknownStore, HorizonOutOfRange."""
    try:
        await backend.source.data_version(options)
    except (pipeline.UnknownStore, pipeline.HorizonOutOfRange):
        raise
    except pipeline.StoreUptimeError as error:  # data that is not there yet may come before the first due time
        log.warning("a schedule is added while its source cannot be read", error=str(error))


def possible_name(name: str) -> str:
    """A name that a schedule can have. Raises UnknownSchedule."""
    if not NAME.fullmatch(name):
        raise UnknownSchedule(name)
    return name
