"""The audit: who has done what."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from store_uptime.service.registry.rows import NoRow, Row
from store_uptime.service.registry.statements import Statement

# Whoever guesses keys would otherwise fill the table, and push out of view what else was done.
FAILURES_OF_CLIENT, FAILURES_OF_ALL = 20, 200
"""So many failed sign-ins are recorded within an hour: of one client, and of all."""


@dataclass(frozen=True)
class Actor:
    """The author of an action. who: the name of their key, if one was needed; client: their address."""

    who: str | None
    client: str


@dataclass(frozen=True)
class AuditEntry(Row):
    """What was done. subject: the id of a report, or the name of a schedule or of a key."""

    at: datetime
    who: str | None
    client: str
    action: str
    subject: str
    detail: str


def record_audit(by: Actor, action: str, subject: str, detail: str = "") -> Statement[NoRow]:
    """Record an action."""
    return Statement("record_audit", NoRow, {**vars(by), "action": action, "subject": subject, "detail": detail})


def record_failed_sign_in(client: str, subject: str) -> Statement[NoRow]:
    """Record a sign-in that was refused, unless there were too many within an hour."""
    limits = {"of_client": FAILURES_OF_CLIENT, "of_all": FAILURES_OF_ALL}
    return Statement("record_failed_sign_in", NoRow, {"client": client, "subject": subject, **limits})


def audit_entries(who: str | None, subject: str | None, since: timedelta | None, limit: int) -> Statement[AuditEntry]:
    """The recorded actions, the newest first; None: of anybody, on anything, at any time."""
    return Statement("audit_entries", AuditEntry, {"who": who, "subject": subject, "since": since, "limit": limit})
