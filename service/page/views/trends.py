"""How uptime went from report to report, and the week of each group."""

from collections.abc import Sequence
from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template

from store_uptime.pipeline import LOOKBACK
from store_uptime.service.backend.backend import Backend
from store_uptime.service.page.models import groups as group_models, trends as trend_models
from store_uptime.service.page.models.trends import Days, KeptSummary, Window
from store_uptime.service.page.views.rendering import ViewQuery, render
from store_uptime.service.registry import reports
from store_uptime.service.registry.reports import SummaryRow
from store_uptime.service.registry.rows import StoredOptions
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.overview import TOLERANCE, WEEK
from store_uptime.service.routes.request_options import names_of
from store_uptime.service.routes.summaries import recent_summaries

MOST_REPORTS = 1000
MOST_ATTRIBUTES = 3
Attributes = Annotated[tuple[str, ...], QueryParameter(max_items=MOST_ATTRIBUTES)]


@get("/trends")
async def trends_view(
    backend: NamedDependency[Backend],
    caller: NamedDependency[Caller],
    window: Annotated[Window, QueryParameter()] = "week",
    days: Annotated[Days, QueryParameter()] = "30",
    by: Attributes = (),
) -> Template:
    """Each kept report of all stores as a point; the groups of some attributes by report, and day by day."""
    rows = await recent_summaries(caller, MOST_REPORTS)
    names = names_of(",".join(by))
    query = ViewQuery(window=window, days=days, by=names)
    first = await backend.registry.row(reports.newest_report())
    # As on Now: a report that somebody made with other options to try them does not hide those of the schedules.
    alike: list[SummaryRow] = [] if first is None else with_same_options(rows, first.options)
    kept = [KeptSummary(row.id, len(row.warning_codes), row.summary) for row in alike if row.summary is not None]
    unread = sum(row.summary is None and row.has_lanes for row in alike)
    if not kept:
        return render("trends", query=query, newest=None, unread=unread)
    newest = kept[0].report_id
    earlier = await backend.registry.row(reports.report_before(newest, WEEK, TOLERANCE))
    before = None if earlier is None else next((each for each in kept if each.report_id == earlier.id), None)
    run = backend.workers.run_interactive
    found = await run(trend_models.trends, kept, before, window, days, names[0] if names else "")
    query["by"] = names or found.attributes[:1]
    stored = await caller.content(reports.stored_fleet(newest), newest)
    week = await run(group_models.group_week, stored, tuple(query["by"]))
    options = alike[0].options
    more = {
        "unread": unread,
        "options": options,
        "has_usual_options": are_usual(options),
        "other_options": len(rows) - len(alike),
        "is_full": len(rows) == MOST_REPORTS,
    }
    return render("trends", query=query, week=week, most=MOST_REPORTS, **more, **vars(found))


def with_same_options(rows: Sequence[SummaryRow], options: StoredOptions) -> list[SummaryRow]:
    """Those with these options: figures of others cannot be joined by a line."""
    return [row for row in rows if evidence_of(row.options) == evidence_of(options)]


def evidence_of(options: StoredOptions) -> tuple[float | None, float]:
    """Those of the options by which figures differ."""
    return options["max_gap"], options["lookback"]


def are_usual(options: StoredOptions) -> bool:
    """Whether they are what a report has unless somebody says otherwise."""
    return evidence_of(options) == (None, LOOKBACK.total_seconds())
