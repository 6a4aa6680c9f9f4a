"""Trigger a report, ask for it, follow it, end it; and what earlier ones there are."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, timedelta
from hashlib import sha256
from typing import Annotated, Any, Literal, NamedTuple, TypeVar
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException, ValidationException
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter
from litestar.response import ServerSentEvent, ServerSentEventMessage

from store_uptime.pipeline import (
    Columns,
    Format,
    Options,
    Selection,
    duration_text,
    parse_duration,
    parse_instant,
    parse_positive_duration,
)
from store_uptime.service.backend.backend import Backend
from store_uptime.service.errors import ReportEncrypted, ServiceError
from store_uptime.service.front.authentication import still_known
from store_uptime.service.page.humanize import goes_to
from store_uptime.service.registry import reports
from store_uptime.service.registry.grants import Grant, Role, needs
from store_uptime.service.registry.registry import Row
from store_uptime.service.registry.reports import ReportRequest, Status, utc
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.openapi import FileOperation, TriggerOperation
from store_uptime.service.routes.problem_responses import TAKES_NOTHING, classic_problems, problems
from store_uptime.service.routes.request_schemas import TEXT, ScheduleMembers, TriggerRequest
from store_uptime.service.routes.schemas import (
    Delivery,
    Progress,
    ReportDetails,
    ReportOptions,
    ReportPage,
    ReportStatus,
    Triggered,
)
from store_uptime.service.workers import jobs

Value = TypeVar("Value")
DEFAULT_LOOKBACK = timedelta(hours=24)
MEDIA: dict[Format, str] = {
    "csv": "text/csv",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
LOOKING = problems(s404="No such report.", s410="The report is not kept any more.")
ENDING = problems(s404="No such report.", s410="The report is not kept any more.", **TAKES_NOTHING)
GETTING = classic_problems(s404="No such report.", s406="No such format.", s410="The report is not kept any more.")
LOOK_S = 0.25
SILENCE_S = 15  # some proxies close what says nothing for longer
Tables = Literal["polls", "hours", "zones"]
PERCENT = r"^([0-9]{1,2}(\.[0-9]{1,9})?|100)?$"
Key = Annotated[str, HeaderParameter(name="Idempotency-Key", max_length=255)]
Limit = Annotated[int, QueryParameter(ge=1, le=200)]
StatusOnly = Annotated[bool, QueryParameter(description="Never send the file.")]
CsvSafe = Annotated[bool, QueryParameter(description="In CSV, ' before what a spreadsheet would run as a formula.")]
Unchanged = Annotated[str, HeaderParameter(name="If-None-Match")]


@post(
    "/trigger_report",
    **needs(Role.TRIGGER),
    status_code=202,
    operation_class=TriggerOperation,
    responses=classic_problems(
        s404="No such store, or no polls.",
        s408="Too slow.",
        s413="Too large.",
        s422="The Idempotency-Key is taken, or the time leaves the calendar.",
    ),
    tags=["reports"],
    summary="Trigger a report",
)
async def trigger_report(
    backend: NamedDependency[Backend],
    caller: NamedDependency[Caller],
    data: JSONBody[TriggerRequest | None] = None,
    idempotency_key: Key = "",
) -> Response[Triggered]:
    """Ask for the uptime and downtime of all stores, or of one. The report is made in the background.

    A trigger that could only give the figures of a report that is there, or on its way, gives the id of that one.
    """
    asked_for = data or TriggerRequest()
    options = options_of(asked_for, asked_for.now)
    async with backend.turn_to_trigger():
        asked = ReportRequest(
            options=options,
            columns=asked_for.columns,
            address=caller.address,
            key_name=caller.who,
            data_version=await backend.data_version(options),
            idempotency_key=idempotency_key,
        )
        report_id = await reports.triggered(backend.triggers, asked, backend.settings.queue)
    backend.wake()
    return accepted(report_id)


def accepted(report_id: str) -> Response[Triggered]:
    """The answer to whoever has asked for a report: which, and where to get it."""
    return Response(Triggered(report_id), status_code=202, headers={"Location": f"/get_report/{report_id}"})


def options_of(asked_for: TriggerRequest | ScheduleMembers, now: str | None = None) -> Options:
    """The options of a request. Raises ValidationException."""
    lookback = member("lookback", parse_duration, asked_for.lookback)
    return Options(
        now=member("now", parse_instant, now),
        store=None if asked_for.store_id is None else str(asked_for.store_id) or None,
        max_gap=member("max_gap", parse_positive_duration, asked_for.max_gap),
        lookback=DEFAULT_LOOKBACK if lookback is None else lookback,
    )


def member(name: str, read: Callable[[str], Value], text: str | None) -> Value | None:
    """What the text of a member stands for; None where it is left out. Raises ValidationException."""
    try:
        return None if text is None else read(text)
    except ValueError as error:
        raise ValidationException(f"{name}: {error}.") from None


@get(
    "/get_report/{report_id:str}",
    **needs(Role.READ),
    operation_class=FileOperation,
    responses=GETTING,
    tags=["reports"],
    summary="Get a report, or where it stands",
)
async def get_report(
    request: Request[Grant, Any, Any],
    caller: NamedDependency[Caller],
    selection: NamedDependency[Selection],
    report_id: FromPath[str],
    format: FromQuery[Literal[Format, ""]] = "",
    columns: FromQuery[Literal[Columns, ""]] = "",
    csv_safe: CsvSafe = False,
    status_only: StatusOnly = False,
    if_none_match: Unchanged = "",
) -> Response[Any]:
    """Of a complete report, the file: CSV, unless `format` or Accept ask for another. Else its status as JSON."""
    file_format = format or accepted_format(request)
    wanted = FileRequest(selection, file_format, columns, csv_safe and file_format == "csv")
    return await file_or_status(caller, report_id, wanted, status_only, if_none_match)


@get(
    "/get_report",
    **needs(Role.READ),
    operation_class=FileOperation,
    responses=GETTING,
    tags=["reports"],
    summary="The same, its id in the query",
)
async def get_report_by_query(
    request: Request[Grant, Any, Any],
    caller: NamedDependency[Caller],
    selection: NamedDependency[Selection],
    report_id: FromQuery[str],
    format: FromQuery[Literal[Format, ""]] = "",
    columns: FromQuery[Literal[Columns, ""]] = "",
    csv_safe: CsvSafe = False,
    status_only: StatusOnly = False,
    if_none_match: Unchanged = "",
) -> Response[Any]:
    """The same as with the id in the path."""
    file_format = format or accepted_format(request)
    wanted = FileRequest(selection, file_format, columns, csv_safe and file_format == "csv")
    return await file_or_status(caller, report_id, wanted, status_only, if_none_match)


class FileRequest(NamedTuple):
    """Which file is asked for. columns: nothing where the report says; is_safe: nothing in it is run as a formula."""

    selection: Selection
    file_format: Format
    columns: Literal[Columns, ""]
    is_safe: bool


async def file_or_status(
    caller: Caller, report_id: str, wanted: FileRequest, status_only: bool, known_etag: str
) -> Response[Any]:
    """The file of a complete report, unless the client has it or does not want it; else the status."""
    backend = caller.backend
    row = await reports.found(backend.registry, report_id)
    if status_only or row["status"] != "complete":
        status = await described(backend, row)
        return Response(status, headers={"X-Report-Status": status.status})
    selection, file_format, columns, is_safe = wanted
    columns = columns or row["options"]["columns"]
    headers = {
        "X-Report-Status": "Complete",
        "ETag": etag(report_id, file_format, columns, selection, is_safe),
        "Vary": "Accept",
    }
    if is_among(headers["ETag"], known_etag):
        return Response(None, status_code=304, headers=headers)
    stored = await caller.content("figures", report_id)
    if is_safe:
        content = await backend.workers.brief(jobs.csv_safe, stored["figures"], selection, columns)
    else:
        content = await backend.workers.brief(jobs.rendered, stored["figures"], selection, file_format, columns)
    headers["Content-Disposition"] = f'attachment; filename="{report_id}.{file_format}"'
    return Response(content, media_type=MEDIA[file_format], headers=headers)


def selection_of(
    search: Annotated[str, QueryParameter(max_length=1000, description="Stores whose id contains this.")] = "",
    down_now: Annotated[bool, QueryParameter(description="Stores that are down at now.")] = False,
    below: Annotated[
        str,
        QueryParameter(
            max_length=20,
            schema_extra={"pattern": PERCENT},
            description="Stores whose share of uptime is less, in percent.",
        ),
    ] = "",
    window: Annotated[Literal["hour", "day", "week", ""], QueryParameter(description="Of which window.")] = "",
    zone: Annotated[str, QueryParameter(max_length=100, description="Stores computed in this zone.")] = "",
    unknown: Annotated[bool, QueryParameter(description="Stores with business time of unknown status.")] = False,
) -> Selection:
    """Which stores of a report are asked for: those for which all holds that is set. Raises ValidationException."""
    return Selection(search, down_now, percent(below) if below else None, window or "week", zone, unknown)


def percent(text: str) -> float:
    """What is written as 95 or 99.5. Raises ValidationException."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:
        raise ValidationException(f"below: {text!r} is not a share in percent: write 95 or 99.5.")
    return value


