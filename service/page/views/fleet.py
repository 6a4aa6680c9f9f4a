"""The fleet of a report: its head, and the rows of its table."""

from typing import Annotated
from urllib.parse import unquote

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from store_uptime.pipeline import Selection
from store_uptime.service.backend.backend import Backend
from store_uptime.service.front.requests import ApiRequest
from store_uptime.service.page import templates
from store_uptime.service.page.filters import active_filters, chip_links, nothing_words, page_links, selection_query
from store_uptime.service.page.freshness import as_of_its_now, is_of_the_past
from store_uptime.service.page.models.now import EarlierWeek, now_values
from store_uptime.service.page.models.table import Chip, TableChoice, fleet_columns
from store_uptime.service.registry import reports
from store_uptime.service.registry.report_lookup import find_windows
from store_uptime.service.registry.reports import ReportRow
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.conditional import etag, is_among
from store_uptime.service.routes.overview import TOLERANCE, WEEK, week_percent
from store_uptime.service.routes.request_schemas import TEXT


def table_choice(
    chip: FromQuery[Chip] = "",
    sort: Annotated[str, QueryParameter(pattern=TEXT, max_length=1000)] = "",
    show: Annotated[str, QueryParameter(pattern=TEXT, max_length=8000)] = "",
    page: Annotated[int, QueryParameter(ge=1, le=1_000_000)] = 1,
) -> TableChoice:
    """The table that an address asks for. show: columns by commas; a comma within a name is written as %2C."""
    return TableChoice(chip, sort, tuple(unquote(name) for name in show.split(",") if name), page)


async def fleet_values(
    caller: Caller, row: ReportRow, newest: ReportRow | None, selection: Selection, choice: TableChoice
) -> dict[str, object]:
    """What Now shows of a report, the newest or another one: its head, its table, and the links of the filters."""
    stored, backend = await caller.content(reports.stored_fleet(row.id), row.id), caller.backend
    earlier = await earlier_week(backend, row)
    head, now, table = await backend.workers.run_interactive(now_values, stored, earlier, selection, choice)
    is_newest = newest is not None and newest.id == row.id
    fresh = head.fresh if is_newest and not is_of_the_past(head.fresh) else as_of_its_now(head.fresh)
    before = await backend.registry.row(reports.previous_report(row.id))
    return vars(head) | {
        "fresh": fresh,
        "is_newest": is_newest,
        "head": now,
        "report": row,
        "before": before and before.id,
        "selection": selection,
        "chip": choice.chip,
        "table": table,
        "chips": chip_links(selection, choice.chip, table.counts, fresh.down_word),
        "active": active_filters(selection, choice.chip),
        "choice": choice,
        "pages": page_links(selection, choice, table.matched),
        "query": selection_query(selection),
        "nothing": nothing_words(selection, fresh.down_word),
    }


async def earlier_week(backend: Backend, row: ReportRow) -> EarlierWeek | None:
    """The week to compare that of a report with: of the one a week before."""
    before = await backend.registry.row(reports.report_before(row.id, WEEK, TOLERANCE))
    return None if before is None else EarlierWeek(before.as_of.isoformat(), await week_percent(backend, before))


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
    content = await backend.workers.run_interactive(fleet_columns, stored)
    return Response(content, media_type="application/json", headers=headers)
