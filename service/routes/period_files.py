"""What a report by periods has beside its rows: its roll-up, its outages, its profile."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from store_uptime.pipeline import Format, Selection
from store_uptime.service.front.requests import ApiRequest
from store_uptime.service.registry.grants import Role, needs
from store_uptime.service.registry.report_lookup import find_periods
from store_uptime.service.registry.reports import ReportRow, stored_figures
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.conditional import etag, is_among
from store_uptime.service.routes.file_names import attachment, by_words, part_name
from store_uptime.service.routes.openapi import PeriodFileOperation
from store_uptime.service.routes.problem_responses import problems
from store_uptime.service.routes.report_files import MEDIA, CsvSafe, Unchanged, accepted_format
from store_uptime.service.routes.request_options import StoreChoice, names_of
from store_uptime.service.routes.request_schemas import TEXT
from store_uptime.service.workers import interactive

GETTING = problems(
    s404="No such report.",
    s406="No such format.",
    s409="The report has no result, or not yet, or is not by periods.",
    s410="The report is not kept any more.",
)
GroupBy = Annotated[
    str, QueryParameter(pattern=TEXT, max_length=1000, description="Attributes with commas; else those of the report.")
]
Longest = Annotated[bool, QueryParameter(description="The longest first, and not by start.")]
PARTS = {"rollup": "roll-up", "outages": "list of outages", "profile": "profile"}


@dataclass(frozen=True)
class PartRequest:
    """A part of a report by periods.

    name: what it is called; words: the same in the name of its file, those of the report's groups if there are none;
    is_safe: nothing in it runs as a formula, where it is CSV; if_none_match: the tags of what the client has.
    """

    name: str
    words: list[str]
    report_id: str
    stores: StoreChoice
    file_format: Format
    is_safe: bool
    if_none_match: str


@get(
    "/reports/{report_id:str}/rollup",
    **needs(Role.READ),
    operation_class=PeriodFileOperation,
    responses=GETTING,
    tags=["periods"],
    summary="The sums of a report by periods, by attributes",
)
async def rollup(
    request: ApiRequest,
    caller: NamedDependency[Caller],
    stores_chosen: NamedDependency[StoreChoice],
    report_id: FromPath[str],
    by: GroupBy = "",
    format: FromQuery[Literal[Format, ""]] = "",
    csv_safe: CsvSafe = False,
    if_none_match: Unchanged = "",
) -> Response[bytes | None]:
    """A row for each combination of values and each period; without attributes, of all stores."""
    file_format = format or accepted_format(request, "json")
    names = names_of(by)
    words = ["groups", *by_words(names)] if names else []
    part = PartRequest("rollup", words, report_id, stores_chosen, file_format, csv_safe, if_none_match)
    return await part_answer(caller, part, interactive.render_rollup, names or None)


@get(
    "/reports/{report_id:str}/outages",
    **needs(Role.READ),
    operation_class=PeriodFileOperation,
    responses=GETTING,
    tags=["periods"],
    summary="The outages of a report by periods",
)
async def outages(
    request: ApiRequest,
    caller: NamedDependency[Caller],
    stores_chosen: NamedDependency[StoreChoice],
    report_id: FromPath[str],
    longest: Longest = False,
    format: FromQuery[Literal[Format, ""]] = "",
    csv_safe: CsvSafe = False,
    if_none_match: Unchanged = "",
) -> Response[bytes | None]:
    """When each store was down, for how long, on which evidence, and how sure that is: by start and id."""
    file_format = format or accepted_format(request, "json")
    part = PartRequest(
        "outages", ["longest"] * longest + ["outages"], report_id, stores_chosen, file_format, csv_safe, if_none_match
    )
    return await part_answer(caller, part, interactive.render_outages, "longest-outages" if longest else "outages")


@get(
    "/reports/{report_id:str}/profile",
    **needs(Role.READ),
    operation_class=PeriodFileOperation,
    responses=GETTING,
    tags=["periods"],
    summary="When in the week stores are down, in a report by periods",
)
async def profile(
    request: ApiRequest,
    caller: NamedDependency[Caller],
    stores_chosen: NamedDependency[StoreChoice],
    report_id: FromPath[str],
    format: FromQuery[Literal[Format, ""]] = "",
    csv_safe: CsvSafe = False,
    if_none_match: Unchanged = "",
) -> Response[bytes | None]:
    """168 cells, a weekday and an hour each, of all stores, or of each group of the report's `group_by`."""
    file_format = format or accepted_format(request, "json")
    part = PartRequest("profile", ["profile"], report_id, stores_chosen, file_format, csv_safe, if_none_match)
    return await part_answer(caller, part, interactive.render_profile)


async def part_answer(
    caller: Caller, part: PartRequest, render: Callable[..., bytes], *more: object
) -> Response[bytes | None]:
    """The file of a part, rendered in a worker. Raises NotByPeriods."""
    row = await find_periods(caller.backend.registry, part.report_id, PARTS[part.name])
    part_format = "csv-safe" if part.is_safe and part.file_format == "csv" else part.file_format
    tag = etag(row.id, part.name, part_format, part.stores, more)
    headers = {"ETag": tag, "Vary": "Accept"}
    if is_among(tag, part.if_none_match):
        return Response(None, status_code=304, headers=headers)
    stored = await caller.content(stored_figures(row.id), row.id)
    content = await caller.backend.workers.run_interactive(
        render, stored, part.stores.search, part.stores.only, part_format, *more
    )
    words = part.words or group_words(row)
    selection = Selection(part.stores.search, only=part.stores.only)
    headers["Content-Disposition"] = attachment(part_name(row, words, selection, part.file_format))
    return Response(content, media_type=MEDIA[part.file_format], headers=headers)


def group_words(row: ReportRow) -> list[str]:
    """A roll-up by the groups of its report, in the name of its file."""
    by = row.options.get("group_by", [])
    return ["groups", *by_words(by)] if by else ["totals"]
