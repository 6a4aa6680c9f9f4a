"""The first view: the fleet as the newest report has it."""

from dataclasses import dataclass

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from store_uptime import pipeline
from store_uptime.pipeline import Options, Selection
from store_uptime.service.backend.backend import Backend
from store_uptime.service.errors import ReportEncrypted, public_message
from store_uptime.service.page.views.fleet import TableChoice, fleet_values
from store_uptime.service.page.views.rendering import progress_values, render
from store_uptime.service.registry import reports
from store_uptime.service.registry.states import UNFINISHED
from store_uptime.service.routes.caller import Caller

PAGE_LENGTH = 50


@get("/")
async def home_view(
    backend: NamedDependency[Backend],
    caller: NamedDependency[Caller],
    selection: NamedDependency[Selection],
    choice: NamedDependency[TableChoice],
) -> Template:
    """A form for a report, the reports on their way, the fleet of the newest; without data, what to do first."""
    running = await backend.registry.rows(reports.report_history(list(UNFINISHED), PAGE_LENGTH))
    newest = await backend.registry.row(reports.newest_report())
    running_values = [await progress_values(backend, row) for row in running]
    values: dict[str, object] = {"running": running_values, "report": newest, "empty": None, "encrypted": None}
    if newest is None:
        return render("home", **values | {"empty": await why_empty(backend)})
    try:
        return render("home", **values | await fleet_values(caller, newest, newest, selection, choice))
    except ReportEncrypted as error:
        # People still see what runs, and can make a report: the server may have been given other keys since.
        encrypted = {"why": str(error), "id": newest.id}
        return render("home", **values | {"report": None, "encrypted": encrypted})


@dataclass(frozen=True)
class NoReport:
    """Why there can be no report. why: a sentence; has_no_data: there is none at all."""

    why: str
    has_no_data: bool


async def why_empty(backend: Backend) -> NoReport | None:
    """Why no report can be made; None where one can be made."""
    try:
        await backend.source.data_version(Options())
    except (pipeline.NoPolls, pipeline.SourceMismatch) as error:
        return NoReport(public_message(error), not isinstance(error, pipeline.AllPollsRejected))
    return None
