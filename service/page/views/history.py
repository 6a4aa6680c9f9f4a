"""The log of reports, and the way from two of them to their comparison."""

from functools import partial
from typing import Annotated

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import QueryParameter
from litestar.response import Redirect, Template

from store_uptime.service.backend.backend import Backend
from store_uptime.service.encryption import Encryption
from store_uptime.service.page.views.rendering import render
from store_uptime.service.registry import reports
from store_uptime.service.registry.report_lookup import find_report
from store_uptime.service.registry.reports import ReportRow, ReportSummary, summaries_of
from store_uptime.service.registry.states import ReportState, states_of
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.request_options import shown_options
from store_uptime.service.routes.request_schemas import TEXT
from store_uptime.service.routes.summaries import ALL_REPORTS, FiguresOfSummary, decrypted_summary, figures_of

PAGE_LENGTH = 50
ReportId = Annotated[str, QueryParameter(pattern=TEXT, max_length=32)]
Checked = Annotated[tuple[Annotated[str, msgspec.Meta(pattern=TEXT, max_length=32)], ...], QueryParameter()]


@get("/history")
async def history_view(caller: NamedDependency[Caller], after: ReportId = "") -> Template:
    """Earlier reports, the newest first."""
    backend = caller.backend
    rows = await backend.registry.rows(reports.report_history(states_of(""), PAGE_LENGTH + 1, after=after or None))
    here = rows[:PAGE_LENGTH]  # one more was read: it shows whether there is another page
    failed = [row for row in here if row.status is ReportState.ERROR]
    return render(
        "history",
        reports=here,
        summaries=await figures_by_report(caller, [row.id for row in here if row.status is ReportState.COMPLETE]),
        again={row.id: msgspec.to_builtins(shown_options(row.options)) for row in failed},
        comparable=sum(row.status is ReportState.COMPLETE and not row.is_by_periods for row in here) > 1,
        more=here[-1].id if len(rows) > PAGE_LENGTH else None,
    )


async def figures_by_report(caller: Caller, report_ids: list[str]) -> dict[str, FiguresOfSummary]:
    """Some figures of those reports that have a summary which can be read here."""
    rows = await caller.backend.registry.rows(summaries_of(report_ids))
    read = await caller.backend.decrypt(partial(readable, caller.backend.settings.encryption), rows)
    if read:
        await caller.note("read", ALL_REPORTS, "summaries")
    return {row.id: figures_of(row.summary) for row in read}


def readable(keys: Encryption, rows: list[ReportSummary]) -> list[ReportSummary]:
    """The rows that can be decrypted, as they were."""
    decrypted = [(row.id, decrypted_summary(keys, row.summary)) for row in rows]
    return [ReportSummary(report_id, summary) for report_id, summary in decrypted if summary is not None]


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
