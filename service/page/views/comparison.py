"""Two reports side by side."""

from collections.abc import Iterator
from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template

from store_uptime.service.backend.backend import Backend
from store_uptime.service.page.humanize import format_scope, to_datetime
from store_uptime.service.page.models import fleet as fleet_models
from store_uptime.service.page.views.rendering import ViewQuery, only_texts, render
from store_uptime.service.registry import reports
from store_uptime.service.registry.report_lookup import find_windows
from store_uptime.service.registry.reports import ReportRow
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.request_options import StoreChoice


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
    found = await backend.workers.run_interactive(fleet_models.compared_fleets, old_stored, new_stored, only)
    notes = list(comparison_notes(old_row, new_row, found.fresh_old.now, found.fresh_new.now))
    query = ViewQuery(old=old, new=new, only=only_texts(only))
    return render("compare", old=old_row, new=new_row, query=query, notes=notes, **vars(found))


def comparison_notes(old: ReportRow, new: ReportRow, old_now: str, new_now: str) -> Iterator[str]:
    """Why two reports may differ for another reason than the stores. old_now, new_now: the ends of their weeks."""
    scopes = [format_scope(each.options) for each in (old, new)]
    if scopes[0] != scopes[1]:
        before, after = scopes
        yield f"Their options differ, and so may what they say of one week. Before: {before}. After: {after}."
    if old.id == new.id:
        yield "This is one uptime report, compared with itself."
    elif to_datetime(old_now) == to_datetime(new_now):
        yield "Both are of the same week: what differs comes of the data, or of options, that changed in between."
    elif to_datetime(old_now) > to_datetime(new_now):
        yield "What stands as before is the later one of the two."
