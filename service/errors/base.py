"""The base of the errors of the service, and the message of each that callers may read."""

from typing import ClassVar

from store_uptime.pipeline import (
    BadPeriod,
    CannotWrite,
    CellFull,
    CertificatesUnusable,
    ClusterLost,
    ClusterUnreachable,
    ExchangeNotShared,
    HorizonOutOfRange,
    NoPolls,
    NoSuchZone,
    NoWorkers,
    PartMissing,
    PeriodOutOfRange,
    ReportDamaged,
    SheetFull,
    SourceBusy,
    SourceMismatch,
    StoreUptimeError,
    UnknownAttribute,
    UnknownStore,
    UnknownValue,
    WorkerMismatch,
    WorkersLost,
)
from store_uptime.service.errors.causes import Cause

THE_SOURCE = "the database"  # where it is stands in the log
UNREADABLE = "The tables of polls, hours and zones cannot be read just now; the server's log says why."
SENTENCES: dict[type[StoreUptimeError], str] = {
    StoreUptimeError: UNREADABLE,  # of those that are not here: what is wrong with the source
    ClusterUnreachable: "The cluster that makes large reports does not answer; the server's log says why.",
    NoWorkers: "The cluster that makes large reports has no workers; the server's log says for how long.",
    CertificatesUnusable: "The certificates for the cluster that makes large reports are not what they should be; "
    "the server's log says which.",
    ClusterLost: "The cluster was lost while it made the report. Try again.",
    WorkersLost: "One part of the report was the end of several workers of the cluster; the server's log says which.",
    ExchangeNotShared: "A worker of the cluster does not find what the server has put down for it; the server's log "
    "says which.",
    WorkerMismatch: "A worker of the cluster has other versions than the server; the server's log says which.",
    CannotWrite: "What a large report needs on its way cannot be written; the server's log says why.",
}
"""What callers read: an address names hosts, users and databases, which are nobody's business who may only look at
reports."""


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
        case UnknownAttribute() | UnknownValue() | PartMissing() | BadPeriod() | PeriodOutOfRange() | NoSuchZone():
            return str(error)
        case UnknownStore() | NoPolls() | SourceMismatch() | SourceBusy():
            return str(error.replace(source=THE_SOURCE))
        case _:
            return next(SENTENCES[kind] for kind in type(error).__mro__ if kind in SENTENCES)
