"""The page: what people look at. It only shows; what changes something is asked of the API by its scripts."""

from datetime import timedelta
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect, Template

from store_uptime import pipeline
from store_uptime.pipeline import Options, Selection, Step, StoreUptimeError
from store_uptime.service.backend.backend import Backend
from store_uptime.service.errors import KeyNeeded, ReportEncrypted, public_message
from store_uptime.service.front import problems
from store_uptime.service.page import templates, view_models
from store_uptime.service.registry import reports
from store_uptime.service.registry.deliveries import deliveries_of_report
from store_uptime.service.registry.grants import Grant, Role, needs
from store_uptime.service.registry.operations import newest_data
from store_uptime.service.registry.report_lookup import find_report, find_result, run_progress
from store_uptime.service.registry.reports import ReportRow
from store_uptime.service.registry.schedules import all_schedules
from store_uptime.service.registry.states import UNFINISHED, ReportState, states_of
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.conditional import etag, is_among
from store_uptime.service.routes.request_options import shown_options
from store_uptime.service.routes.schemas import TEXT, StoreIdInQuery
from store_uptime.service.routes.static_files import files
from store_uptime.service.workers import interactive

Asking = Request[Grant, str | None, Any]
HISTORY = 50
A_YEAR_S = 31_536_000
Sort = Annotated[
    str, QueryParameter(pattern=TEXT, max_length=64)
]  # what the fleet's script sorts by: it reads it itself
ReportId = Annotated[str, QueryParameter(pattern=TEXT, max_length=32)]


def page(name: str, **values: Any) -> Template:
    """A template with what it shows."""
    return Template(f"{name}.html", context=values)


@get("/")
async def home(
    backend: NamedDependency[Backend],
    caller: NamedDependency[Caller],
    selection: NamedDependency[Selection],
    sort: Sort = "",
) -> Template:
    """Trigger; what runs; the fleet of the newest report. Where there is no data yet, what to do."""
    running = await backend.registry.rows(reports.report_history(list(UNFINISHED), HISTORY))
    newest = await backend.registry.row(reports.newest_report())
    on_their_way = [await progressing(backend, row) for row in running]
    shown: dict[str, Any] = {"running": on_their_way, "report": newest, "sealed": None}
    if newest is None:
        return page("home", **shown, lacking=await lacking(backend))
    try:
        return page("home", lacking=None, **shown | await fleet_of(caller, newest, selection))
    except ReportEncrypted as sealed:
        return page("home", lacking=None, **shown | {"report": None, "sealed": {"why": str(sealed), "id": newest.id}})


async def lacking(backend: Backend) -> dict[str, Any] | None:
    """why: no report can be made yet; has_no_data: whether there is nothing at all. None where one can be made."""
    try:
        await backend.source.data_version(Options())
    except (pipeline.NoPolls, pipeline.SourceMismatch) as error:
        return {"why": public_message(error), "has_no_data": not isinstance(error, pipeline.AllPollsRejected)}
    return None


async def progressing(backend: Backend, row: ReportRow) -> dict[str, Any]:
    """A report on its way: its row, how far it is, and the stages that it goes through."""
    progress = await run_progress(backend.registry, row)
    return {"row": row, "progress": progress, "stages": list(Step)}


async def fleet_of(caller: Caller, row: ReportRow, selection: Selection) -> dict[str, Any]:
    """What the fleet's template shows of a complete report."""
    stored, backend = await caller.content(reports.stored_figures(row.id), row.id), caller.backend
    head = await backend.workers.run_interactive(view_models.fleet_head, stored.figures, selection)
    before = await backend.registry.row(reports.previous_report(row.id))
    chosen = {name: str(value).lower() if isinstance(value, bool) else value for name, value in selection.asked.items()}
    return head | {
        "report": row,
        "before": before and before.id,
        "selection": selection,
        "query": chosen,
    }


@get("/view/{report_id:str}")
async def view(
    backend: NamedDependency[Backend],
    caller: NamedDependency[Caller],
    report_id: FromPath[str],
    selection: NamedDependency[Selection],
    sort: Sort = "",
) -> Template | Redirect:
    """A report, wherever it stands: its progress, its fleet or its store, or what went wrong."""
    row = await find_report(backend.registry, report_id)
    if row.status.is_unfinished:
        return page("running", **await progressing(backend, row))
    if row.status is ReportState.ERROR:
        again = msgspec.to_builtins(shown_options(row.options))
        deliveries = await backend.registry.rows(deliveries_of_report(report_id))
        return page("failed", report=row, again=again, deliveries=deliveries)
    if row.options["store_id"] is not None and row.stores:
        query = {"store_id": row.options["store_id"]}
        return Redirect(f"/view/{report_id}/store", query_params=query, status_code=303)
    return page("fleet", **await fleet_of(caller, row, selection))


