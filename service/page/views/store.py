"""One store of a report, and its days in the reports that are kept."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from store_uptime.service.backend.backend import Backend
from store_uptime.service.errors import ReportEncrypted, ReportRemoved
from store_uptime.service.page.models import store as store_models, store_days as day_models
from store_uptime.service.page.views.rendering import bar_values, render
from store_uptime.service.registry.report_lookup import find_windows
from store_uptime.service.registry.reports import day_reports, newest_report, stored_figures, stored_fleet, week_reports
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.request_schemas import StoreIdInQuery

PERIOD_REPORTS = 3  # the newest ones cover the most days; each is read whole


@get("/view/{report_id:str}/store")
async def store_view(
    backend: NamedDependency[Backend],
    caller: NamedDependency[Caller],
    report_id: FromPath[str],
    store_id: StoreIdInQuery,
) -> Template:
    """One store of a report: whether it is up, its week day by day, its outages, and the polls that they rest on."""
    row = await find_windows(backend.registry, report_id, "week of a store")
    week = await caller.explained(store_models.store_week, report_id, store_id)
    bar = bar_values(row, await backend.registry.row(newest_report()))
    return render("store", report=row, store_id=store_id, **bar, **vars(week))


@get("/view/{report_id:str}/store/days.json")
async def store_days_view(
    backend: NamedDependency[Backend],
    caller: NamedDependency[Caller],
    report_id: FromPath[str],
    store_id: StoreIdInQuery,
) -> Response[bytes]:
    """The days of a store in 13 weeks, as far as reports have them: first the report's own, then the weeks of those
    before it, then reports by periods. Of the others one that cannot be read is passed over."""
    await find_windows(backend.registry, report_id, "days of a store")
    run, passed_over = backend.workers.run_interactive, 0
    own = await caller.explained(day_models.own_week, report_id, store_id)
    weeks = [] if own.days is None else [(report_id, own.days)]
    until = own.now - day_models.WEEK
    for report in day_models.weekly_steps(own.now, await backend.registry.rows(week_reports(report_id, store_id))):
        try:
            stored = await caller.content(stored_fleet(report.id), report.id, store_id)
        except (ReportEncrypted, ReportRemoved):
            passed_over += 1
            continue
        days = await run(day_models.lane_days, stored, store_id, until)
        if days is not None:
            weeks.append((report.id, days))
            until = report.now - day_models.WEEK
    by_periods = []
    for report in await backend.registry.rows(day_reports(store_id, PERIOD_REPORTS)):
        try:
            figures = await caller.content(stored_figures(report.id), report.id, store_id)
        except (ReportEncrypted, ReportRemoved):
            passed_over += 1
            continue
        by_periods.append(await run(day_models.period_days, figures, store_id, report.id))
    content = await run(day_models.calendar, own, weeks, by_periods, passed_over)
    return Response(content, media_type="application/json")
