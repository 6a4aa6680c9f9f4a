"""The views of the page. They only show: its scripts call the API for whatever changes something."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

import msgspec
from litestar import Response, Router, get
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect, Template

from store_uptime import pipeline
from store_uptime.pipeline import Only, Options, Selection, Step, StoreUptimeError
from store_uptime.service.backend.backend import Backend
from store_uptime.service.errors import KeyNeeded, ReportEncrypted, public_message
from store_uptime.service.front import problems
from store_uptime.service.front.requests import ApiRequest
from store_uptime.service.page import period_models, store_models, templates, view_models
from store_uptime.service.registry import reports
from store_uptime.service.registry.deliveries import deliveries_of_report
from store_uptime.service.registry.grants import Role, needs
from store_uptime.service.registry.operations import newest_data
from store_uptime.service.registry.report_lookup import find_report, find_result, find_windows, run_progress
from store_uptime.service.registry.reports import ReportRow
from store_uptime.service.registry.schedules import all_schedules
from store_uptime.service.registry.states import UNFINISHED, ReportState, states_of
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.conditional import etag, is_among
from store_uptime.service.routes.report_files import check_selection
from store_uptime.service.routes.request_options import StoreChoice, shown_options
from store_uptime.service.routes.request_schemas import TEXT, StoreIdInQuery
from store_uptime.service.routes.static_files import static_files
from store_uptime.service.workers import interactive

PAGE_LENGTH = 50
YEAR_S = 31_536_000
# Only the fleet's script reads it; a view that did not declare it would refuse the address that the script wrote.
Sort = Annotated[str, QueryParameter(pattern=TEXT, max_length=64)]
ReportId = Annotated[str, QueryParameter(pattern=TEXT, max_length=32)]


def render(name: str, /, **values: object) -> Template:
    return Template(f"{name}.html", context=values)


@get("/")
async def home_view(
    backend: NamedDependency[Backend],
    caller: NamedDependency[Caller],
    selection: NamedDependency[Selection],
    sort: Sort = "",
) -> Template:
    """A form for a report, the reports on their way, the fleet of the newest; without data, what to do first."""
    running = await backend.registry.rows(reports.report_history(list(UNFINISHED), PAGE_LENGTH))
    newest = await backend.registry.row(reports.newest_report())
    running_values = [await progress_values(backend, row) for row in running]
    values: dict[str, object] = {"running": running_values, "report": newest, "empty": None, "encrypted": None}
    if newest is None:
        return render("home", **values | {"empty": await why_empty(backend)})
    try:
        return render("home", **values | await fleet_values(caller, newest, selection))
    except ReportEncrypted as error:
        # People still see what runs, and can make a report: the server may have been given other keys since.
        encrypted = {"why": str(error), "id": newest.id}
        return render("home", **values | {"report": None, "encrypted": encrypted})


@dataclass(frozen=True)
class NoReport:
    """Why there can be no report. why: a sentence; has_no_data: there is none at all."""

    why: str
    has_no_data: bool


async def why_empty(backend: Backend) -> NoReport | None:
    """Why no report can be made; None where one can be made."""
    try:
        await backend.source.data_version(Options())
    except (pipeline.NoPolls, pipeline.SourceMismatch) as error:
        return NoReport(public_message(error), not isinstance(error, pipeline.AllPollsRejected))
    return None


async def progress_values(backend: Backend, row: ReportRow) -> dict[str, object]:
    """Of a report on its way: its row, how far it is, and the stages that it goes through."""
    progress = await run_progress(backend.registry, row)
    return {"row": row, "progress": progress, "stages": list(Step)}


async def fleet_values(caller: Caller, row: ReportRow, selection: Selection) -> dict[str, object]:
    stored, backend = await caller.content(reports.stored_figures(row.id), row.id), caller.backend
    head = await backend.workers.run_interactive(view_models.fleet_head, stored, selection)
    before = await backend.registry.row(reports.previous_report(row.id))
    chosen = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in selection.to_dict().items()
        if name != "only"
    }
    return vars(head) | {
        "report": row,
        "before": before and before.id,
        "selection": selection,
        "query": [*chosen.items(), *(("only", text) for text in only_texts(selection.only))],
    }


def only_texts(only: Only) -> list[str]:
    """city=Berlin, for each value of each attribute that is chosen."""
    return [f"{name}={value}" for name, values in only for value in values]


@get("/view/{report_id:str}")
async def report_view(
    backend: NamedDependency[Backend],
    caller: NamedDependency[Caller],
    report_id: FromPath[str],
    selection: NamedDependency[Selection],
    sort: Sort = "",
) -> Template | Redirect:
    """A report in any state: its progress, its fleet or its one store, or why it failed."""
    row = await find_report(backend.registry, report_id)
    if row.status.is_unfinished:
        return render("running", **await progress_values(backend, row))
    if row.status is ReportState.ERROR:
        again = msgspec.to_builtins(shown_options(row.options))
        deliveries = await backend.registry.rows(deliveries_of_report(report_id))
        return render("failed", report=row, again=again, deliveries=deliveries)
    if row.is_by_periods:
        return await periods_view(caller, row, selection)
    # A fleet of one store is shown as that store; without a row there is no week of it to show.
    if row.options["store_id"] is not None and row.stores:
        query = {"store_id": row.options["store_id"]}
        return Redirect(f"/view/{report_id}/store", query_params=query, status_code=303)
    return render("fleet", **await fleet_values(caller, row, selection))


async def periods_view(caller: Caller, row: ReportRow, selection: Selection) -> Template:
    """A report by periods: its totals, groups, worst stores and first outages, and its files."""
    check_selection(selection)
    stored = await caller.content(reports.stored_figures(row.id), row.id)
    overview = await caller.backend.workers.run_interactive(
        period_models.periods_overview, stored, selection.search, selection.only
    )
    only = only_texts(selection.only)
    query = [*([("search", selection.search)] if selection.search else []), *(("only", text) for text in only)]
    return render("periods", report=row, search=selection.search, only=only, query=query, **vars(overview))


@get("/view/{report_id:str}/fleet.json")
async def fleet_rows_view(
    request: ApiRequest, backend: NamedDependency[Backend], caller: NamedDependency[Caller], report_id: FromPath[str]
) -> Response[bytes | None]:
    """Every row of the fleet's table, for its script."""
    await find_windows(backend.registry, report_id, "table of the fleet")
    # A stored report never changes, but how its rows are written may, with the script that reads them.
    headers = {"ETag": etag(report_id, templates.assets_path())}
    if is_among(headers["ETag"], request.headers.get("If-None-Match", "")):
        return Response(None, status_code=304, headers=headers)
    stored = await caller.content(reports.stored_fleet(report_id), report_id)
    content = await backend.workers.run_interactive(view_models.fleet_columns, stored)
    return Response(content, media_type="application/json", headers=headers)


