"""Deliveries: files to destinations, announcements to webhooks."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from store_uptime.service.registry.audit import Actor
from store_uptime.service.registry.rows import Found, NoRow, ReportId, Row
from store_uptime.service.registry.statements import Statement
from store_uptime.service.registry.states import DeliveryKind, DeliveryState


@dataclass(frozen=True)
class OutgoingFile:
    """A file to be delivered, and the names of its destinations; without destinations there is no file."""

    deliver_to: list[str]
    file_name: str | None
    file: bytes | None


@dataclass(frozen=True)
class ClaimedDelivery(Row):
    """A delivery to be tried now. target: a destination, or the address of a webhook; name, content: of a file;
    secret: the key that signs an announcement; tries: this one included."""

    id: int
    report_id: str
    kind: DeliveryKind
    target: str
    name: str
    content: bytes | None
    secret: str | None
    tries: int
    lease_until: datetime


@dataclass(frozen=True)
class DeliveryRow(Row):
    """What became of a delivery. error: of the last try that failed; next_try_at: while it waits."""

    kind: DeliveryKind
    target: str
    name: str
    status: DeliveryState
    tries: int
    error: str | None
    done_at: datetime | None
    next_try_at: datetime | None


@dataclass(frozen=True)
class Undelivered(Row):
    """How many deliveries wait, and how many were given up."""

    waiting: int
    failed: int


@dataclass(frozen=True)
class Target(Row):
    """The target of a delivery."""

    target: str


@dataclass(frozen=True)
class DeliveryId(Row):
    """Which delivery it is."""

    id: int


@dataclass(frozen=True)
class FileContent(Row):
    """The content of a file to be delivered."""

    content: bytes


def any_deliverable(kind: DeliveryKind, destinations: list[str]) -> Statement[Found]:
    """Whether there are deliveries that this server can make."""
    return Statement("any_deliverable", Found, {"kind": kind.value, "destinations": destinations})


def claim_delivery(kind: DeliveryKind, destinations: list[str], lease: timedelta) -> Statement[ClaimedDelivery]:
    """Take the next delivery; no row where there is none."""
    values = {"kind": kind.value, "destinations": destinations, "lease": lease}
    return Statement("claim_delivery", ClaimedDelivery, values)


def record_delivered(delivery: ClaimedDelivery, detail: str) -> Statement[NoRow]:
    """Record that a delivery was made, unless its lease has expired meanwhile."""
    return Statement("record_delivered", NoRow, {**lease_of(delivery), "detail": detail})


def record_failed_try(delivery: ClaimedDelivery, error: str, again_in: timedelta | None) -> Statement[NoRow]:
    """Record that a try has failed; again_in: None to give it up."""
    return Statement("record_failed_try", NoRow, {**lease_of(delivery), "error": error, "again_in": again_in})


def lease_of(delivery: ClaimedDelivery) -> dict[str, object]:
    # The end of the lease is what its holder knows it by: another holder has another one.
    return {"id": delivery.id, "lease_until": delivery.lease_until}


def insert_delivery(report_id: str, file: OutgoingFile, by: Actor) -> Statement[ReportId]:
    """Have a file of a report delivered, again if it was before."""
    return Statement("insert_delivery", ReportId, {"id": report_id, **vars(file), **vars(by)})


def expire_undeliverable(destinations: list[str]) -> Statement[Target]:
    """Give up what no server has come for in days; the targets, one for each delivery."""
    # Only what this server cannot deliver either: a server that knows the destination tries it, and says why it failed.
    return Statement("expire_undeliverable", Target, {"destinations": destinations})


def deliveries_of_report(report_id: str) -> Statement[DeliveryRow]:
    """The deliveries of a report, made or not."""
    return Statement("deliveries_of_report", DeliveryRow, {"id": report_id})


def count_undelivered() -> Statement[Undelivered]:
    """How many deliveries wait, and how many were given up; always one row."""
    return Statement("count_undelivered", Undelivered)


def outgoing_file_ids() -> Statement[DeliveryId]:
    """The deliveries whose file was not delivered yet."""
    return Statement("outgoing_file_ids", DeliveryId)


def outgoing_file(delivery_id: int) -> Statement[FileContent]:
    """The file of a delivery; no row where it was delivered."""
    return Statement("outgoing_file", FileContent, {"id": delivery_id})


def replace_outgoing_file(delivery_id: int, content: bytes) -> Statement[NoRow]:
    """Store the file of a delivery encrypted to other keys."""
    return Statement("replace_outgoing_file", NoRow, {"id": delivery_id, "content": content})
