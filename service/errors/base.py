"""What every error of the service is, and what callers are told of one."""

from typing import ClassVar

from store_uptime.pipeline import (
    CellFull,
    HorizonOutOfRange,
    NoPolls,
    ReportDamaged,
    SheetFull,
    SourceBusy,
    SourceMismatch,
    StoreUptimeError,
    UnknownStore,
)
from store_uptime.service.errors.causes import Cause

THE_SOURCE = "the database"  # where it is stands in the log
UNREADABLE = "The tables of polls, hours and zones cannot be read just now; the server's log says why."


class ServiceError(StoreUptimeError):
    """Answers a request."""

    # 503 unless a class says more: what is not the request's fault is worth another try.
    status: ClassVar[int] = 503
    headers: ClassVar[dict[str, str]] = {}
    log_cause: ClassVar[Cause | None] = None
    """Why, for the log: of those that are answered with 503."""


class CommandError(StoreUptimeError):
    """Ends a command, or keeps the server from starting."""


def public_message(error: StoreUptimeError) -> str:
    """What callers are told of an error: its sentence, but not where the tables are."""
    match error:
        case ServiceError() | HorizonOutOfRange() | SheetFull() | CellFull() | ReportDamaged():
            return str(error)
        # An address names hosts, users and databases, which are nobody's business who may only look at reports.
        case UnknownStore() | NoPolls() | SourceMismatch() | SourceBusy():
            return str(error.replace(source=THE_SOURCE))
        case _:
            return UNREADABLE