@get("/view/{report_id:str}/store")
async def store_view(
    backend: NamedDependency[Backend],
    caller: NamedDependency[Caller],
    report_id: FromPath[str],
    store_id: StoreIdInQuery,
) -> Template:
    """One store of a report: its week day by day, its outages, and the polls that they rest on."""
    row = await find_windows(backend.registry, report_id, "week of a store")
    week = await caller.explained(store_models.store_week, report_id, store_id)
    return render("store", report=row, store_id=store_id, **vars(week))


@get("/view/{report_id:str}/data")
async def data_view(
    backend: NamedDependency[Backend], caller: NamedDependency[Caller], report_id: FromPath[str]
) -> Template:
    """Where a report comes from, and what its data was like."""
    row = await find_result(backend.registry, report_id)
    stored = await caller.content(reports.stored_figures(report_id), report_id)
    about = await backend.workers.run_interactive(interactive.report_metadata, stored)
    deliveries = await backend.registry.rows(deliveries_of_report(report_id))
    meanings = pipeline.LISTS_OF_PERIODS if row.is_by_periods else pipeline.LISTS
    more = {"meanings": meanings, "destinations": sorted(backend.settings.destinations)}
    return render(
        "data", report=row, deliveries=deliveries, provenance=about["provenance"], quality=about["quality"], **more
    )


@get("/history")
async def history_view(backend: NamedDependency[Backend], after: ReportId = "") -> Template:
    """Earlier reports, the newest first."""
    rows = await backend.registry.rows(reports.report_history(states_of(""), PAGE_LENGTH + 1, after=after or None))
    newest = await backend.registry.row(newest_data())
    here = rows[:PAGE_LENGTH]  # one more was read: it shows whether there is another page
    complete = [n for n, row in enumerate(here) if row.status is ReportState.COMPLETE and not row.is_by_periods]
    times = [row.finished_at - row.started_at for row in here if row.started_at and row.finished_at]
    return render(
        "history",
        reports=here,
        newest=complete[:2] if len(complete) > 1 else None,
        data_now=newest and newest.data_now,
        slowest=max(times, default=timedelta()).total_seconds(),
        more=here[-1].id if len(rows) > PAGE_LENGTH else None,
    )


@get("/timetable")
async def schedules_view(backend: NamedDependency[Backend]) -> Template:
    """Reports on schedule: when each comes, and what became of its newest report; a form for another."""
    rows = await backend.registry.rows(all_schedules())
    return render("timetable", schedules=rows, destinations=sorted(backend.settings.destinations))


@get("/compare")
async def comparison_view(
    backend: NamedDependency[Backend],
    caller: NamedDependency[Caller],
    old: Annotated[str, QueryParameter()],
    new: Annotated[str, QueryParameter()],
    stores_chosen: NamedDependency[StoreChoice],
) -> Template:
    """Two reports side by side: which stores got worse."""
    old_row, new_row = [await find_windows(backend.registry, each, "comparison") for each in (old, new)]
    old_stored = await caller.content(reports.stored_figures(old), old)
    new_stored = await caller.content(reports.stored_figures(new), new)
    only = stores_chosen.only
    found = await backend.workers.run_interactive(view_models.compared_fleets, old_stored, new_stored, only)
    return render("compare", old=old_row, new=new_row, only=only_texts(only), **vars(found))


@get("/rule")
async def rule_view() -> Template:
    """The whole rule: docs/semantics.md."""
    return render("rule", text=templates.document("semantics.md"))


def error_page(request: ApiRequest, error: Exception) -> Template:
    """An error as a page; where a key is missing, the form to sign in."""
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


def failure_response(request: ApiRequest, error: Exception) -> Response[dict[str, object]] | Template:
    """An unexpected error: as a page for a browser, as problem details for programs."""
    return (
        error_page(request, error) if problems.is_for_a_browser(request) else problems.problem_response(request, error)
    )


views = Router(
    "/",
    opt=needs(Role.READ)["opt"],
    route_handlers=[
        home_view,
        report_view,
        fleet_rows_view,
        store_view,
        data_view,
        schedules_view,
        history_view,
        comparison_view,
        rule_view,
    ],
    include_in_schema=False,
    exception_handlers={StoreUptimeError: error_page, HTTPException: error_page, Exception: failure_response},
)


def assets_router() -> Router:
    """The route of the page's style and scripts."""
    # Their address changes with their content, so that no copy is ever out of date.
    immutable = CacheControlHeader(max_age=YEAR_S, public=True, immutable=True)
    return static_files(templates.assets_path(), templates.ASSETS, immutable)