def accepted_format(request: Request[Any, Any, Any]) -> Format:
    """CSV wherever that will do, else the first format that will. Raises 406.

    Older clients send what their library sends, such as `application/json, */*`, and expect CSV.
    """
    if not request.headers.get("Accept", "").strip():
        return "csv"
    for file_format, media in MEDIA.items():
        if request.accept.accepts(media):
            return file_format
    raise HTTPException(f"A report can be had as {', '.join(MEDIA.values())}.", status_code=406)


def etag(*parts: object) -> str:
    """Of what never changes, such as a file of a finished report. Weak, since it may be compressed on its way."""
    return f'W/"{sha256(repr(parts).encode()).hexdigest()[:16]}"'


def is_among(tag: str, known: str) -> bool:
    """Whether If-None-Match names a tag: by weak comparison, since proxies may have strengthened it, or by `*`."""
    return known.strip() == "*" or tag.removeprefix("W/") in known


async def described(backend: Backend, row: Row) -> ReportStatus:
    """A report's row as the API shows it."""
    word: Status = reports.WORDS[row["status"]]
    is_running = word == "Running"
    return ReportStatus(
        status=word,
        report_id=row["id"],
        options=described_options(row["options"]),
        requested_at=row["requested_at"].astimezone(UTC),
        progress=Progress(**await reports.progress(backend.registry, row)) if is_running else None,
        error=row["error"],
        stores=row["stores"],
        requested_by=row["requested_by"],
        started_at=utc(row["started_at"]),
        finished_at=utc(row["finished_at"]),
        schedule=row["schedule"],
        due_at=utc(row["due_at"]),
        is_late=row["is_late"],
        passed_over=row["passed_over"],
        tries=row["tries"],
        warnings=row["warnings"],
        warning_codes=row["warning_codes"],
    )


