"""The causes for which a request or a loop fails at the database: by SQLSTATE, never by the words of an error."""

from enum import StrEnum


class Cause(StrEnum):
    """The cause in the log beside each 503, and of each wait."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    NO_CONNECTION = "no free connection"
    TOO_MANY_CONNECTIONS = "too many connections"
    DISK_FULL = "disk full"
    OUT_OF_MEMORY = "out of memory"
    READ_ONLY = "read-only"
    NO_TABLES = "tables missing"
    NO_RIGHTS = "no rights"
    RESTARTING = "restarting"
    CONFLICT = "conflict"
    POOLER = "pooler"
    FAULTY = "faulty storage"
    SOURCE = "source"
    QUEUE_FULL = "queue full"
    WORKER_LOST = "worker lost"
    REQUEST_TIMEOUT = "request timeout"
    NOT_READY = "not ready"


STATES: dict[str, Cause] = {
    "08": Cause.UNREACHABLE,
    "25006": Cause.READ_ONLY,
    "25P03": Cause.TIMEOUT,  # our own transaction was idle for too long
    "25P04": Cause.TIMEOUT,
    "26": Cause.POOLER,  # a prepared statement is on another session, or there already
    "42P05": Cause.POOLER,
    "28": Cause.NO_RIGHTS,
    "42501": Cause.NO_RIGHTS,
    "3D": Cause.NO_TABLES,
    "3F": Cause.NO_TABLES,
    "42P01": Cause.NO_TABLES,
    "42703": Cause.NO_TABLES,
    "42883": Cause.NO_TABLES,
    "40": Cause.CONFLICT,
    "53100": Cause.DISK_FULL,
    "53200": Cause.OUT_OF_MEMORY,
    "53300": Cause.TOO_MANY_CONNECTIONS,
    "55P03": Cause.TIMEOUT,  # a lock
    "57014": Cause.TIMEOUT,  # cancelled: by our deadline, the server's, or by hand
    "57P05": Cause.UNREACHABLE,
    "57P": Cause.RESTARTING,
    "58": Cause.FAULTY,
    "XX": Cause.FAULTY,
}
"""By SQLSTATE, or by what one begins with."""


def cause_of_state(state: str) -> Cause | None:
    """The cause that a SQLSTATE means; None where it is an error of the statement."""
    return next((STATES[state[:length]] for length in (5, 3, 2) if state[:length] in STATES), None)
