"""Errors of commands, and of the options with which a server is started."""

from pathlib import Path

from store_uptime.pipeline import Clause
from store_uptime.service.errors.base import CommandError

MEBIBYTE = 1 << 20
NAME_LENGTH = 100  # of an API key: it stands in the page's head, in tables and in an index


class BadKeyName(CommandError):
    """An API key cannot have this name. shown: the name, as it can be shown."""

    # Not the name itself: it may hold what a terminal would obey.

    shown: str

    message = (
        "{shown} is no name for a key: one has 1 to "
        f"{NAME_LENGTH} characters that can be read, on one line, and no blank at either end."
    )


class UnknownKey(CommandError):
    """There is no API key of this name, or it is revoked already."""

    name: str

    message = "there is no key {name!r} that could be revoked. `store-uptime keys list` shows all."


class KeyExists(CommandError):
    """There is an API key of this name already."""

    name: str

    message = "there is a key {name!r} already. Choose another name."


class NoKey(CommandError):
    """What was given as a recipient or as an identity is none."""

    what: str
    reason: Clause

    message = "{what}: {reason}. `store-uptime encryption key FILE` makes a new key."


class CannotMakeKey(CommandError):
    """The file of a new key cannot be made."""

    path: Path | str
    reason: Clause

    message = "cannot make {path}: {reason}. A key is never written over another one."


class CannotRead(CommandError):
    """A file that is to be decrypted cannot be read."""

    path: Path | str
    reason: Clause

    message = "cannot read {path}: {reason}."


class NothingToEncryptTo(CommandError):
    """No recipient was given."""

    message = "name the key that is to read it from now on: --encrypt-to age1…"


class NoDestination(CommandError):
    """What was given as a destination is none."""

    given: str
    reason: Clause

    message = "cannot deliver to {given!r}: {reason}. Write NAME=FOLDER, or NAME=s3://BUCKET/PREFIX."


class NoNetwork(CommandError):
    """What was given as a network is none."""

    given: str

    message = "{given!r} is no network: write 10.0.0.0/8 or fd00::/8."


class NoProxy(CommandError):
    """What was given as the address of a proxy is none."""

    given: str

    message = "{given!r} is no address of a proxy: write 127.0.0.1 or 10.0.0.0/8, several with commas between."


class TooLittleMemory(CommandError):
    """There is less memory than the server and its workers need. there, needed, least: bytes."""

    there: int
    needed: int
    workers: int
    least: int

    message = (
        "there are {there} of memory for this service, and --workers {workers} needs {needed}. "
        "The least that works is {least}, with --workers 1."
    )

    @property
    def words(self) -> dict[str, object]:
        # Rounded up, all three: with the limits of this sentence the service must start.
        amounts = {"there": self.there, "needed": self.needed, "least": self.least}
        return super().words | {name: f"{-(-amount // MEBIBYTE)} MiB" for name, amount in amounts.items()}


class ProcessLimitTooLow(CommandError):
    """A worker may not ask for as much memory as it needs to begin. there, needed: bytes."""

    name: str
    there: int
    needed: int

    message = (
        "{name} lets a process ask for {there} MiB of memory, and a worker needs {needed} MiB whatever --workers says. "
        "Raise that limit (ulimit, or the service manager)."
    )

    @property
    def words(self) -> dict[str, object]:
        return super().words | {"there": self.there // MEBIBYTE, "needed": self.needed // MEBIBYTE}


class CannotListen(CommandError):
    """The address is taken, or is not one of this machine."""

    host: str
    port: int
    reason: Clause

    message = "cannot listen on {host} port {port}: {reason}. Choose another with --port or --host."


class CannotEncrypt(CommandError):
    """The certificate or its key is missing, or not what it should be."""

    certificate: Path | str | None
    key: Path | str | None
    reason: Clause

    message = "cannot serve HTTPS with {certificate} and {key}: {reason}. They must be PEM, and belong together."


class CannotServe(CommandError):
    """The server had to give up. why: a sentence."""

    why: str

    message = "{why}"


class CannotPrint(CommandError):
    """Stdout takes nothing."""

    reason: Clause

    message = "cannot write to stdout: {reason}. Choose another place."


class NotForTerminals(CommandError):
    """Binary output was to be written to a terminal. format: of the file."""

    format: str

    message = "{format} is not for a terminal. Name a file: --out report.{format}."


class NotServing(CommandError):
    """The server has ended before it was ready, or takes too long to be."""

    reason: str
    last_line: str

    message = "the service {reason}; its last words: {last_line}"

    @property
    def words(self) -> dict[str, object]:
        return super().words | {"last_line": self.last_line or "none"}


class ReportNotMade(CommandError):
    """A report that a test or a measurement has triggered has ended without figures, or not in time."""

    report_id: str
    reason: str

    message = "report {report_id} {reason}"


class NoBrowser(CommandError):
    """There is no Chromium on the search path. names: of the programs that would do."""

    names: str

    message = "there is no browser to look at the page with: none of {names} is on the PATH"
