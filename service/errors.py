"""What can go wrong in the service, beside what can go wrong in a report.

StoreUptimeError         (of pipeline: its text is one sentence for people)
└── ServiceError         has the HTTP status that it is answered with
    ├── UnknownReport        404  nobody has ever asked for it
    ├── RemovedReport        410  it was deleted, or is older than what is kept
    ├── NotFinished          409  what was asked for comes with the result
    ├── NoResult             409  the report failed, and has none
    ├── HasData              409  sample data would be mixed with the data that is there
    ├── CannotLoad           409  the database of the tables takes no sample data from this server
    ├── Sealed               409  it is encrypted, and no key here opens it
    ├── UnknownSchedule      404  there is no schedule of this name
    ├── ScheduleExists       409  there is one of this name already
    ├── UnknownDestination   422  this server does not deliver there
    ├── PrivateWebhook       422  this server announces nothing there
    ├── OtherRequest         422  the idempotency key stands for another request
    ├── QueueFull            503  too many reports wait already
    ├── RegistryUnreachable  503  the database of the service does not answer
    ├── RegistryRefused      503  it answers, and says no
    ├── WorkerLost           503  the process that was to answer has ended
    ├── TooManyLooks         503  more looks at the tables are asked for than there can be at once
    ├── AnswerTooLate        503  there was no answer in time
    ├── NeedsMoreMemory      503  it does not fit into what a worker may use
    ├── TookTooLong          503  the answer was not there in time, and its process was ended
    ├── SourceTooSlow        503  the source was not read in time
    ├── LaneFull             503  too much of that kind waits already
    ├── TooManyAtOnce        429  too much of this client waits already
    ├── ClientGone           503  nobody waits for the answer any more
    ├── NotAllowed           401  no key, or one that opens nothing
    ├── Forbidden            403  a request that another site may have made
    └── RoleNeeded           403  the key may do less than that
NotDelivered                 a file or an announcement has not reached its destination
"""

import signal
from typing import ClassVar

