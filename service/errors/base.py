"""The base of the errors of the service, and the message of each that callers may read."""

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

    # 503 unless a class sets another: an error that is not the fault of the request may pass.
    status: ClassVar[int] = 503
    headers: ClassVar[dict[str, str]] = {}
    log_cause: ClassVar[Cause | None] = None
    """Why, for the log: of those that are answered with 503."""


class CommandError(StoreUptimeError):
    """Ends a command, or keeps the server from starting."""


def public_message(error: StoreUptimeError) -> str:
    """The sentence of an error for callers, without the address of the tables."""
    match error:
        case ServiceError() | HorizonOutOfRange() | SheetFull() | CellFull() | ReportDamaged():
            return str(error)
        # An address names hosts, users and databases, which are nobody's business who may only look at reports.
        case UnknownStore() | NoPolls() | SourceMismatch() | SourceBusy():
            return str(error.replace(source=THE_SOURCE))
        case _:
            return UNREADABLE
