"""Reports on schedule."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from store_uptime.pipeline import known_zones
from store_uptime.service.backend.backend import Backend
from store_uptime.service.page.views.rendering import render
from store_uptime.service.registry.schedules import all_schedules


@get("/timetable")
async def schedules_view(backend: NamedDependency[Backend]) -> Template:
    """Reports on schedule: when each comes, and what became of its newest report; a form for another."""
    rows = await backend.registry.rows(all_schedules())
    return render(
        "timetable", schedules=rows, destinations=sorted(backend.settings.destinations), zones=sorted(known_zones())
    )
