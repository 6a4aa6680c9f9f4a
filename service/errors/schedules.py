"""Errors of schedules, deliveries and announcements."""

from store_uptime.pipeline import StoreUptimeError
from store_uptime.service.errors.base import ServiceError


class UnknownSchedule(ServiceError):
    """There is no schedule of this name."""

    name: str

    status = 404
    message = "There is no schedule {name!r}."


class ScheduleExists(ServiceError):
    """There is one of this name already."""

    name: str

    status = 409
    message = "There is a schedule {name!r} already. Choose another name, or remove that one first."


class UnknownDestination(ServiceError):
    """This server does not deliver there. known: the destinations that it has; member: of the request."""

    name: str
    known: list[str]
    member: str = "deliver_to"

    status = 422
    message = "This server knows no destination {name!r}. {rest}: --destination NAME=FOLDER names more."

    @property
    def words(self) -> dict[str, object]:
        rest = f"It delivers to {', '.join(self.known)}" if self.known else "It delivers nowhere yet"
        return super().words | {"rest": rest}


class PrivateWebhook(ServiceError):
    """This server announces nothing at an address of this network."""

    address: str

    status = 422
    message = (
        "This webhook leads to {address}, an address of a private network: --webhook-network allows those that may be."
    )


# No ServiceError: whoever made the schedule reads it later, beside the delivery, so it has no status.
class NotDelivered(StoreUptimeError):
    """A file or an announcement was not delivered. why: for the owner of the schedule; cause: for the log only."""

    why: str
    cause: str | None = None

    message = "{why}"


class NeverDelivered(NotDelivered):
    """A file or an announcement has not arrived, and it is not tried again: it would not help."""
