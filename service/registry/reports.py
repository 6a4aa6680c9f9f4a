"""Reports as the API knows them: asked for, looked at, cancelled, removed. The registry in, plain values out."""

import json
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.metadata import version
from typing import Any, Literal

from store_uptime.pipeline import OLD_US, Columns, Options, Step, step_of
from store_uptime.service.errors import (
    IdempotencyKeyReused,
    QueueFull,
    ReportFailed,
    ReportNotFinished,
    ReportRemoved,
    UnknownReport,
)
from store_uptime.service.registry.grants import Grant, Role
from store_uptime.service.registry.registry import Execute, Registry, Row

Status = Literal["Running", "Complete", "Error"]
STATUSES: dict[Status, list[str]] = {"Running": ["queued", "running"], "Complete": ["complete"], "Error": ["error"]}
REPORT_ID = re.compile("[0-9a-f]{32}")
WORDS = {state: word for word, states in STATUSES.items() for state in states}


@dataclass(frozen=True)
class ReportRequest:
    """A trigger: what for, its now in UTC; by whom; what the source was like just then (None: that cannot be told)."""

    options: Options
    columns: Columns
    address: str
    key_name: str | None
    data_version: str | None
    idempotency_key: str | None = None

    @property
    def stored(self) -> str:
        """The options as the registry compares them."""
        return stored_options(self.options, self.columns)


def stored_options(options: Options, columns: Columns) -> str:
    """Options as JSON: equal text for equal meaning."""
    return json.dumps(options.to_dict() | {"columns": columns})


@cache
def made_by() -> str:
    """What the figures follow from beside the data: the version of the program, and of the zones."""
    return ", ".join(f"{name} {version(name)}" for name in ("store-uptime", "tzdata"))


async def triggered(registry: Registry, asked: ReportRequest, queue_limit: int) -> str:
    """The id of the report that answers a trigger: a new one, or one that would not differ from it.

    Raises IdempotencyKeyReused, QueueFull.
    """
    async with registry.transaction() as say:
        await say("trigger_lock")
        known = await remembered(say, asked)
        if known:
            return known
        report_id = await joined(say, asked) or await queued(say, asked, queue_limit)
        if asked.idempotency_key:
            values = {"key": asked.idempotency_key, "options": asked.stored, "report_id": report_id}
            await say("remember", scope=asked.key_name or "", **values)
        done = {"action": "triggered", "subject": report_id, "detail": ""}
        await say("note", who=asked.key_name, client=asked.address, **done)
        return report_id


async def remembered(say: Execute, asked: ReportRequest) -> str | None:
    """The report that the same idempotency key has led to. Raises IdempotencyKeyReused."""
    if not asked.idempotency_key:
        return None
    rows = await say("remembered", scope=asked.key_name or "", key=asked.idempotency_key, options=asked.stored)
    if rows and not rows[0]["same_options"]:
        raise IdempotencyKeyReused
    return rows[0]["report_id"] if rows else None


async def joined(say: Execute, asked: ReportRequest) -> str | None:
    """A report whose figures are those that a new one would have."""
    same = {"options": asked.stored, "data_version": asked.data_version, "made_by": made_by()}
    rows = await say("joinable", **same, old_after=timedelta(microseconds=OLD_US))
    return rows[0]["id"] if rows else None


async def queued(say: Execute, asked: ReportRequest, limit: int) -> str:
    """A new report that waits for its turn. Raises QueueFull."""
    waiting = (await say("waiting"))[0]["count"]
    if waiting >= limit:
        raise QueueFull(waiting)
    report_id, client = new_id(), asked.key_name or asked.address
    await say("queue", id=report_id, options=asked.stored, client=client, requested_by=asked.key_name)
    return report_id


def new_id() -> str:
    """An id that nobody can guess."""
    return secrets.token_hex(16)


def file_name(report: Row, columns: Columns) -> str:
    """What a file of a report is called where it is delivered, without an ending: morning-20260310T051500Z; no two
    reports and no two choices of columns have the same."""
    moment = report["due_at"] or report["requested_at"]
    name = f"{report['schedule'] or 'report'}-{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    own = "" if report["due_at"] else f"-{report['id'][:8]}"
    return name + own + ("" if columns == report["options"]["columns"] else f"-{columns}")


async def found(registry: Registry, report_id: str) -> Row:
    """A report's row without what is large. Raises UnknownReport, ReportRemoved."""
    return known(await registry.row("status", id=report_id) if REPORT_ID.fullmatch(report_id) else None)


def known(row: Row | None) -> Row:
    """The row of a report that is there. Raises UnknownReport, ReportRemoved."""
    if row is None:
        raise UnknownReport
    if row["status"] == "removed":
        raise ReportRemoved
    return row


async def progress(registry: Registry, row: Row) -> dict[str, Any]:
    """What an unfinished report is doing: step, seconds since its trigger or its beginning, reports before it."""
    if row["status"] == "queued" and row["tries"]:
        step = f"waiting for try {row['tries'] + 1}: {row['error']}"
        return {"step": step, "stage": Step.WAITING, "seconds": row["seconds"], "ahead": 0}
    if row["status"] == "queued":
        ahead = await registry.row("ahead", requested_at=row["requested_at"])
        before = ahead["count"] if ahead else 0
        return {"step": "waiting for its turn", "stage": Step.WAITING, "seconds": row["seconds"], "ahead": before}
    step = row["step"] or "starting"
    return {"step": step, "stage": step_of(step), "seconds": row["seconds"], "ahead": 0}


async def finished(registry: Registry, report_id: str) -> Row:
    """A report's row, where it has a result. Raises UnknownReport, ReportRemoved, ReportNotFinished, ReportFailed."""
    return with_result(await found(registry, report_id))


def with_result(row: Row) -> Row:
    """The row of a report that has a result. Raises ReportNotFinished, ReportFailed."""
    if row["status"] in STATUSES["Running"]:
        raise ReportNotFinished
    if row["status"] == "error":
        raise ReportFailed(row["error"])
    return row


async def content(registry: Registry, statement: str, report_id: str) -> Row:
    """Stored bytes of a complete report. Raises ReportRemoved where it has been removed meanwhile."""
    row = await registry.row(statement, id=report_id)
    if row is None:
        raise ReportRemoved
    return row


async def ended(registry: Registry, report_id: str, grant: Grant, by: dict[str, str | None]) -> None:
    """Cancel a report that runs, remove one that has finished. Raises UnknownReport, ReportRemoved, RoleNeeded."""
    await found(registry, report_id)
    if not await registry.rows("cancel", id=report_id, is_admin=grant.allows(Role.ADMIN), **by):
        grant.check(Role.ADMIN)
        await registry.rows("remove", id=report_id, **by)


def utc(moment: datetime | None) -> datetime | None:
    """An instant of the registry as the API writes it, whatever the zone of the connection."""
    return None if moment is None else moment.astimezone(UTC)


def iso(moment: datetime | None) -> str | None:
    """An instant as the API writes it."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
