"""Which stores got worse or better: since yesterday, or since last week."""

from typing import Annotated, Literal

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template

from store_uptime.service.backend.backend import Backend
from store_uptime.service.page.freshness import seconds_since
from store_uptime.service.page.humanize import is_old
from store_uptime.service.page.models import changes as change_models
from store_uptime.service.page.models.changes import Listed
from store_uptime.service.page.views.rendering import ViewQuery, only_texts, render
from store_uptime.service.registry import reports
from store_uptime.service.registry.reports import ReportRow
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.overview import TOLERANCE, WEEK
from store_uptime.service.routes.request_options import StoreChoice

Since = Literal["yesterday", "last-week"]


@get("/changes")
async def changes_view(
    backend: NamedDependency[Backend],
    caller: NamedDependency[Caller],
    stores_chosen: NamedDependency[StoreChoice],
    since: Annotated[Since, QueryParameter()] = "yesterday",
    change: Annotated[Listed, QueryParameter()] = "worse",
) -> Template:
    """The stores whose uptime changed by a point or more, the greatest change first, with both times drawn."""
    only = stores_chosen.only
    query = ViewQuery(since=since, change=change, only=only_texts(only))
    report = await backend.registry.row(reports.newest_report())
    if report is None:
        return render("changes", query=query, report=None, is_current=True)
    stored = await caller.content(reports.stored_fleet(report.id), report.id)
    run = backend.workers.run_interactive
    values = {"query": query, "report": report, "old": None, "is_current": is_current(report)}
    if stored.lanes is None:
        return render("changes", **values, found=None)
    if since == "yesterday":
        found = await run(change_models.since_yesterday, stored, only, change)
        return render("changes", **values, found=found)
    old = await backend.registry.row(reports.report_before(report.id, WEEK, TOLERANCE))
    if old is None:
        return render("changes", **values, found=None)
    old_stored = await caller.content(reports.stored_fleet(old.id), old.id)
    found = await run(change_models.since_last_week, old_stored, stored, only, change)
    return render("changes", **values | {"old": old}, found=found)


def is_current(report: ReportRow) -> bool:
    """Whether the end of a report is near enough to the clock that its last day began yesterday."""
    return report.as_of is not None and not is_old(seconds_since(report.as_of))
