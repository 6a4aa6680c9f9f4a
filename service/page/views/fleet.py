"""The fleet of a report: its head, and the rows of its table."""

from typing import Annotated

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from store_uptime.pipeline import Selection
from store_uptime.service.backend.backend import Backend
from store_uptime.service.front.requests import ApiRequest
from store_uptime.service.page import templates
from store_uptime.service.page.models import fleet as fleet_models, now as now_models
from store_uptime.service.page.views.rendering import only_texts
from store_uptime.service.registry import reports
from store_uptime.service.registry.report_lookup import find_windows
from store_uptime.service.registry.reports import ReportRow
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.conditional import etag, is_among
from store_uptime.service.routes.request_schemas import TEXT

# Only the fleet's script reads it; a view that did not declare it would refuse the address that the script wrote.
Sort = Annotated[str, QueryParameter(pattern=TEXT, max_length=64)]


async def fleet_values(caller: Caller, row: ReportRow, selection: Selection) -> dict[str, object]:
    """What Now shows of a report, the newest or another one."""
    stored, backend = await caller.content(reports.stored_fleet(row.id), row.id), caller.backend
    values = await backend.workers.run_interactive(now_models.now_values, stored, None, selection)
    before = await backend.registry.row(reports.previous_report(row.id))
    chosen = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in selection.to_dict().items()
        if name != "only"
    }
    return values | {
        "report": row,
        "before": before and before.id,
        "selection": selection,
        "query": [*chosen.items(), *(("only", text) for text in only_texts(selection.only))],
    }


@get("/view/{report_id:str}/fleet.json")
async def fleet_rows_view(
    request: ApiRequest, backend: NamedDependency[Backend], caller: NamedDependency[Caller], report_id: FromPath[str]
) -> Response[bytes | None]:
    """Every row of the fleet's table, for its script."""
    await find_windows(backend.registry, report_id, "table of stores")
    # A stored report never changes, but how its rows are written may, with the script that reads them.
    headers = {"ETag": etag(report_id, templates.assets_path())}
    if is_among(headers["ETag"], request.headers.get("If-None-Match", "")):
        return Response(None, status_code=304, headers=headers)
    stored = await caller.content(reports.stored_fleet(report_id), report_id)
    content = await backend.workers.run_interactive(fleet_models.fleet_columns, stored)
    return Response(content, media_type="application/json", headers=headers)
