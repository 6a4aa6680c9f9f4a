"""Deliver a report to a destination, and what became of deliveries."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from store_uptime.service.backend.backend import Backend
from store_uptime.service.errors import UnknownDestination
from store_uptime.service.outgoing.targets import target_name
from store_uptime.service.registry.deliveries import DeliveryRow, insert_delivery
from store_uptime.service.registry.grants import Role, needs
from store_uptime.service.registry.report_lookup import delivered_name, find_result
from store_uptime.service.registry.reports import stored_figures
from store_uptime.service.registry.rows import utc
from store_uptime.service.registry.states import DeliveryKind, DeliveryState
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.problem_responses import problems
from store_uptime.service.routes.request_options import check_columns
from store_uptime.service.routes.request_schemas import DeliveryRequest
from store_uptime.service.routes.schemas import Delivery
from store_uptime.service.workers import interactive, tasks


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
    row = await find_result(backend.registry, report_id)
    check_destination(backend, data.to, "to")
    if row.is_by_periods:
        check_columns(data.columns)
    stored = await caller.content(stored_figures(report_id), report_id)
    columns = data.columns or row.options["columns"]
    outgoing = tasks.FileToDeliver([data.to], delivered_name(row, columns), data.format, columns)
    file = await backend.workers.run_interactive(
        interactive.render_delivery, stored, outgoing, backend.settings.encryption.recipients
    )
    await backend.registry.rows(insert_delivery(report_id, file, caller.by))
    backend.wake()
    return Delivery(kind=DeliveryKind.FILE, to=data.to, status=DeliveryState.WAITING, name=file.file_name)


def check_destination(backend: Backend, name: str, member: str) -> None:
    """Raises UnknownDestination. member: of the request, that names it."""
    known = backend.settings.destinations
    if name not in known:
        raise UnknownDestination(name, sorted(known), member)


def shown_delivery(row: DeliveryRow) -> Delivery:
    """What became of a file or an announcement, as the API shows it."""
    return Delivery(
        kind=row.kind,
        to=target_name(row),
        name=row.name or None,
        status=row.status,
        tries=row.tries,
        error=row.error,
        done_at=utc(row.done_at),
        next_try_at=utc(row.next_try_at),
    )
