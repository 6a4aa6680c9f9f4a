"""Trigger a report, end it, and list what earlier ones there are."""

from typing import Annotated, Literal
from urllib.parse import urlencode

from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter

from store_uptime.service.backend.backend import Backend
from store_uptime.service.registry.grants import Role, needs
from store_uptime.service.registry.report_lookup import cancel_or_remove, check_cursor
from store_uptime.service.registry.reports import report_history
from store_uptime.service.registry.states import Status, states_of
from store_uptime.service.registry.triggers import ReportRequest, trigger
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.openapi import TriggerOperation
from store_uptime.service.routes.problem_responses import TAKES_NOTHING, classic_problems, problems
from store_uptime.service.routes.report_status import shown_status
from store_uptime.service.routes.request_options import requested_options
from store_uptime.service.routes.request_schemas import TEXT, TriggerRequest
from store_uptime.service.routes.schemas import ReportPage, Triggered

ENDING = problems(s404="No such report.", s410="The report is not kept any more.", **TAKES_NOTHING)
Key = Annotated[str, HeaderParameter(name="Idempotency-Key", max_length=255)]
Limit = Annotated[int, QueryParameter(ge=1, le=200)]


@post(
    "/trigger_report",
    **needs(Role.TRIGGER),
    status_code=202,
    operation_class=TriggerOperation,
    responses=classic_problems(
        s404="No such store, or no polls.",
        s408="Too slow.",
        s413="Too large.",
        s422="The Idempotency-Key is taken, or the time leaves the calendar.",
    ),
    tags=["reports"],
    summary="Trigger a report",
)
async def trigger_report(
    backend: NamedDependency[Backend],
    caller: NamedDependency[Caller],
    data: JSONBody[TriggerRequest | None] = None,
    idempotency_key: Key = "",
) -> Response[Triggered]:
    """Ask for the uptime and downtime of all stores, or of some, of the last hour, day and week or by periods.

    The report is made in the background.

    A trigger that could only give the figures of a report that is there, or on its way, gives the id of that one.
    """
    body = data or TriggerRequest()
    options = requested_options(body, body.now)
    async with backend.trigger_turn():
        version = await backend.source.data_version(options)
        request = ReportRequest(options, body.columns, caller.by, version, idempotency_key)
        report_id = await trigger(backend.triggers, request, backend.settings.queue)
    backend.wake_runner()
    return triggered_answer(report_id)


def triggered_answer(report_id: str) -> Response[Triggered]:
    """The answer to a trigger: which report, and where to get it."""
    return Response(Triggered(report_id), status_code=202, headers={"Location": f"/get_report/{report_id}"})


@get("/reports", **needs(Role.READ), responses=problems(), tags=["history"], summary="Earlier reports")
async def history(
    backend: NamedDependency[Backend],
    status: FromQuery[Literal[Status, ""]] = "",
    store_id: Annotated[str, QueryParameter(pattern=TEXT, max_length=1000)] = "",
    after: Annotated[str, QueryParameter(pattern=TEXT, max_length=32, description="The last id of a page.")] = "",
    limit: Limit = 50,
) -> ReportPage:
    """The newest first, those of one status or one store only if that is asked for."""
    if after:
        await check_cursor(backend.registry, after)
    # One more than the page holds: whether there is a next page needs no count.
    rows = await backend.registry.rows(report_history(states_of(status), limit + 1, store_id or None, after or None))
    page = [await shown_status(backend, row) for row in rows[:limit]]
    if len(rows) <= limit:
        return ReportPage(page, None)
    query = {"status": status, "store_id": store_id, "limit": limit, "after": page[-1].report_id}
    return ReportPage(page, f"/reports?{urlencode({name: value for name, value in query.items() if value})}")


@delete(
    "/reports/{report_id:str}",
    **needs(Role.TRIGGER),
    status_code=204,
    responses=ENDING,
    tags=["history"],
    summary="Cancel or delete a report",
)
async def end_report(caller: NamedDependency[Caller], report_id: FromPath[str]) -> None:
    """One that waits or runs is cancelled, and stands in the history as an error; a finished one is deleted.

    To delete one, or to cancel one that was not asked for with the same key, takes the role admin.
    """
    await cancel_or_remove(caller.backend.registry, report_id, caller.grant, caller.by)
    caller.backend.wake()
