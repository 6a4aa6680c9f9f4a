"""The log of reports, and the way from two of them to their comparison."""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import QueryParameter
from litestar.response import Redirect, Template

from store_uptime.service.backend.backend import Backend
from store_uptime.service.page.views.rendering import render
from store_uptime.service.registry import reports
from store_uptime.service.registry.report_lookup import check_cursor, find_report
from store_uptime.service.registry.reports import ReportRow, summaries_of
from store_uptime.service.registry.states import ReportState, states_of
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.request_options import shown_options
from store_uptime.service.routes.request_schemas import TEXT
from store_uptime.service.routes.summaries import (
    ALL_REPORTS,
    FiguresOfSummary,
    decrypted_rows,
    figures_of,
    with_summaries,
)

PAGE_LENGTH = 50
ReportId = Annotated[str, QueryParameter(pattern=TEXT, max_length=32)]
Checked = Annotated[tuple[Annotated[str, msgspec.Meta(pattern=TEXT, max_length=32)], ...], QueryParameter()]


@dataclass(frozen=True)
class Read:
    """What is known of the results of reports. figures: by report; unreadable: those that are encrypted for a key that
    this server does not have."""

    figures: dict[str, FiguresOfSummary]
    unreadable: set[str]


@get("/history")
async def history_view(caller: NamedDependency[Caller], after: ReportId = "") -> Template:
    """Earlier reports, the newest first."""
    backend = caller.backend
    if after:
        await check_cursor(backend.registry, after)
    rows = await backend.registry.rows(reports.report_history(states_of(""), PAGE_LENGTH + 1, after=after or None))
    here = rows[:PAGE_LENGTH]  # one more was read: it shows whether there is another page
    failed = [row for row in here if row.status is ReportState.ERROR]
    read = await read_figures(caller, [row.id for row in here if row.status is ReportState.COMPLETE])
    comparable = {row.id for row in here if row.status is ReportState.COMPLETE and not row.is_by_periods}
    return render(
        "history",
        reports=here,
        summaries=read.figures,
        unreadable=read.unreadable,
        again={row.id: msgspec.to_builtins(shown_options(row.options)) for row in failed},
        comparable=comparable - read.unreadable,
        more=here[-1].id if len(rows) > PAGE_LENGTH else None,
    )


async def read_figures(caller: Caller, report_ids: list[str]) -> Read:
    """Some figures of complete reports; those of an earlier version get theirs, as many as soon can be made."""
    rows = await caller.backend.registry.rows(summaries_of(report_ids))
    decrypted = await decrypted_rows(caller, rows)
    unreadable = {row.id for row, read in zip(rows, decrypted, strict=True) if row.summary and not read.summary}
    found = await with_summaries(caller, [row for row in decrypted if row.id not in unreadable])
    figures = {row.id: figures_of(row.summary) for row in found if row.summary is not None}
    if figures:
        await caller.note("read", ALL_REPORTS, "summaries")
    return Read(figures, unreadable)


@get("/history/compare")
async def checked_view(backend: NamedDependency[Backend], report: Checked = ()) -> Redirect:
    """Leads from the two that are checked in the log to their comparison, the older one first."""
    if len(report) != 2:
        raise ValidationException(f"Check two uptime reports to compare, not {len(report)}.")
    old, new = sorted([await find_report(backend.registry, each) for each in report], key=end)
    return Redirect("/compare", query_params={"old": old.id, "new": new.id}, status_code=303)


def end(row: ReportRow) -> tuple[object, ...]:
    """What reports are in order by: their now, and of the same now when they were triggered."""
    return row.as_of or row.requested_at, row.requested_at
