"""The log of reports."""

from datetime import timedelta
from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template

from store_uptime.service.backend.backend import Backend
from store_uptime.service.page.views.rendering import render
from store_uptime.service.registry import reports
from store_uptime.service.registry.operations import newest_data
from store_uptime.service.registry.states import ReportState, states_of
from store_uptime.service.routes.request_schemas import TEXT

PAGE_LENGTH = 50
ReportId = Annotated[str, QueryParameter(pattern=TEXT, max_length=32)]


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
