"""A report by its id: its state, its stored result, its end; or the error why there is none."""

import re
from dataclasses import dataclass
from datetime import UTC
from typing import TypeVar

from store_uptime.pipeline import Columns, Step, step_of
from store_uptime.service.errors import (
    NotByPeriods,
    NotOfWindows,
    ReportFailed,
    ReportNotFinished,
    ReportRemoved,
    UnknownReport,
)
from store_uptime.service.registry.audit import Actor
from store_uptime.service.registry.grants import Grant, Role
from store_uptime.service.registry.queue import ClaimedRun
from store_uptime.service.registry.registry import Registry
from store_uptime.service.registry.reports import (
    ReportRow,
    cancel_report,
    count_ahead,
    remove_report,
    report_row,
)
from store_uptime.service.registry.rows import Row
from store_uptime.service.registry.statements import Statement
from store_uptime.service.registry.states import ReportState

REPORT_ID = re.compile("[0-9a-f]{32}")
Stored = TypeVar("Stored", bound=Row)


@dataclass(frozen=True)
class RunProgress:
    """What an unfinished report is doing, in words and as a stage. seconds: since its run began, or else its trigger;
    ahead: reports before it."""

    step: str
    stage: Step
    seconds: float
    ahead: int = 0


async def find_report(registry: Registry, report_id: str) -> ReportRow:
    """A report by its id. Raises UnknownReport, ReportRemoved."""
    # A text that is no id never reaches the database: it may hold what PostgreSQL's text cannot.
    return kept(await registry.row(report_row(report_id)) if REPORT_ID.fullmatch(report_id) else None)


async def check_cursor(registry: Registry, report_id: str) -> None:
    """Raises UnknownReport where a page is to follow a report that there never was; one that is removed will do."""
    if not REPORT_ID.fullmatch(report_id) or await registry.row(report_row(report_id)) is None:
        raise UnknownReport


def kept(row: ReportRow | None) -> ReportRow:
    """The report, if there is one. Raises UnknownReport, ReportRemoved."""
    if row is None:
        raise UnknownReport
    if row.status is ReportState.REMOVED:
        raise ReportRemoved
    return row


async def find_result(registry: Registry, report_id: str) -> ReportRow:
    """A report that has a result. Raises UnknownReport, ReportRemoved, ReportNotFinished, ReportFailed."""
    return with_result(await find_report(registry, report_id))


async def find_windows(registry: Registry, report_id: str, part: str) -> ReportRow:
    """A report of the three windows that has a result. part: what only such a one has. Raises NotOfWindows, and what
    `find_result` raises."""
    row = await find_result(registry, report_id)
    if row.is_by_periods:
        raise NotOfWindows(part)
    return row


async def find_periods(registry: Registry, report_id: str, part: str) -> ReportRow:
    """A report by periods that has a result. part: what only such a one has. Raises NotByPeriods, and what
    `find_result` raises."""
    row = await find_result(registry, report_id)
    if not row.is_by_periods:
        raise NotByPeriods(part)
    return row


def with_result(row: ReportRow) -> ReportRow:
    """The report, if it has a result. Raises ReportNotFinished, ReportFailed."""
    if row.status.is_unfinished:
        raise ReportNotFinished
    if row.status is ReportState.ERROR:
        raise ReportFailed(row.error or "")
    return row


async def find_stored(registry: Registry, statement: Statement[Stored]) -> Stored:
    """What is stored of a complete report. Raises ReportRemoved where it has been removed meanwhile."""
    row = await registry.row(statement)
    if row is None:
        raise ReportRemoved
    return row


async def run_progress(registry: Registry, row: ReportRow) -> RunProgress:
    """What an unfinished report is doing."""
    if row.status is not ReportState.QUEUED:
        step = row.step or "starting"
        return RunProgress(step, step_of(step), row.seconds)
    if row.tries:
        return RunProgress(f"waiting for try {row.tries + 1}: {row.error}", Step.WAITING, row.seconds)
    ahead = await registry.only_row(count_ahead(row.requested_at))
    return RunProgress("waiting for its turn", Step.WAITING, row.seconds, ahead.count)


async def cancel_or_remove(registry: Registry, report_id: str, grant: Grant, by: Actor) -> None:
    """Cancel a report that is unfinished, remove one that has finished. Raises UnknownReport, ReportRemoved,
    RoleNeeded."""
    await find_report(registry, report_id)
    # Cancelled first: what finishes just then is not cancelled any more, and so is removed.
    if not await registry.rows(cancel_report(report_id, by, grant)):
        grant.check(Role.ADMIN)
        await registry.rows(remove_report(report_id, by))


def delivered_name(report: ReportRow | ClaimedRun, columns: Columns) -> str:
    """The name of a file of a report where it is delivered, without an ending: morning-20260310T051500Z.

    No two reports have the same, nor do two choices of columns.
    """
    moment = report.due_at or report.requested_at
    name = f"{report.schedule or 'report'}-{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    # A due time has one report; whatever else is triggered may come twice within a second.
    own = "" if report.due_at else f"-{report.id[:8]}"
    return name + own + ("" if columns == report.options["columns"] else f"-{columns}")