@get("/view/{report_id:str}/fleet.json")
async def fleet_rows(
    request: Asking, backend: NamedDependency[Backend], caller: NamedDependency[Caller], report_id: FromPath[str]
) -> Response[Any]:
    """Every row of the fleet's table, for its script."""
    await find_result(backend.registry, report_id)
    headers = {"ETag": etag(report_id, templates.assets_path())}
    if is_among(headers["ETag"], request.headers.get("If-None-Match", "")):
        return Response(None, status_code=304, headers=headers)
    stored = await caller.content(reports.stored_fleet(report_id), report_id)
    content = await backend.workers.run_interactive(view_models.fleet_rows, stored.figures, stored.lanes)
    return Response(content, media_type="application/json", headers=headers)


@get("/view/{report_id:str}/store")
async def store(
    backend: NamedDependency[Backend],
    caller: NamedDependency[Caller],
    report_id: FromPath[str],
    store_id: StoreIdInQuery,
) -> Template:
    """One store of a report: its week day by day, its outages, and the polls that they rest on."""
    row = await find_result(backend.registry, report_id)
    stored = await caller.content(reports.stored_explanation(report_id), report_id, store_id)
    week = await backend.workers.run_on_source(
        view_models.store_week, backend.source_config, store_id, backend.limits, stored
    )
    return page("store", report=row, store_id=store_id, **week)


@get("/view/{report_id:str}/data")
async def data(
    backend: NamedDependency[Backend], caller: NamedDependency[Caller], report_id: FromPath[str]
) -> Template:
    """Where a report comes from, and what its data was like."""
    row = await find_result(backend.registry, report_id)
    stored = await caller.content(reports.stored_figures(report_id), report_id)
    about = await backend.workers.run_interactive(interactive.report_metadata, stored.figures)
    deliveries = await backend.registry.rows(deliveries_of_report(report_id))
    destinations = sorted(backend.settings.destinations)
    return page("data", report=row, **about, meanings=pipeline.LISTS, deliveries=deliveries, destinations=destinations)


@get("/history")
async def history(backend: NamedDependency[Backend], after: ReportId = "") -> Template:
    """Earlier reports, the newest first."""
    rows = await backend.registry.rows(reports.report_history(states_of(""), HISTORY + 1, after=after or None))
    newest = await backend.registry.row(newest_data())
    here = rows[:HISTORY]
    complete = [number for number, row in enumerate(here) if row.status is ReportState.COMPLETE]
    times = [row.finished_at - row.started_at for row in here if row.started_at and row.finished_at]
    return page(
        "history",
        reports=here,
        newest=complete[:2] if len(complete) > 1 else None,
        data_now=newest and newest.data_now,
        slowest=max(times, default=timedelta()).total_seconds(),
        more=here[-1].id if len(rows) > HISTORY else None,
    )


@get("/timetable")
async def timetable(backend: NamedDependency[Backend]) -> Template:
    """Reports on schedule: when each comes, and what became of its newest report; a form for another."""
    rows = await backend.registry.rows(all_schedules())
    return page("timetable", schedules=rows, destinations=sorted(backend.settings.destinations))


@get("/compare")
async def compare(
    backend: NamedDependency[Backend],
    caller: NamedDependency[Caller],
    old: Annotated[str, QueryParameter()],
    new: Annotated[str, QueryParameter()],
) -> Template:
    """Two reports side by side: which stores got worse."""
    old_row, new_row = await find_result(backend.registry, old), await find_result(backend.registry, new)
    old_stored = await caller.content(reports.stored_figures(old), old)
    new_stored = await caller.content(reports.stored_figures(new), new)
    found = await backend.workers.run_interactive(view_models.comparison, old_stored.figures, new_stored.figures)
    return page("compare", old=old_row, new=new_row, **found)


@get("/rule")
async def rule() -> Template:
    """The whole rule: docs/semantics.md."""
    return page("rule", text=templates.document("semantics.md"))


def refused(request: Asking, error: Exception) -> Template:
    """What goes wrong, for people; where a key is missing, the form for it."""
    problems.note_cause(request, error)
    if isinstance(error, KeyNeeded):
        return Template("sign_in.html", status_code=401, headers=error.headers)
    problem = problems.problem_of(error)
    return Template(
        "problem.html",
        context={"detail": problem.detail},
        status_code=problem.status_code,
        headers=problem.headers,
    )


def failed(request: Asking, error: Exception) -> Response[Any]:
    """A mistake of ours: a page for a browser, a problem for everybody else."""
    return refused(request, error) if problems.is_for_a_browser(request) else problems.problem_response(request, error)


views = Router(
    "/",
    opt=needs(Role.READ)["opt"],
    route_handlers=[home, view, fleet_rows, store, data, timetable, history, compare, rule],
    include_in_schema=False,
    exception_handlers={StoreUptimeError: refused, HTTPException: refused, Exception: failed},
)


def assets() -> Any:
    """The route of its style and its scripts, under an address that changes with them."""
    for_ever = CacheControlHeader(max_age=A_YEAR_S, public=True, immutable=True)
    return files(templates.assets_path(), templates.ASSETS, for_ever)
