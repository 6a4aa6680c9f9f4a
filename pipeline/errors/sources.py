"""Errors of a source: it does not exist, cannot be read, or is not what a report needs."""

from store_uptime.pipeline.errors.base import Clause, StoreUptimeError


class SourceUnreachable(StoreUptimeError):
    """The database does not answer."""

    source: str
    reason: Clause
    message = "cannot reach {source}: {reason}. Is it there and running?"


class SourceMissing(StoreUptimeError):
    """The folder or file does not exist, or may not be read."""

    path: str
    reason: Clause
    message = "cannot read {path}: {reason}. Check the path, and who may read it."


class AddressNotUnderstood(StoreUptimeError):
    """An address is not valid."""

    address: str
    reason: Clause
    remedy: str
    message = "cannot reach {address}: {reason}. {remedy}"


class SourceBusy(StoreUptimeError):
    """The database answers, but cannot be read at the moment. The same run may succeed later."""

    source: str
    reason: Clause
    message = "{source} cannot be read just now: {reason}. Try again in a while."


class SourceRefused(StoreUptimeError):
    """The database refuses: a wrong password, a missing right, or encryption that is not available."""

    source: str
    reason: Clause
    remedy: str
    message = "{source} refuses: {reason}. {remedy}"


class SourceMismatch(StoreUptimeError):
    """A table, a column or a file is not what a report needs."""

    source: str
    found: Clause
    needed: Clause
    message = "{source}: {found}; {needed}."


class BadMapping(StoreUptimeError):
    """The file of a mapping is not valid: an unknown table, key or value, or two that contradict each other.

    subject: the part of the file that is wrong, as the subject of the sentence; "it" for the whole file.
    """

    file: str
    subject: str
    found: Clause
    allowed: Clause
    message = "{file}: {subject} {found}. Allowed: {allowed}."


class EmbeddedUnavailable(StoreUptimeError):
    """The PostgreSQL server that comes with this package cannot run here."""

    reason: Clause
    message = "the embedded PostgreSQL server cannot run: {reason}. Set DATABASE_URL to use one of your own."


class LibraryPanicked(StoreUptimeError):
    """A library has failed internally while it read or computed something."""

    what: str
    reason: Clause
    message = (
        "{what}: a library failed within itself ({reason}). "
        "Try once more; if it fails again, something in the data is odd: find it by reading parts of it alone."
    )