def described_options(stored: dict[str, Any]) -> ReportOptions:
    """The options of a report, durations as people write them."""
    options = Options.from_dict(stored)
    return ReportOptions(
        store_id=options.store,
        now=options.now,
        columns=stored["columns"],
        max_gap=None if options.max_gap is None else duration_text(options.max_gap),
        lookback=duration_text(options.lookback),
    )


@get("/reports", **needs(Role.READ), responses=problems(), tags=["history"], summary="Earlier reports")
async def history(
    backend: NamedDependency[Backend],
    status: FromQuery[Literal[Status, ""]] = "",
    store_id: Annotated[str, QueryParameter(pattern=TEXT, max_length=1000)] = "",
    after: Annotated[str, QueryParameter(pattern=TEXT, max_length=32, description="The last id of a page.")] = "",
    limit: Limit = 50,
) -> ReportPage:
    """The newest first, those of one status or one store only if that is asked for."""
    statuses = reports.STATUSES[status] if status else list(reports.WORDS)
    asked = {"store_id": store_id or None, "after": after or None, "limit": limit + 1}
    rows = await backend.registry.rows("history", statuses=statuses, **asked)
    page = [await described(backend, row) for row in rows[:limit]]
    if len(rows) <= limit:
        return ReportPage(page, None)
    given = {"status": status, "store_id": store_id, "limit": limit, "after": page[-1].report_id}
    return ReportPage(page, f"/reports?{urlencode({name: value for name, value in given.items() if value})}")


@get(
    "/reports/{report_id:str}",
    **needs(Role.READ),
    responses=LOOKING,
    tags=["history"],
    summary="A report's provenance and quality",
)
async def report_details(
    backend: NamedDependency[Backend], caller: NamedDependency[Caller], report_id: FromPath[str]
) -> ReportDetails:
    """Where it stands, and of a complete one: now and how it was chosen, the options, the source, counts and lists."""
    row = await reports.found(backend.registry, report_id)
    status = await described(backend, row)
    deliveries = [delivery_of(each) for each in await backend.registry.rows("deliveries", id=report_id)]
    if row["status"] != "complete":
        return ReportDetails(status, deliveries=deliveries)
    try:
        stored = await caller.content("figures", report_id)
    except ReportEncrypted as sealed:
        return ReportDetails(status, deliveries=deliveries, sealed=str(sealed))
    about = await backend.workers.brief(jobs.about, stored["figures"])
    return ReportDetails(status, **about, deliveries=deliveries)


