"""Reports on schedule."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from store_uptime.pipeline import Format
from store_uptime.service.registry.audit import Actor
from store_uptime.service.registry.rows import Found, NoRow, ReportId, Row, StoredOptions
from store_uptime.service.registry.statements import Statement
from store_uptime.service.registry.states import CANCELLED, ReportState


@dataclass(frozen=True)
class StoredSchedule:
    """A schedule to be added or changed. options: JSON; webhook_secret: what its announcements are signed with."""

    name: str
    cron: str
    zone: str
    options: str  # as a report's, with no now of its own
    retention: timedelta | None
    deliver_to: list[str]
    format: Format
    webhook: str | None
    webhook_secret: str | None
    next_due: datetime


@dataclass(frozen=True)
class DueTime:
    """A due time of a schedule. is_late: no server was there at that time; missed_due_times: those before it that have
    no report."""

    due_at: datetime
    is_late: bool
    missed_due_times: int


@dataclass(frozen=True)
class DueSchedule(Row):
    """A schedule whose time has come. clock: what time it is."""

    name: str
    cron: str
    zone: str
    next_due: datetime
    clock: datetime


@dataclass(frozen=True)
class ScheduleName(Row):
    """The name of the schedule that a change has met."""

    name: str


@dataclass(frozen=True)
class ChangedSchedule(Row):
    """A schedule that was changed. secret: of its webhook, where that is new."""

    name: str
    next_due: datetime
    secret: str | None


@dataclass(frozen=True)
class ScheduleRow(Row):
    """A schedule, and from report_id on its newest report, if there is one."""

    name: str
    cron: str
    zone: str
    options: StoredOptions
    retention: timedelta | None
    deliver_to: list[str]
    format: Format
    webhook: str | None
    made_by: str | None
    next_due: datetime
    report_id: str | None  # None, as all that follows, where no report was made yet
    status: ReportState | None
    error: str | None
    due_at: datetime | None
    requested_at: datetime | None
    tries: int | None
    not_before: datetime | None
    warnings: list[str] | None
    warning_codes: list[str] | None

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody has ended its newest report before that was complete."""
        return self.error == CANCELLED


def any_due() -> Statement[Found]:
    """Whether the time of any schedule has come."""
    # Asked each second by each server, and cheaper than the transaction around `due_schedules`.
    return Statement("any_due", Found)


def due_schedules() -> Statement[DueSchedule]:
    """The schedules whose time has come, locked until the end of the transaction."""
    # Schedules that another server has locked are skipped: it makes their reports.
    return Statement("due_schedules", DueSchedule)


def enqueue_due(schedule: str, report_id: str, due: DueTime) -> Statement[ReportId]:
    """Queue the report of a due time; no row where it has one already."""
    return Statement("enqueue_due", ReportId, {"schedule": schedule, "id": report_id, **vars(due)})


def set_next_due(schedule: str, next_due: datetime) -> Statement[NoRow]:
    """Say when a schedule is due next."""
    return Statement("set_next_due", NoRow, {"schedule": schedule, "next_due": next_due})


def insert_schedule(schedule: StoredSchedule, by: Actor) -> Statement[ScheduleName]:
    """Add a schedule; no row where its name is taken."""
    return Statement("insert_schedule", ScheduleName, {**vars(schedule), **vars(by)})


def update_schedule(schedule: StoredSchedule, by: Actor) -> Statement[ChangedSchedule]:
    """Change a schedule; no row where there is none of its name."""
    return Statement("update_schedule", ChangedSchedule, {**vars(schedule), **vars(by)})


def all_schedules() -> Statement[ScheduleRow]:
    """Every schedule by name, and the newest report of each."""
    return Statement("all_schedules", ScheduleRow)


def delete_schedule(name: str, by: Actor) -> Statement[ScheduleName]:
    """Remove a schedule; no row where there is none of its name."""
    return Statement("delete_schedule", ScheduleName, {"name": name, **vars(by)})


def trigger_schedule(name: str, report_id: str, by: Actor) -> Statement[ReportId]:
    """Queue a report of a schedule at once, or find the one that waits; no row where there is no such schedule."""
    return Statement("trigger_schedule", ReportId, {"name": name, "id": report_id, **vars(by)})
