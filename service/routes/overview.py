"""What a report of the three windows says of all its stores: as of now, by hour, by group and day, and incidents."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Annotated, Literal

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from store_uptime.pipeline import Selection
from store_uptime.service.backend.backend import Backend
from store_uptime.service.errors import ReportTooOld
from store_uptime.service.registry.grants import Role, needs
from store_uptime.service.registry.report_lookup import find_windows
from store_uptime.service.registry.reports import (
    EarlierReport,
    ReportRow,
    StoredFleet,
    report_before,
    stored_fleet,
    stored_overview,
)
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.conditional import etag, is_among
from store_uptime.service.routes.file_names import attachment, by_words, part_name
from store_uptime.service.routes.overview_operations import (
    GroupsOperation,
    IncidentsOperation,
    NowOperation,
    OverviewOperation,
)
from store_uptime.service.routes.problem_responses import problems
from store_uptime.service.routes.report_files import MEDIA, CsvSafe, Unchanged
from store_uptime.service.routes.request_options import names_of
from store_uptime.service.routes.request_schemas import TEXT
from store_uptime.service.routes.summaries import decrypted_summary, figures_of
from store_uptime.service.workers import overviews

GETTING = problems(
    s404="No such report.",
    s409="The report has no result, or not yet, is by periods, or an earlier version has made it.",
    s410="The report is not kept any more.",
)
WEEK, TOLERANCE = timedelta(days=7), timedelta(hours=12)
Written = FromQuery[Literal["json", "csv", ""]]
Attributes = Annotated[
    str, QueryParameter(pattern=TEXT, max_length=1000, description="Attributes with commas; zone is one of them.")
]


@dataclass(frozen=True)
class TableRequest:
    """A table of a report.

    name: what it is called; words: the same in the name of its file; is_csv, is_safe: whether it is CSV, in which
    nothing runs as a formula.
    """

    report_id: str
    name: str
    words: list[str]
    is_csv: bool
    is_safe: bool
    if_none_match: str

    @property
    def table_format(self) -> overviews.TableFormat:
        """How it is written."""
        if not self.is_csv:
            return "json"
        return "csv-safe" if self.is_safe else "csv"


@get(
    "/reports/{report_id:str}/overview",
    **needs(Role.READ),
    operation_class=OverviewOperation,
    responses=GETTING,
    tags=["overview"],
    summary="The figures of all stores of a report",
)
async def report_overview(
    caller: NamedDependency[Caller], report_id: FromPath[str], if_none_match: Unchanged = ""
) -> Response[bytes | None]:
    """How many stores were down at now, of those open; day and week against the period before; the share that was down
    by hour of the week, and by weekday and hour on the stores' own clocks."""
    row = await find_windows(caller.backend.registry, report_id, "overview")
    before = await caller.backend.registry.row(report_before(row.id, WEEK, TOLERANCE))
    # The report never changes, but one of the week before may come, get its summary, or be removed.
    headers = {"ETag": etag(row.id, "overview", before and (before.id, before.summary is None))}
    if is_among(headers["ETag"], if_none_match):
        return Response(None, status_code=304, headers=headers)
    stored = await caller.content(stored_overview(row.id), row.id)
    if stored.overview is None and stored.lanes is None:
        raise ReportTooOld("overview")
    percent = await week_percent(caller.backend, before)
    content = await caller.backend.workers.run_interactive(overviews.render_overview, stored, percent)
    return Response(content, media_type=MEDIA["json"], headers=headers)


async def week_percent(backend: Backend, report: EarlierReport | None) -> float | None:
    """The uptime of the week of another report; None where there is none, or nobody can read its summary."""
    if report is None:
        return None
    summary = await backend.decrypt(partial(decrypted_summary, backend.settings.encryption), report.summary)
    return None if summary is None else figures_of(summary).uptime_percent_week


async def content_with_lanes(caller: Caller, row: ReportRow, part: str) -> StoredFleet:
    """What is counted from. part: what it is for. Raises ReportTooOld, and what `Caller.content` raises."""
    stored = await caller.content(stored_fleet(row.id), row.id)
    if stored.lanes is None:
        raise ReportTooOld(part)
    return stored


@get(
    "/reports/{report_id:str}/now",
    **needs(Role.READ),
    operation_class=NowOperation,
    responses=GETTING,
    tags=["overview"],
    summary="How each store was at the now of a report",
)
async def report_now(
    caller: NamedDependency[Caller],
    selection: NamedDependency[Selection],
    report_id: FromPath[str],
    format: Written = "",
    csv_safe: CsvSafe = False,
    if_none_match: Unchanged = "",
) -> Response[bytes | None]:
    """Up, down, unknown or closed, since when it is down, and its day against the day before: of each store that the
    address selects, as for a file of the report."""
    is_csv = format == "csv"
    table = TableRequest(report_id, "list of stores", ["stores-now"], is_csv, csv_safe, if_none_match)
    return await table_answer(caller, table, overviews.render_now, selection)


@get(
    "/reports/{report_id:str}/incidents",
    **needs(Role.READ),
    operation_class=IncidentsOperation,
    responses=GETTING,
    tags=["overview"],
    summary="When many stores went down together",
)
async def report_incidents(
    caller: NamedDependency[Caller],
    report_id: FromPath[str],
    by: Attributes = "",
    format: Written = "",
    csv_safe: CsvSafe = False,
    if_none_match: Unchanged = "",
) -> Response[bytes | None]:
    """Of all stores, and of each value of each attribute: how many, the first and the last, and their share of those
    open; the largest share first."""
    names, is_csv = names_of(by), format == "csv"
    words = ["incidents", *by_words(names)]
    table = TableRequest(report_id, "list of incidents", words, is_csv, csv_safe, if_none_match)
    return await table_answer(caller, table, overviews.render_incidents, names)


@get(
    "/reports/{report_id:str}/groups",
    **needs(Role.READ),
    operation_class=GroupsOperation,
    responses=GETTING,
    tags=["overview"],
    summary="The week of groups of stores, day by day",
)
async def report_groups(
    caller: NamedDependency[Caller],
    report_id: FromPath[str],
    by: Attributes = "",
    format: Written = "",
    csv_safe: CsvSafe = False,
    if_none_match: Unchanged = "",
) -> Response[bytes | None]:
    """A row for each combination of values and each date on the clock of its stores: stores, how many are open and down
    now, and the minutes of the day; without attributes, of all stores."""
    names, is_csv = names_of(by), format == "csv"
    table = TableRequest(report_id, "groups", ["groups", *by_words(names)], is_csv, csv_safe, if_none_match)
    return await table_answer(caller, table, overviews.render_group_days, names)


async def table_answer(
    caller: Caller, table: TableRequest, render: Callable[..., bytes], choice: Selection | list[str]
) -> Response[bytes | None]:
    """A table, made in a worker. choice: which stores, or by which attributes. Raises NotOfWindows, ReportTooOld."""
    row = await find_windows(caller.backend.registry, table.report_id, table.name)
    headers = {"ETag": etag(row.id, table.words, table.table_format, choice)}
    if is_among(headers["ETag"], table.if_none_match):
        return Response(None, status_code=304, headers=headers)
    stored = await content_with_lanes(caller, row, table.name)
    content = await caller.backend.workers.run_interactive(render, stored, choice, table.table_format)
    if not table.is_csv:
        return Response(content, media_type=MEDIA["json"], headers=headers)
    selection = choice if isinstance(choice, Selection) else Selection()
    headers["Content-Disposition"] = attachment(part_name(row, table.words, selection, "csv"))
    return Response(content, media_type=MEDIA["csv"], headers=headers)
