"""Errors of a source: it is not there, it cannot be read, or it is not what a report needs."""

from store_uptime.pipeline.errors.base import Clause, StoreUptimeError


class SourceUnreachable(StoreUptimeError):
    """The database does not answer."""

    source: str
    reason: Clause
    message = "cannot reach {source}: {reason}. Is it there and running?"


class SourceMissing(StoreUptimeError):
    """The folder or file is not there, or may not be read."""

    path: str
    reason: Clause
    message = "cannot read {path}: {reason}. Check the path, and who may read it."


class AddressNotUnderstood(StoreUptimeError):
    """What was given as an address is none that can be used."""

    address: str
    reason: Clause
    remedy: str
    message = "cannot reach {address}: {reason}. {remedy}"


class SourceBusy(StoreUptimeError):
    """The database answers, and cannot be read at the moment: later it can."""

    source: str
    reason: Clause
    message = "{source} cannot be read just now: {reason}. Try again in a while."


class SourceRefused(StoreUptimeError):
    """The database answers, and says no: a password, a right, or encryption that cannot be had."""

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
    """The file of a mapping says what cannot be: a table, key or value that is not known, or two things at once."""

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
    """A library has failed within itself, over what was being read or computed."""

    what: str
    reason: Clause
    message = (
        "{what}: a library failed within itself ({reason}). "
        "Try once more; if it fails again, something in the data is odd: find it by reading parts of it alone."
    )
