"""The states of reports and deliveries: one word from the table to the page."""

from enum import StrEnum
from typing import Literal

Status = Literal["Running", "Complete", "Error"]
"""The state of a report as the API writes it."""


class ReportState(StrEnum):
    """The state of a report as the registry keeps it."""

    QUEUED = "queued"
    """waits for its turn, or for another try"""
    RUNNING = "running"
    COMPLETE = "complete"
    ERROR = "error"
    REMOVED = "removed"
    """was deleted, or is too old to be kept: the id alone is left"""

    @property
    def is_unfinished(self) -> bool:
        """Whether a result may still come."""
        return self in UNFINISHED

    @property
    def status(self) -> Status:
        """As the API writes it. Raises KeyError for REMOVED, which the API answers with 410."""
        return STATUSES[self]


CANCELLED = "It was cancelled."
"""The error of a report that somebody has ended, as reports.sql writes it."""
UNFINISHED = (ReportState.QUEUED, ReportState.RUNNING)
STATUSES: dict[ReportState, Status] = {
    ReportState.QUEUED: "Running",  # the API has no word for waiting: clients poll until it is not Running
    ReportState.RUNNING: "Running",
    ReportState.COMPLETE: "Complete",
    ReportState.ERROR: "Error",
}


def states_of(status: Status | Literal[""]) -> list[ReportState]:
    """The states that the API calls by a word; without one, all that it shows."""
    return [state for state, word in STATUSES.items() if not status or word == status]


class DeliveryState(StrEnum):
    """The state of a delivery."""

    WAITING = "waiting"
    """for its first try, or for another one"""
    DELIVERED = "delivered"
    FAILED = "failed"
    """was given up"""


class DeliveryKind(StrEnum):
    """What is delivered: a file of a report, or the announcement of its end."""

    FILE = "file"
    WEBHOOK = "webhook"
