"""Where a report stands: its status, its provenance and quality, and its progress as events."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, cast

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import ServerSentEvent, ServerSentEventMessage

from store_uptime.service.backend.backend import Backend
from store_uptime.service.errors import ReportEncrypted, ServiceError
from store_uptime.service.front.requests import ApiRequest
from store_uptime.service.registry.deliveries import deliveries_of_report
from store_uptime.service.registry.grants import Role, needs
from store_uptime.service.registry.report_lookup import find_report, run_progress
from store_uptime.service.registry.reports import ReportRow, stored_figures
from store_uptime.service.registry.rows import utc
from store_uptime.service.registry.states import ReportState
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.deliveries import shown_delivery
from store_uptime.service.routes.problem_responses import problems
from store_uptime.service.routes.request_options import shown_options
from store_uptime.service.routes.schemas import Progress, Provenance, ReportDetails, ReportStatus
from store_uptime.service.workers import interactive

if TYPE_CHECKING:
    from store_uptime.pipeline import PeriodAbout

LOOKING = problems(s404="No such report.", s410="The report is not kept any more.")
SILENCE_S = 15  # some proxies close a connection that is silent for longer


async def shown_status(backend: Backend, row: ReportRow) -> ReportStatus:
    """A report as the API shows it."""
    progress = await run_progress(backend.registry, row) if row.status.is_unfinished else None
    return ReportStatus(
        status=row.status.status,
        report_id=row.id,
        options=shown_options(row.options),
        requested_at=row.requested_at.astimezone(UTC),
        progress=None if progress is None else Progress(**vars(progress)),
        error=row.error,
        stores=row.stores,
        requested_by=row.requested_by,
        started_at=utc(row.started_at),
        finished_at=utc(row.finished_at),
        schedule=row.schedule,
        due_at=utc(row.due_at),
        is_late=row.is_late,
        passed_over=row.missed_due_times,
        tries=row.tries,
        warnings=row.warnings,
        warning_codes=row.warning_codes,
    )


@get(
    "/reports/{report_id:str}/status",
    **needs(Role.READ),
    responses=LOOKING,
    tags=["reports"],
    summary="Where a report stands, as JSON",
)
async def report_status(backend: NamedDependency[Backend], report_id: FromPath[str]) -> ReportStatus:
    """Waiting, running, complete or failed: always JSON, and never the file."""
    return await shown_status(backend, await find_report(backend.registry, report_id))


@get(
    "/reports/{report_id:str}",
    **needs(Role.READ),
    responses=LOOKING,
    tags=["history"],
    summary="A report's provenance and quality",
)
async def report_details(
    backend: NamedDependency[Backend], caller: NamedDependency[Caller], report_id: FromPath[str]
) -> ReportDetails:
    """Where it stands, and of a complete one: now and how it was chosen, the options, the source, counts and lists."""
    row = await find_report(backend.registry, report_id)
    status = await shown_status(backend, row)
    deliveries = [shown_delivery(each) for each in await backend.registry.rows(deliveries_of_report(report_id))]
    if row.status is not ReportState.COMPLETE:
        return ReportDetails(status, deliveries=deliveries)
    try:
        stored = await caller.content(stored_figures(report_id), report_id)
    except ReportEncrypted as encrypted:
        return ReportDetails(status, deliveries=deliveries, sealed=str(encrypted))
    about = await backend.workers.run_interactive(interactive.report_metadata, stored)
    of_periods = cast("PeriodAbout", about) if row.is_by_periods else None
    return ReportDetails(
        status,
        cast("Provenance", about["provenance"]),  # its instants are texts, which the document calls date-time
        about["quality"],
        notes=[] if of_periods is None else of_periods["notes"],
        coverage=[] if of_periods is None else of_periods.get("coverage", []),
        deliveries=deliveries,
    )


@get(
    "/reports/{report_id:str}/events",
    **needs(Role.READ),
    media_type="text/event-stream",
    responses=LOOKING,
    tags=["reports"],
    summary="A report's progress, as server-sent events",
)
async def events(request: ApiRequest, backend: NamedDependency[Backend], report_id: FromPath[str]) -> ServerSentEvent:
    """An event `progress` whenever that changes, and at the end one `complete` or `error`; data is the status."""
    row = await find_report(backend.registry, report_id)
    return ServerSentEvent(status_events(backend, row.id, lambda: backend.authenticator.recheck(request)))


@dataclass
class Follower:
    """What a reader of events knows. sent: the progress that was sent last; silent_s: for how long nothing was."""

    sent: str = ""
    silent_s: float = 0.0

    def event_of(self, status: ReportStatus) -> ServerSentEventMessage | None:
        """What to send now, if anything."""
        progress = f"{status.progress.step} {status.progress.ahead}" if status.progress else self.sent
        if progress != self.sent:
            self.sent, self.silent_s = progress, 0.0
            return status_event("progress", status)
        if self.silent_s < SILENCE_S:
            return None
        self.silent_s = 0.0
        return ServerSentEventMessage(data=None, comment="still there")


async def status_events(
    backend: Backend, report_id: str, check: Callable[[], Awaitable[None]]
) -> AsyncIterator[ServerSentEventMessage]:
    """The events of a report. They end without a last one where it was deleted meanwhile, or the registry is away.

    check: raises KeyNeeded once its reader may read no further.
    """
    follower, has_ended = Follower(), False
    found = await look_again(backend, report_id, has_ended, check)
    while found and found[0].is_unfinished and not backend.process.is_stopping():
        event = follower.event_of(found[1])
        if event:
            yield event
        has_ended = await backend.has_ended(report_id)
        follower.silent_s += backend.settings.timing.follow_s
        found = await look_again(backend, report_id, has_ended, check)
    if found and not found[0].is_unfinished:
        yield status_event(*found)


async def look_again(
    backend: Backend, report_id: str, has_ended: bool, check: Callable[[], Awaitable[None]]
) -> tuple[ReportState, ReportStatus] | None:
    """The state and the status of a report; None where they cannot be read any more."""
    with suppress(ServiceError):  # the head of the answer is sent: a problem has no status any more
        await check()
        return await shared_status(backend, report_id, has_ended)
    return None


async def shared_status(backend: Backend, report_id: str, has_ended: bool) -> tuple[ReportState, ReportStatus]:
    """The state of a report, and its status; looked for once for all who follow it, and again once it has ended."""

    async def look() -> tuple[ReportState, ReportStatus]:
        row = await find_report(backend.registry, report_id)
        return row.status, await shown_status(backend, row)

    return await backend.shared_lookups.get((report_id, has_ended), look)


def status_event(name: str, status: ReportStatus) -> ServerSentEventMessage:
    return ServerSentEventMessage(event=name, data=msgspec.json.encode(status).decode())
