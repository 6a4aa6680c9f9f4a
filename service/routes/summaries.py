"""The summaries of reports: what trends show of each, and what others are compared with."""

import time
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from store_uptime.pipeline import ReportDamaged
from store_uptime.service.encryption import Encryption
from store_uptime.service.errors import ReportEncrypted, ReportRemoved
from store_uptime.service.registry.grants import Role, needs
from store_uptime.service.registry.reports import SummaryRow, save_summary, stored_fleet, summaries
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.conditional import etag, is_among
from store_uptime.service.routes.overview_operations import SummariesOperation
from store_uptime.service.routes.problem_responses import problems
from store_uptime.service.routes.report_files import Unchanged
from store_uptime.service.routes.request_options import names_of
from store_uptime.service.routes.request_schemas import TEXT
from store_uptime.service.workers import overviews

ALL_REPORTS = "reports"  # the subject in the audit
MAKING_S = 1.0  # how long one look at trends may make summaries of old reports: the next one goes on
Limit = Annotated[int, QueryParameter(ge=1, le=1000)]
OfGroups = Annotated[
    str,
    QueryParameter(pattern=TEXT, max_length=1000, description="Attributes with commas; else all."),
]


class FiguresOfSummary(msgspec.Struct):
    """What is needed of `pipeline.summary` beside trends."""

    now: datetime
    open: int
    down: int
    uptime_percent_week: float | None


def figures_of(summary: bytes) -> FiguresOfSummary:
    """The figures of a summary."""
    return msgspec.json.decode(summary, type=FiguresOfSummary)


@get(
    "/reports/summaries",
    **needs(Role.READ),
    media_type="application/json",
    operation_class=SummariesOperation,
    responses=problems(s409="They are encrypted, and there is no key here."),
    tags=["overview"],
    summary="Some figures of each of many reports",
)
async def report_summaries(
    caller: NamedDependency[Caller], limit: Limit = 100, by: OfGroups = "", if_none_match: Unchanged = ""
) -> Response[bytes | None]:
    """Complete reports of the last hour, day and week of all stores, the newest first: as of when, how many stores were
    down of those open, uptime and coverage, of all stores and of each group. Those of an older version get theirs by
    and by, as often as this is called."""
    rows = await recent_summaries(caller, limit)
    names = names_of(by)
    headers = {"ETag": etag("summaries", names, [(row.id, row.summary is None) for row in rows])}
    if is_among(headers["ETag"], if_none_match):
        return Response(None, status_code=304, headers=headers)
    content = await caller.backend.workers.run_interactive(overviews.render_summaries, rows, names)
    return Response(content, headers=headers)


async def recent_summaries(caller: Caller, limit: int) -> list[SummaryRow]:
    """The newest reports with their summaries, decrypted; those that have none get theirs, as many as soon can be made.

    Of a report that cannot be decrypted the summary is None. Raises ReportEncrypted where none can be decrypted.
    """
    rows = await caller.backend.registry.rows(summaries(limit))
    read = await decrypted_rows(caller, rows)
    if any(row.summary for row in rows) and not any(row.summary for row in read):
        raise ReportEncrypted
    read = await with_summaries(caller, read)
    await caller.note("read", ALL_REPORTS, "summaries")
    return read


async def decrypted_rows(caller: Caller, rows: list[SummaryRow]) -> list[SummaryRow]:
    """The rows with their summaries as they were; None where no key opens one."""
    return await caller.backend.decrypt(partial(with_decrypted, caller.backend.settings.encryption), rows)


def with_decrypted(keys: Encryption, rows: list[SummaryRow]) -> list[SummaryRow]:
    return [replace(row, summary=decrypted_summary(keys, row.summary)) for row in rows]


async def with_summaries(caller: Caller, rows: list[SummaryRow]) -> list[SummaryRow]:
    """The reports with summaries for those that have none, as many as soon can be made."""
    keys, until = caller.backend.settings.encryption, time.monotonic() + MAKING_S
    if keys.recipients and not keys.identities:  # the figures cannot be read either
        return rows
    return [await with_summary(caller, row, until) for row in rows]


def decrypted_summary(keys: Encryption, summary: bytes | None) -> bytes | None:
    """A summary as it was; None where there is none, or no key opens it."""
    try:
        return None if summary is None else keys.decrypt(summary)
    except ReportEncrypted:
        return None


async def with_summary(caller: Caller, row: SummaryRow, until: float) -> SummaryRow:
    """The report with its summary, made now where it has none; as it is once it is later than `until`."""
    if row.summary is not None or not row.has_lanes or time.monotonic() > until:
        return row
    backend = caller.backend
    try:
        # Nobody has asked for this report: what is read of it is not noted.
        stored = await caller.unnoted_content(stored_fleet(row.id))
        summary = await backend.workers.run_interactive(overviews.make_summary, stored)
    except (ReportRemoved, ReportEncrypted, ReportDamaged):
        return row
    as_of = figures_of(summary).now
    await backend.registry.rows(save_summary(row.id, backend.settings.encryption.encrypt(summary), as_of))
    return replace(row, summary=summary, as_of=as_of)
