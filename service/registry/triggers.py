"""What makes a report begin: a trigger gives a new report, or one that would not differ from it."""

import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.metadata import version

from store_uptime.pipeline import OLD_US, Columns, Options
from store_uptime.service.errors import IdempotencyKeyReused, QueueFull
from store_uptime.service.registry.audit import Actor, record_audit
from store_uptime.service.registry.registry import Execute, Registry
from store_uptime.service.registry.rows import Count, NoRow, ReportId, Row
from store_uptime.service.registry.statements import Statement

OLD = timedelta(microseconds=OLD_US)


@dataclass(frozen=True)
class ReportRequest:
    """A request for a report. data_version: that of the source at the time (None: not known)."""

    options: Options
    columns: Columns
    by: Actor
    data_version: str | None
    idempotency_key: str = ""

    @property
    def stored(self) -> str:
        """The options as the registry compares them."""
        return stored_options(self.options, self.columns)

    @property
    def scope(self) -> str:
        """Within what an idempotency key means something: one API key."""
        return self.by.who or ""


@dataclass(frozen=True)
class Locked(Row):
    """That the lock is ours."""

    locked: bool


@dataclass(frozen=True)
class RememberedReport(Row):
    """The report of an idempotency key, and whether the same was requested with it."""

    report_id: str
    same_options: bool


def lock_triggers() -> Statement[Locked]:
    """Have other triggers wait for the end of this transaction."""
    return Statement("lock_triggers", Locked)


def remembered_report(scope: str, key: str, options: str) -> Statement[RememberedReport]:
    """The report that an idempotency key has led to."""
    return Statement("remembered_report", RememberedReport, {"scope": scope, "key": key, "options": options})


def remember_report(scope: str, key: str, options: str, report_id: str) -> Statement[NoRow]:
    """Remember the report that an idempotency key has led to."""
    values = {"scope": scope, "key": key, "options": options, "report_id": report_id}
    return Statement("remember_report", NoRow, values)


def find_equivalent(options: str, data_version: str | None, made_by: str, old_after: timedelta) -> Statement[ReportId]:
    """A report whose figures are those that a new one would have."""
    values = {"options": options, "data_version": data_version, "made_by": made_by, "old_after": old_after}
    return Statement("find_equivalent", ReportId, values)


def count_waiting() -> Statement[Count]:
    """How many reports wait, those on schedule aside; always one row."""
    return Statement("count_waiting", Count)


def enqueue(report_id: str, options: str, client: str, requested_by: str | None) -> Statement[NoRow]:
    """Queue a report. client: the one in whose turn it runs."""
    values = {"id": report_id, "options": options, "client": client, "requested_by": requested_by}
    return Statement("enqueue", NoRow, values)


async def trigger(registry: Registry, request: ReportRequest, queue_limit: int) -> str:
    """The id of the report that answers a trigger: a new one, or one that would not differ from it.

    Raises IdempotencyKeyReused, QueueFull.
    """
    async with registry.transaction() as execute:
        await execute(lock_triggers())  # or two equal triggers at once would both find no report to share
        known = await answered_before(execute, request)
        if known:
            return known  # and nothing is recorded: it is the same trigger, sent again
        report_id = await shared_report(execute, request) or await new_report(execute, request, queue_limit)
        if request.idempotency_key:
            await execute(remember_report(request.scope, request.idempotency_key, request.stored, report_id))
        await execute(record_audit(request.by, "triggered", report_id))
        return report_id


async def answered_before(execute: Execute, request: ReportRequest) -> str | None:
    if not request.idempotency_key:
        return None
    rows = await execute(remembered_report(request.scope, request.idempotency_key, request.stored))
    if rows and not rows[0].same_options:
        raise IdempotencyKeyReused
    return rows[0].report_id if rows else None


async def shared_report(execute: Execute, request: ReportRequest) -> str | None:
    rows = await execute(find_equivalent(request.stored, request.data_version, made_by(), OLD))
    return rows[0].id if rows else None


async def new_report(execute: Execute, request: ReportRequest, queue_limit: int) -> str:
    [waiting] = await execute(count_waiting())
    if waiting.count >= queue_limit:
        raise QueueFull(waiting.count)
    report_id = new_id()
    # Turns go round by key, or else by address, so that nobody's hundred triggers keep another one waiting.
    client = request.by.who or request.by.client
    await execute(enqueue(report_id, request.stored, client, request.by.who))
    return report_id


def stored_options(options: Options, columns: Columns) -> str:
    """Options as JSON: equal values for equal meaning."""
    # Compared as jsonb, to which the order of members, spaces, and 7200 or 7200.0 are the same.
    return json.dumps(options.to_dict() | {"columns": columns})


@cache
def made_by() -> str:
    """What the figures follow from beside the data: the version of the program, and of the zones."""
    return ", ".join(f"{name} {version(name)}" for name in ("store-uptime", "tzdata"))


def new_id() -> str:
    """An id that nobody can guess: who knows it and has a key may look at the report."""
    return secrets.token_hex(16)
