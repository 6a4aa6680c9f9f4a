"""A report by its id, in any state: its progress, its fleet, its periods, or why it failed; and its data."""

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from store_uptime import pipeline
from store_uptime.pipeline import Selection
from store_uptime.service.backend.backend import Backend
from store_uptime.service.page.models import periods as period_models
from store_uptime.service.page.views.fleet import TableChoice, fleet_values
from store_uptime.service.page.views.rendering import ViewQuery, bar_values, only_texts, progress_values, render
from store_uptime.service.registry import reports
from store_uptime.service.registry.deliveries import deliveries_of_report
from store_uptime.service.registry.report_lookup import find_report, find_result
from store_uptime.service.registry.reports import ReportRow
from store_uptime.service.registry.states import ReportState
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.report_files import check_selection
from store_uptime.service.routes.request_options import shown_options
from store_uptime.service.workers import interactive


@get("/view/{report_id:str}")
async def report_view(
    backend: NamedDependency[Backend],
    caller: NamedDependency[Caller],
    report_id: FromPath[str],
    selection: NamedDependency[Selection],
    choice: NamedDependency[TableChoice],
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
    newest = await backend.registry.row(reports.newest_report())
    values = await fleet_values(caller, row, newest, selection, choice)
    return render("fleet", **values, **bar_values(row, newest))


async def periods_view(caller: Caller, row: ReportRow, selection: Selection) -> Template:
    """A report by periods: its totals, groups, worst stores and first outages, and its files."""
    check_selection(selection)
    stored = await caller.content(reports.stored_figures(row.id), row.id)
    overview = await caller.backend.workers.run_interactive(
        period_models.periods_overview, stored, selection.search, selection.only
    )
    only = only_texts(selection.only)
    query = ViewQuery(search=selection.search, only=only)
    return render("periods", report=row, query=query, **vars(overview))


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
    more |= bar_values(row, await backend.registry.row(reports.newest_report()))
    return render(
        "data", report=row, deliveries=deliveries, provenance=about["provenance"], quality=about["quality"], **more
    )