from store_uptime.pipeline import (
    AllPollsRejected,
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
from store_uptime.service.causes import Cause

THE_SOURCE = "the database"  # where it is stands in the log
UNREADABLE = "The tables of polls, hours and zones cannot be read just now; the server's log says why."


class ServiceError(StoreUptimeError):
    """Any of the errors below."""

    status: ClassVar[int] = 503
    headers: ClassVar[dict[str, str]] = {}
    cause: Cause | None = None
    """Why, for the log: of those that are answered with 503."""


def public_message(error: StoreUptimeError) -> str:
    """What callers are told of an error: its sentence, but not where the tables are."""
    match error:
        case ServiceError() | HorizonOutOfRange() | SheetFull() | CellFull() | ReportDamaged():
            shown = error
        case UnknownStore(store=store):
            shown = UnknownStore(store, THE_SOURCE)
        case AllPollsRejected():
            shown = error.of(THE_SOURCE)
        case NoPolls(oldest=oldest, newest=newest, horizon=horizon, remedy=remedy):
            shown = NoPolls(THE_SOURCE, oldest, newest, horizon, remedy)
        case SourceMismatch(found=found, needed=needed):
            shown = SourceMismatch(THE_SOURCE, found, needed)
        case SourceBusy(reason=reason):
            shown = SourceBusy(THE_SOURCE, reason)
        case _:
            return UNREADABLE
    return str(shown)


class UnknownReport(ServiceError):
    """Nobody has ever asked for this report."""

    status = 404

    def __str__(self) -> str:
        return "There is no report with this id."


class RemovedReport(ServiceError):
    """The report was deleted, or is older than what is kept."""

    status = 410

    def __str__(self) -> str:
        return "This report is not kept any more. Trigger a new one."


class NotFinished(ServiceError):
    """What was asked for comes with the result."""

    status = 409

    def __str__(self) -> str:
        return "This report is still running. Ask again when it is complete."


class NoResult(ServiceError):
    """The report failed, and has none."""

    status = 409

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error

    def __str__(self) -> str:
        return f"This report has no result: {self.error}"


class HasData(ServiceError):
    """Sample data would be mixed with the data that is there."""

    status = 409

    def __str__(self) -> str:
        return "There is data in these tables already. Sample data goes into a database without any."


class CannotLoad(ServiceError):
    """The database of the tables takes no sample data from this server."""

    status = 409

    def __str__(self) -> str:
        return (
            "The sample data could not be loaded: this server may not make or write the three tables in that database. "
            "Load data as a user who may: store-uptime load DIR --database ADDRESS."
        )


class ReportEncrypted(ServiceError):
    """The report is encrypted, and no key here opens it."""

    status = 409

    def __init__(self, has_keys: bool, is_damaged: bool) -> None:
        super().__init__(has_keys, is_damaged)
        self.has_keys, self.is_damaged = has_keys, is_damaged

    def __str__(self) -> str:
        if self.is_damaged and self.has_keys:
            return "What is kept of this report is damaged: it cannot be decrypted. Trigger a new one."
        why = "with a key that is not here" if self.has_keys else "and there is no key here to read it with"
        return f"This report is encrypted, {why}. Whoever has its key can: store-uptime fetch ID --identity FILE."


class UnknownSchedule(ServiceError):
    """There is no schedule of this name."""

    status = 404

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"There is no schedule {self.name!r}."


class ScheduleExists(ServiceError):
    """There is one of this name already."""

    status = 409

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"There is a schedule {self.name!r} already. Choose another name, or remove that one first."


class UnknownDestination(ServiceError):
    """This server does not deliver there."""

    status = 422

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(name, known)
        self.name, self.known = name, known

    def __str__(self) -> str:
        rest = f"It delivers to {', '.join(self.known)}" if self.known else "It delivers nowhere yet"
        return f"This server knows no destination {self.name!r}. {rest}: --destination NAME=FOLDER names more."


class PrivateWebhook(ServiceError):
    """This server announces nothing at an address of this network."""

    status = 422

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address

    def __str__(self) -> str:
        return (
            f"This webhook leads to {self.address}, an address of a private network: "
            "--webhook-network allows those that may be."
        )


class NotDelivered(Exception):
    """A file or an announcement has not arrived. for_good: and will not; cause: what the log alone says."""

    def __init__(self, why: str, for_good: bool = False, cause: str | None = None) -> None:
        super().__init__(why, for_good, cause)
        self.why, self.for_good, self.cause = why, for_good, cause

    def __str__(self) -> str:
        return self.why


class OtherRequest(ServiceError):
    """The idempotency key stands for another request."""

    status = 422

    def __str__(self) -> str:
        return "This Idempotency-Key was used with another body. Use a new key for a new request."


class QueueFull(ServiceError):
    """Too many reports wait already."""

    headers: ClassVar[dict[str, str]] = {"Retry-After": "10"}
    cause = Cause.QUEUE_FULL

    def __init__(self, waiting: int) -> None:
        super().__init__(waiting)
        self.waiting = waiting

    def __str__(self) -> str:
        waiting = "1 report is" if self.waiting == 1 else f"{self.waiting} reports are"
        return f"{waiting} waiting already. Try again in a while."


class RegistryUnreachable(ServiceError):
    """The database of the service does not answer, or cannot do its work just now. reason: in its own words."""

    headers: ClassVar[dict[str, str]] = {"Retry-After": "5"}

    def __init__(self, cause: Cause = Cause.UNREACHABLE, reason: str = "") -> None:
        super().__init__(cause, reason)
        self.cause, self.reason = cause, reason

    def __str__(self) -> str:
        return f"The database that keeps the reports {UNABLE.get(self.cause, DOES_NOT_ANSWER)}"


DOES_NOT_ANSWER = "does not answer. It is being waited for; try again in a while."
UNABLE: dict[Cause | None, str] = {
    Cause.TIMEOUT: "has not answered in time. Try again in a while.",
    Cause.NO_CONNECTION: "is asked more than it can answer. Try again in a while.",
    Cause.TOO_MANY_CONNECTIONS: "has too many connections. Try again in a while.",
    Cause.DISK_FULL: "has a full disk, so that nothing can be added. Try again in a while.",
    Cause.READ_ONLY: "is read-only just now, so that nothing can be added. Try again in a while.",
    Cause.NO_TABLES: "has lost its tables. They are being waited for; the server's log says which.",
    Cause.NO_RIGHTS: "refuses this server. It is being waited for; the server's log says why.",
}


class RegistryRefused(ServiceError):
    """The database of the service answers, and says no."""

    def __init__(self, place: str, reason: str, remedy: str) -> None:
        super().__init__(place, reason, remedy)
        self.place, self.reason, self.remedy = place, reason, remedy

    def __str__(self) -> str:
        return f"cannot keep reports in {self.place}: {self.clause(self.reason)}. {self.remedy}"


class WorkerLost(ServiceError):
    """The process that was to answer has ended."""

    headers: ClassVar[dict[str, str]] = {"Retry-After": "1"}
    cause = Cause.WORKER_LOST

    def __init__(self, exit_status: int) -> None:
        super().__init__(exit_status)
        self.exit_status = exit_status

    def __str__(self) -> str:
        return f"The process that worked on it ended unexpectedly{self.probably}. Try again."

    @property
    def probably(self) -> str:
        """What its exit status suggests: what has no memory is killed by the system, or aborts."""
        if self.exit_status not in (-signal.SIGKILL, -signal.SIGABRT):
            return ""
        name = signal.Signals(-self.exit_status).name
        return f" ({name}), probably for want of memory; fewer workers get more each: --workers"


class TooManyLooks(ServiceError):
    """More is asked that needs a look at the tables than can be looked for at once."""

    cause = Cause.NO_CONNECTION
    headers: ClassVar[dict[str, str]] = {"Retry-After": "5"}

    def __str__(self) -> str:
        return "More is asked of the tables at once than this server can answer. Try again in a while."


class NeedsMoreMemory(ServiceError):
    """What was asked for does not fit into what a worker may use."""

    cause = Cause.OUT_OF_MEMORY

    def __str__(self) -> str:
        return "It needed more memory than a worker may use. Each has more with more memory, or with fewer --workers."


class TookTooLong(ServiceError):
    """An answer was not there in time, and its process was ended."""

    headers: ClassVar[dict[str, str]] = {"Retry-After": "10"}
    cause = Cause.REQUEST_TIMEOUT

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    def __str__(self) -> str:
        return f"This took longer than {self.seconds:g} seconds. Try again in a while, or ask for fewer stores."


class SourceTooSlow(ServiceError):
    """The source was not read in time: it is locked, or has much to do."""

    headers: ClassVar[dict[str, str]] = {"Retry-After": "30"}
    cause = Cause.SOURCE

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    def __str__(self) -> str:
        return (
            f"The tables of polls, hours and zones could not be read within {self.seconds:g} seconds: they are locked, "
            "or their database is busy. Try again in a while."
        )


class LaneFull(ServiceError):
    """Too much of that kind waits already."""

    headers: ClassVar[dict[str, str]] = {"Retry-After": "10"}
    cause = Cause.QUEUE_FULL

    def __init__(self, waiting: int) -> None:
        super().__init__(waiting)
        self.waiting = waiting

    def __str__(self) -> str:
        return f"{self.waiting} requests of this kind are waiting already. Try again in a while."


class TooManyAtOnce(ServiceError):
    """Too much of this client waits already."""

    status = 429
    headers: ClassVar[dict[str, str]] = {"Retry-After": "10"}

    def __init__(self, waiting: int) -> None:
        super().__init__(waiting)
        self.waiting = waiting

    def __str__(self) -> str:
        return f"{self.waiting} requests of this kind from this address are waiting already. Wait for those first."


class ClientGone(ServiceError):
    """Nobody waits for the answer any more, so nobody reads this."""

    def __str__(self) -> str:
        return "The client has gone."


class AnswerTooLate(ServiceError):
    """There was no answer in time."""

    headers: ClassVar[dict[str, str]] = {"Retry-After": "5"}
    cause = Cause.REQUEST_TIMEOUT

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    def __str__(self) -> str:
        return f"There was no answer within {self.seconds:g} seconds. Try again in a while."


class NotAllowed(ServiceError):
    """No key was shown, or one that opens nothing."""

    status = 401
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": 'Bearer realm="store-uptime"'}

    def __str__(self) -> str:
        return "A valid API key is needed: send it as `Authorization: Bearer KEY`, or sign in on the page."


class Forbidden(ServiceError):
    """A request that another site may have made in this browser's name."""

    status = 403

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class RoleNeeded(ServiceError):
    """The key may do less than that."""

    status = 403

    def __init__(self, needed: str, key: str, role: str) -> None:
        super().__init__(needed, key, role)
        self.needed, self.key, self.role = needed, key, role

    def __str__(self) -> str:
        return f"This needs a key with the role {self.needed}; {self.key!r} has the role {self.role}."
