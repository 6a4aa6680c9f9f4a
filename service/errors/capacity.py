"""Errors of how much can be done at once, with how much memory, and in what time."""

import signal
from typing import ClassVar

from store_uptime.service.errors.base import ServiceError
from store_uptime.service.errors.causes import Cause


class QueueFull(ServiceError):
    """Too many reports wait already."""

    waiting: int

    # Retry-After goes by what has to end first: a report takes seconds, a lookup less, a lock on the tables longer.
    headers: ClassVar[dict[str, str]] = {"Retry-After": "10"}
    log_cause = Cause.QUEUE_FULL
    message = "{reports} waiting already. Try again in a while."

    @property
    def words(self) -> dict[str, object]:
        return super().words | {"reports": "1 report is" if self.waiting == 1 else f"{self.waiting} reports are"}


class WorkerLost(ServiceError):
    """The process that was to answer has ended. exit_status: as `subprocess` has it, of a signal below zero."""

    exit_status: int

    headers: ClassVar[dict[str, str]] = {"Retry-After": "1"}  # Another worker takes its place at once.
    log_cause = Cause.WORKER_LOST
    message = "The process that worked on it ended unexpectedly{probably}. Try again."

    @property
    def words(self) -> dict[str, object]:
        # Where there is no memory left the kernel kills a process, or a native library in it aborts.
        if self.exit_status not in (-signal.SIGKILL, -signal.SIGABRT):
            return super().words | {"probably": ""}
        name = signal.Signals(-self.exit_status).name
        probably = f" ({name}), probably for want of memory; fewer workers get more each: --workers"
        return super().words | {"probably": probably}


class SourceOverloaded(ServiceError):
    """There are more lookups in the tables than the server can run at once."""

    headers: ClassVar[dict[str, str]] = {"Retry-After": "5"}
    log_cause = Cause.NO_CONNECTION
    message = "There are more lookups in the tables than this server can run at once. Try again in a while."


class NeedsMoreMemory(ServiceError):
    """A request needs more memory than a worker may use."""

    log_cause = Cause.OUT_OF_MEMORY
    message = "It needed more memory than a worker may use. Each has more with more memory, or with fewer --workers."


class TookTooLong(ServiceError):
    """An answer was not there in time, and its process was ended."""

    seconds: float

    headers: ClassVar[dict[str, str]] = {"Retry-After": "10"}
    log_cause = Cause.REQUEST_TIMEOUT
    message = "This took longer than {seconds:g} seconds. Try again in a while, or ask for fewer stores."


class SourceTooSlow(ServiceError):
    """The source was not read in time: it is locked, or has much to do."""

    seconds: float

    headers: ClassVar[dict[str, str]] = {"Retry-After": "30"}
    log_cause = Cause.SOURCE
    message = (
        "The tables of polls, hours and zones could not be read within {seconds:g} seconds: they are locked, "
        "or their database is busy. Try again in a while."
    )


class ServerBusy(ServiceError):
    """Too much of that kind waits already."""

    waiting: int

    headers: ClassVar[dict[str, str]] = {"Retry-After": "10"}
    log_cause = Cause.QUEUE_FULL
    message = "{waiting} requests of this kind are waiting already. Try again in a while."


class TooManyWaiting(ServiceError):
    """Too much of this client waits already."""

    waiting: int

    status = 429
    headers: ClassVar[dict[str, str]] = {"Retry-After": "10"}
    message = "{waiting} requests of this kind from this address are waiting already. Wait for those first."


class ClientGone(ServiceError):
    """The client has disconnected, so nobody reads this."""

    # An error all the same: raised, it frees the turn that the request held.
    message = "The client has gone."


class AnswerTooLate(ServiceError):
    """There was no answer in time."""

    seconds: float

    headers: ClassVar[dict[str, str]] = {"Retry-After": "5"}
    log_cause = Cause.REQUEST_TIMEOUT
    message = "There was no answer within {seconds:g} seconds. Try again in a while."
