"""The files of a report: its figures in a format, and its rejected rows."""

from dataclasses import dataclass
from typing import Annotated, Literal

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException, ValidationException
from litestar.params import FromPath, FromQuery, HeaderParameter, QueryParameter

from store_uptime.pipeline import Columns, Format, Selection
from store_uptime.service.backend.backend import Backend
from store_uptime.service.errors import ReportTooOld
from store_uptime.service.front.requests import ApiRequest
from store_uptime.service.registry.grants import Role, needs
from store_uptime.service.registry.report_lookup import find_report, find_result
from store_uptime.service.registry.reports import (
    ReportRow,
    StoredFigures,
    StoredFleet,
    stored_figures,
    stored_fleet,
    stored_rejects,
)
from store_uptime.service.registry.states import ReportState
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.conditional import etag, is_among
from store_uptime.service.routes.file_names import attachment, rejects_name, stores_name
from store_uptime.service.routes.openapi import FileOperation
from store_uptime.service.routes.problem_responses import classic_problems, problems
from store_uptime.service.routes.report_status import shown_status
from store_uptime.service.routes.request_options import check_columns
from store_uptime.service.routes.schemas import ReportStatus
from store_uptime.service.workers import interactive

MEDIA: dict[Format, str] = {
    "csv": "text/csv",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
GETTING = classic_problems(s404="No such report.", s406="No such format.", s410="The report is not kept any more.")
Tables = Literal["polls", "hours", "zones", "stores"]
StatusOnly = Annotated[bool, QueryParameter(description="Never send the file.")]
CsvSafe = Annotated[bool, QueryParameter(description="In CSV, ' before what a spreadsheet would run as a formula.")]
Unchanged = Annotated[str, HeaderParameter(name="If-None-Match")]
FileAnswer = bytes | ReportStatus | None


@dataclass(frozen=True)
class FileRequest:
    """A file of a report. requested: the format that the address names; columns: empty where those of its trigger will
    do; is_safe: nothing in it runs as a formula; if_none_match: the tags of what the client has."""

    selection: Selection
    requested: Literal[Format, ""]
    file_format: Format
    columns: Literal[Columns, ""]
    is_safe: bool
    if_none_match: str

    def name(self, row: ReportRow) -> str:
        """What the file is called: what it holds; its id as ever where the address asks for nothing but the report."""
        if not self.requested and not self.selection.to_dict():
            return f"{row.id}.{self.file_format}"
        return stores_name(row, self.selection, self.file_format)


@get(
    "/get_report/{report_id:str}",
    **needs(Role.READ),
    operation_class=FileOperation,
    responses=GETTING,
    tags=["reports"],
    summary="Get a report, or where it stands",
)
async def get_report(
    request: ApiRequest,
    caller: NamedDependency[Caller],
    selection: NamedDependency[Selection],
    report_id: FromPath[str],
    format: FromQuery[Literal[Format, ""]] = "",
    columns: FromQuery[Literal[Columns, ""]] = "",
    csv_safe: CsvSafe = False,
    status_only: StatusOnly = False,
    if_none_match: Unchanged = "",
) -> Response[FileAnswer]:
    """Of a complete report, the file: CSV, unless `format` or Accept ask for another. Else its status as JSON."""
    file_format = format or accepted_format(request)
    file = FileRequest(selection, format, file_format, columns, csv_safe and file_format == "csv", if_none_match)
    return await file_or_status(caller, report_id, None if status_only else file)


@get(
    "/get_report",
    **needs(Role.READ),
    operation_class=FileOperation,
    responses=GETTING,
    tags=["reports"],
    summary="The same, its id in the query",
)
async def get_report_by_query(
    request: ApiRequest,
    caller: NamedDependency[Caller],
    selection: NamedDependency[Selection],
    report_id: FromQuery[str],
    format: FromQuery[Literal[Format, ""]] = "",
    columns: FromQuery[Literal[Columns, ""]] = "",
    csv_safe: CsvSafe = False,
    status_only: StatusOnly = False,
    if_none_match: Unchanged = "",
) -> Response[FileAnswer]:
    """The same as with the id in the path."""
    file_format = format or accepted_format(request)
    file = FileRequest(selection, format, file_format, columns, csv_safe and file_format == "csv", if_none_match)
    return await file_or_status(caller, report_id, None if status_only else file)


def accepted_format(request: ApiRequest, usual: Format = "csv") -> Format:
    """The usual format wherever that will do, else the first one that will. Raises 406."""
    if not request.headers.get("Accept", "").strip():
        return usual
    # Not the format that the client prefers: older clients send what their library sends, such as
    # `application/json, */*`, and expect CSV.
    for file_format in (usual, *MEDIA):
        if request.accept.accepts(MEDIA[file_format]):
            return file_format
    raise HTTPException(f"A report can be had as {', '.join(MEDIA.values())}.", status_code=406)


async def file_or_status(caller: Caller, report_id: str, file: FileRequest | None) -> Response[FileAnswer]:
    """The file of a complete report; where it is not complete, or no file is requested, its status."""
    row = await find_report(caller.backend.registry, report_id)
    if file is not None and row.status is ReportState.COMPLETE:
        return await file_answer(caller, row, file)
    status = await shown_status(caller.backend, row)
    return Response(status, headers={"X-Report-Status": status.status})


async def file_answer(caller: Caller, row: ReportRow, file: FileRequest) -> Response[FileAnswer]:
    if row.is_by_periods:
        check_selection(file.selection)
        check_columns(file.columns)
    columns = file.columns or row.options["columns"]
    tag = etag(row.id, file.file_format, columns, file.selection, file.is_safe)
    headers = {"X-Report-Status": row.status.status, "ETag": tag, "Vary": "Accept"}
    if is_among(tag, file.if_none_match):
        return Response(None, status_code=304, headers=headers)
    stored = await content_for(caller, row, file.selection)
    if file.is_safe:
        content = await caller.backend.workers.run_interactive(
            interactive.render_csv_safe, stored, file.selection, columns
        )
    else:
        content = await caller.backend.workers.run_interactive(
            interactive.render_report, stored, file.selection, file.file_format, columns
        )
    headers["Content-Disposition"] = attachment(file.name(row))
    return Response(content, media_type=MEDIA[file.file_format], headers=headers)


async def content_for(caller: Caller, row: ReportRow, selection: Selection) -> StoredFigures | StoredFleet:
    """What the file of a selection is made from. Raises ReportTooOld, and what `Caller.content` raises."""
    if not selection.got_worse:
        return await caller.content(stored_figures(row.id), row.id)
    stored = await caller.content(stored_fleet(row.id), row.id)
    if stored.lanes is None:
        raise ReportTooOld("day before the last")
    return stored


def check_selection(selection: Selection) -> None:
    """Raises ValidationException where a selection is one that only a report of the three windows knows."""
    others = selection.to_dict().keys() - {"search", "only"}
    if selection.window != Selection.window:
        others.add("window")
    if others:
        raise ValidationException(f"{min(others)}: a report by periods has stores by search and only.")


@get(
    "/reports/{report_id:str}/rejects",
    **needs(Role.READ),
    media_type="text/csv",
    responses=problems(
        s404="No such report.", s409="The report has no result, or not yet.", s410="The report is not kept any more."
    ),
    tags=["history"],
    summary="The rejected rows of a report",
)
async def rejected_rows(
    backend: NamedDependency[Backend],
    caller: NamedDependency[Caller],
    report_id: FromPath[str],
    table: FromQuery[Tables],
    csv_safe: CsvSafe = False,
) -> Response[bytes]:
    """Line, reason, and the row as it was: at most 100 000 of each table; the counts in the quality are of all."""
    row = await find_result(backend.registry, report_id)
    stored = await caller.content(stored_rejects(report_id), report_id)
    job = interactive.render_rejected_safe if csv_safe else interactive.render_rejected
    content = await backend.workers.run_interactive(job, stored, table)
    headers = {"Content-Disposition": attachment(rejects_name(row, table))}
    return Response(content, media_type=MEDIA["csv"], headers=headers)
