"""One store of a report."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from store_uptime.service.backend.backend import Backend
from store_uptime.service.page.models import store as store_models
from store_uptime.service.page.views.rendering import render
from store_uptime.service.registry.report_lookup import find_windows
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.request_schemas import StoreIdInQuery


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