@get(
    "/reports/{report_id:str}/status",
    **needs(Role.READ),
    responses=LOOKING,
    tags=["reports"],
    summary="Where a report stands, as JSON",
)
async def report_status(backend: NamedDependency[Backend], report_id: FromPath[str]) -> ReportStatus:
    """Waiting, running, complete or failed: always JSON, and never the file."""
    return await described(backend, await reports.found(backend.registry, report_id))


def delivery_of(row: Row) -> Delivery:
    """What became of a file or an announcement, as the API shows it."""
    return Delivery(
        kind=row["kind"],
        to=goes_to(row),
        name=row["name"] or None,
        status=row["status"],
        tries=row["tries"],
        error=row["error"],
        done_at=utc(row["done_at"]),
        next_try_at=utc(row["next_try_at"]),
    )


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
    await reports.finished(backend.registry, report_id)
    stored = await caller.content("rejects", report_id)
    written = jobs.rejected_rows_safe if csv_safe else jobs.rejected_rows
    content = await backend.workers.brief(written, stored["figures"], stored["rejects"], table)
    headers = {"Content-Disposition": f'attachment; filename="{report_id}-{table}-rejects.csv"'}
    return Response(content, media_type=MEDIA["csv"], headers=headers)


@delete(
    "/reports/{report_id:str}",
    **needs(Role.TRIGGER),
    status_code=204,
    responses=ENDING,
    tags=["history"],
    summary="Cancel or delete a report",
)
async def end_report(caller: NamedDependency[Caller], report_id: FromPath[str]) -> None:
    """One that waits or runs is cancelled, and stands in the history as an error; a finished one is deleted.

    To delete one, or to cancel one that was not asked for with the same key, takes the role admin.
    """
    await reports.ended(caller.backend.registry, report_id, caller.grant, caller.by)
    caller.backend.wake()


@get(
    "/reports/{report_id:str}/events",
    **needs(Role.READ),
    media_type="text/event-stream",
    responses=LOOKING,
    tags=["reports"],
    summary="A report's progress, as server-sent events",
)
async def events(
    request: Request[Any, Any, Any], backend: NamedDependency[Backend], report_id: FromPath[str]
) -> ServerSentEvent:
    """An event `progress` whenever that changes, and at the end one `complete` or `error`; data is the status."""
    row = await reports.found(backend.registry, report_id)
    return ServerSentEvent(following(backend, row["id"], lambda: still_known(request, backend)))


async def following(
    backend: Backend, report_id: str, check: Callable[[], Awaitable[None]]
) -> AsyncIterator[ServerSentEventMessage]:
    """The events of a report. They end without one where it was deleted meanwhile, or the registry is away.

    check: raises KeyNeeded once its reader may read no further.
    """
    with suppress(ServiceError):
        told, silent_s = "", 0.0
        stage, status = await standing(backend, report_id)
        while stage in reports.STATUSES["Running"] and not backend.host.is_stopping():
            if status.progress and (news := f"{status.progress.step} {status.progress.ahead}") != told:
                yield event("progress", status)
                told, silent_s = news, 0.0
            elif silent_s >= SILENCE_S:
                yield ServerSentEventMessage(data=None, comment="still there")
                silent_s = 0.0
            await asyncio.sleep(LOOK_S)
            silent_s += LOOK_S
            await check()
            stage, status = await standing(backend, report_id)
        if stage not in reports.STATUSES["Running"]:
            yield event(stage, status)


async def standing(backend: Backend, report_id: str) -> tuple[str, ReportStatus]:
    """The stage of a report in the registry, and its status; looked for once for all who follow it."""

    async def looked() -> tuple[str, ReportStatus]:
        row = await reports.found(backend.registry, report_id)
        return row["status"], await described(backend, row)

    return await backend.shared_looks.at(report_id, looked)


def event(name: str, status: ReportStatus) -> ServerSentEventMessage:
    """A server-sent event."""
    return ServerSentEventMessage(event=name, data=msgspec.json.encode(status).decode())
