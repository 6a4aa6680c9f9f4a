"""The state of the registry itself, its metrics, and the removal of expired records."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from store_uptime.service.registry.rows import Count, NoRow, Row
from store_uptime.service.registry.statements import Statement
from store_uptime.service.registry.states import ReportState


@dataclass(frozen=True)
class RegistryState(Row):
    """newest: the number of the newest migration; is_read_only: nothing can be written."""

    newest: int
    is_read_only: bool


@dataclass(frozen=True)
class Clock(Row):
    """The time that schedules and deliveries go by."""

    clock: datetime


@dataclass(frozen=True)
class IdleLimit(Row):
    """How long a transaction may wait for us, as PostgreSQL writes it."""

    idle: str


@dataclass(frozen=True)
class StateCount(Row):
    """How many reports are in a state."""

    status: ReportState
    count: int


@dataclass(frozen=True)
class Lateness(Row):
    """How late all servers are; ages in seconds, 0 where nothing is late."""

    oldest_waiting_s: float
    late_due_times: int
    oldest_due_time_s: float
    oldest_lease_s: float


@dataclass(frozen=True)
class NewestData(Row):
    """The newest poll that a report has seen, and the kinds of its warnings."""

    data_now: datetime  # never None: the statement leaves out reports whose now was given
    warning_codes: list[str]


def registry_state() -> Statement[RegistryState]:
    """Which schema the registry has, and whether it can be written to; always one row."""
    return Statement("registry_state", RegistryState)


def registry_clock() -> Statement[Clock]:
    """What time it is; always one row."""
    return Statement("registry_clock", Clock)


def bound_transaction(idle_s: float) -> Statement[IdleLimit]:
    """Have PostgreSQL end this transaction where it waits longer than that for its next statement."""
    # Local to the transaction: a setting of the session would be lost behind a pooler, or met by somebody else.
    return Statement("bound_transaction", IdleLimit, {"idle": f"{idle_s}s"})


def count_by_state() -> Statement[StateCount]:
    """How many reports wait, and how many run; no row where it is none."""
    return Statement("count_by_state", StateCount)


def lateness(lease: timedelta) -> Statement[Lateness]:
    """How late all servers are; always one row."""
    return Statement("lateness", Lateness, {"lease": lease})


def newest_data() -> Statement[NewestData]:
    """How new the data of the newest report is whose now was not given."""
    return Statement("newest_data", NewestData)


def expire_reports(keep_reports: int, keep_for: timedelta) -> Statement[Count]:
    """Remove reports that are older than the limit, or more than the limit."""
    return Statement("expire_reports", Count, {"keep_reports": keep_reports, "keep_for": keep_for})


# In batches, as one statement over years of rows would hold its locks, and its own time limit, for too long.


def prune_removed(kept: timedelta, batch: int) -> Statement[Count]:
    """Delete rows of reports that were removed longer ago: at most a batch of them."""
    return Statement("prune_removed", Count, {"kept": kept, "batch": batch})


def prune_idempotency(kept: timedelta, batch: int) -> Statement[Count]:
    """Delete idempotency keys that are older: at most a batch of them."""
    return Statement("prune_idempotency", Count, {"kept": kept, "batch": batch})


def prune_audit(kept: timedelta, batch: int) -> Statement[Count]:
    """Delete entries of the audit that are older: at most a batch of them."""
    return Statement("prune_audit", Count, {"kept": kept, "batch": batch})


def prune_sessions() -> Statement[NoRow]:
    """Delete sessions that have ended."""
    return Statement("prune_sessions", NoRow)


def prune_transactions() -> Statement[NoRow]:
    """Delete our own transactions that no comparison of data versions reaches any more."""
    return Statement("prune_transactions", NoRow)
