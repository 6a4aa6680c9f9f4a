"""Errors of the registry: the service's own database."""

from typing import ClassVar

from store_uptime.pipeline import Clause
from store_uptime.service.errors.base import ServiceError
from store_uptime.service.errors.causes import Cause

# Callers learn what to expect, not the message of the database: it may hold names of hosts, roles and tables.
UNABLE: dict[Cause, str] = {
    Cause.TIMEOUT: "has not answered in time. Try again in a while.",
    Cause.NO_CONNECTION: "has more requests than it can answer. Try again in a while.",
    Cause.TOO_MANY_CONNECTIONS: "has too many connections. Try again in a while.",
    Cause.DISK_FULL: "has a full disk, so that nothing can be added. Try again in a while.",
    Cause.READ_ONLY: "is read-only just now, so that nothing can be added. Try again in a while.",
    Cause.NO_TABLES: "has lost its tables. They are being waited for; the server's log says which.",
    Cause.NO_RIGHTS: "refuses this server. It is being waited for; the server's log says why.",
}
DOES_NOT_ANSWER = "does not answer. It is being waited for; try again in a while."


class RegistryUnreachable(ServiceError):
    """The database of the service does not answer, or cannot do its work just now. reason: in its own words."""

    cause: Cause = Cause.UNREACHABLE
    reason: str = ""

    headers: ClassVar[dict[str, str]] = {"Retry-After": "5"}
    message = "The database that keeps the reports {does}"

    @property
    def words(self) -> dict[str, object]:
        return super().words | {"does": UNABLE.get(self.cause, DOES_NOT_ANSWER)}


class RegistryRefused(ServiceError):
    """The database of the service refuses this server."""

    address: str
    reason: Clause
    remedy: str

    message = "cannot keep reports in {address}: {reason}. {remedy}"
