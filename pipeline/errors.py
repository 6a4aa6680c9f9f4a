"""Everything that can go wrong in a way that a user can mend.

    StoreUptimeError
    ├── SourceUnreachable     the database does not answer
    ├── SourceMissing         the folder or file is not there, or may not be read
    ├── AddressNotUnderstood  what was given as an address is none that can be used
    ├── SourceBusy            the database answers, and cannot be read at the moment: a lock, a reload, a time limit
    ├── SourceRefused         the database answers, and says no: password, right, encryption
    ├── SourceMismatch        a table, a column or a file is not what a report needs
    ├── BadMapping            the file of a mapping says what cannot be
    ├── NoPolls               there is no accepted poll to report on
    │   └── AllPollsRejected  there are polls, and none of them can be read
    ├── HorizonOutOfRange     the time asked about leaves the calendar
    ├── UnknownStore          no poll has ever had this store id
    ├── EmbeddedUnavailable   the server that comes with this package cannot run here
    ├── LoadRefused           what was to be loaded does not fit the tables that are there
    ├── LibraryPanicked       a library has failed within itself
    ├── ReportDamaged         a kept report cannot be read any more
    ├── SheetFull             a report has more stores than a sheet of XLSX has rows
    ├── CellFull              a report has ids that are longer than what a cell of XLSX holds
    ├── CannotWrite           a file could not be written; what was there before is still there
    ├── WouldOverwriteSource  a file is to be written that is also read
    └── RejectsNotWritten     files were loaded, but the list of their rejected rows could not be put in its place

Each carries its facts as arguments, so that it survives pickling on its way out of a worker process.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class StoreUptimeError(Exception):
    """Any of the errors below; its text is one sentence for people, and says what to do."""

    @staticmethod
    def clause(reason: object) -> str:
        """A reason as it can stand inside a sentence: on one line, without a full stop of its own."""
        return " ".join(str(reason).splitlines()).strip().rstrip(".")


class SourceUnreachable(StoreUptimeError):
    """The database does not answer."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(source, reason)
        self.source, self.reason = source, reason

    def __str__(self) -> str:
        return f"cannot reach {self.source}: {self.clause(self.reason)}. Is it there and running?"


class SourceMissing(StoreUptimeError):
    """The folder or file is not there, or may not be read."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"cannot read {self.path}: {self.clause(self.reason)}. Check the path, and who may read it."


class AddressNotUnderstood(StoreUptimeError):
    """What was given as an address is none that can be used."""

    def __init__(self, address: str, reason: str, remedy: str) -> None:
        super().__init__(address, reason, remedy)
        self.address, self.reason, self.remedy = address, reason, remedy

    def __str__(self) -> str:
        return f"cannot reach {self.address}: {self.clause(self.reason)}. {self.remedy}"


class SourceBusy(StoreUptimeError):
    """The database answers, and cannot be read at the moment: later it can."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(source, reason)
        self.source, self.reason = source, reason

    def __str__(self) -> str:
        return f"{self.source} cannot be read just now: {self.clause(self.reason)}. Try again in a while."


class SourceRefused(StoreUptimeError):
    """The database answers, and says no: a password, a right, or encryption that cannot be had."""

    def __init__(self, source: str, reason: str, remedy: str) -> None:
        super().__init__(source, reason, remedy)
        self.source, self.reason, self.remedy = source, reason, remedy

    def __str__(self) -> str:
        return f"{self.source} refuses: {self.clause(self.reason)}. {self.remedy}"


class SourceMismatch(StoreUptimeError):
    """A table, a column or a file is not what a report needs."""

    def __init__(self, source: str, found: str, needed: str) -> None:
        super().__init__(source, found, needed)
        self.source, self.found, self.needed = source, found, needed

    def __str__(self) -> str:
        return f"{self.source}: {self.clause(self.found)}; {self.clause(self.needed)}."


class BadMapping(StoreUptimeError):
    """The file of a mapping says what cannot be: a table, key or value that is not known, or two things at once."""

    def __init__(self, file: str, place: str, found: str, allowed: str) -> None:
        super().__init__(file, place, found, allowed)
        self.file, self.place, self.found, self.allowed = file, place, found, allowed

    def __str__(self) -> str:
        return f"{self.file}: {self.place} {self.clause(self.found)}. Allowed: {self.clause(self.allowed)}."


LOAD_POLLS = "Load some with `store-uptime load DIR`."
EXPORT_POLLS = "Its polls have a header and no rows: export them again."
CHOOSE_NOW = "Choose a now between them, or a longer lookback."


class NoPolls(StoreUptimeError):
    """There is no accepted poll in the horizon; `oldest` and `newest` say what there is (None: nothing at all).

    remedy: what to do, a sentence; the usual one where none is given.
    """

    def __init__(
        self, source: str, oldest: str | None, newest: str | None, horizon: str, remedy: str | None = None
    ) -> None:
        super().__init__(source, oldest, newest, horizon, remedy)
        self.source, self.oldest, self.newest, self.horizon = source, oldest, newest, horizon
        self.remedy = remedy or (LOAD_POLLS if oldest is None else CHOOSE_NOW)

    def __str__(self) -> str:
        if self.oldest is None:
            return f"{self.source} has no accepted poll. {self.remedy}"
        return (
            f"{self.source} has no accepted poll in {self.horizon}: its oldest is {self.oldest}, "
            f"its newest {self.newest}. {self.remedy}"
        )


class AllPollsRejected(NoPolls):
    """There are polls, and none of them can be read.

    rows: how many were looked at; is_all: whether there are no others; reasons: how many rows were rejected for each;
    example: what one of them holds and where it stands, in words; remedy: what would mend it, a sentence.
    """

    def __init__(
        self, source: str, rows: int, is_all: bool, reasons: dict[str, int], example: str, remedy: str
    ) -> None:
        super().__init__(source, None, None, "")
        self.args = (source, rows, is_all, reasons, example, remedy)  # what it is unpickled from
        self.rows, self.is_all, self.reasons = rows, is_all, reasons
        self.example, self.remedy = example, remedy

    def of(self, source: str) -> "AllPollsRejected":
        """The same said of a source by another name."""
        return AllPollsRejected(source, self.rows, self.is_all, self.reasons, self.example, self.remedy)

    def __str__(self) -> str:
        if self.rows == 1:
            such = f": {self.example}" if self.example else ""
            return (
                f"{self.source}: the only poll is rejected for {', '.join(self.reasons)}{such}. {self.remedy}".rstrip()
            )
        which = f"all {self.rows:,} polls" if self.is_all else f"all of the {self.rows:,} polls that were looked at"
        why = ", ".join(f"{reason} ({times:,})" for reason, times in self.reasons.items())
        such = f", such as {self.example}" if self.example else ""
        return f"{self.source}: {which} are rejected: {why}{such}. {self.remedy}".rstrip()


LATEST_NOW = "9999-12-10T00:00:00Z"


class HorizonOutOfRange(StoreUptimeError):
    """The time asked about leaves the calendar, which has the years 1 to 9999."""

    def __init__(self, now: str, lookback: str) -> None:
        super().__init__(now, lookback)
        self.now, self.lookback = now, lookback

    def __str__(self) -> str:
        if self.now > LATEST_NOW:
            return (
                f"now {self.now} is too late, whatever the lookback ({self.lookback}): the calendar has the years 1 to "
                f"9999, and ends soon after it. Choose a now until {LATEST_NOW}."
            )
        return (
            f"a week and {self.lookback} before {self.now} is not all in the years 1 to 9999. "
            "Choose another now or a shorter lookback."
        )


class UnknownStore(StoreUptimeError):
    """No poll has ever had this store id, or none of the polls that a finished report is of."""

    def __init__(self, store: str, source: str) -> None:
        super().__init__(store, source)
        self.store, self.source = store, source

    def __str__(self) -> str:
        return f"no poll in {self.source} has the store id {self.store!r}. Ids are compared as written, case included."


class EmbeddedUnavailable(StoreUptimeError):
    """The PostgreSQL server that comes with this package cannot run here."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        remedy = "Set DATABASE_URL to use one of your own."
        return f"the embedded PostgreSQL server cannot run: {self.clause(self.reason)}. {remedy}"


class LoadRefused(StoreUptimeError):
    """What was to be loaded does not fit the tables that are there; nothing was changed."""

    def __init__(self, target: str, reason: str, remedy: str) -> None:
        super().__init__(target, reason, remedy)
        self.target, self.reason, self.remedy = target, reason, remedy

    def __str__(self) -> str:
        return f"cannot load into {self.target}: {self.clause(self.reason)}. {self.remedy}"


class LibraryPanicked(StoreUptimeError):
    """A library has failed within itself, over what was being read or computed."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(what, reason)
        self.what, self.reason = what, reason

    def __str__(self) -> str:
        return (
            f"{self.what}: a library failed within itself ({self.clause(self.reason)}). "
            "Try once more; if it fails again, something in the data is odd: find it by reading parts of it alone."
        )


class ReportDamaged(StoreUptimeError):
    """A kept report cannot be read any more."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the report is damaged where it is kept ({self.clause(self.reason)}). Make it anew."


class SheetFull(StoreUptimeError):
    """A report has more stores than a sheet of XLSX has rows."""

    def __init__(self, stores: int, rows: int) -> None:
        super().__init__(stores, rows)
        self.stores, self.rows = stores, rows

    def __str__(self) -> str:
        return f"the report has {self.stores} stores, and a sheet of XLSX {self.rows} rows. Choose CSV or Parquet."


class CellFull(StoreUptimeError):
    """A report has ids that are longer than what a cell of XLSX holds."""

    def __init__(self, texts: int, characters: int) -> None:
        super().__init__(texts, characters)
        self.texts, self.characters = texts, characters

    def __str__(self) -> str:
        ids = "1 store id is" if self.texts == 1 else f"{self.texts} store ids are"
        return f"{ids} longer than the {self.characters} characters of a cell of XLSX. Choose CSV, JSON or Parquet."


class CannotWrite(StoreUptimeError):
    """A file could not be written; what was there before is still there."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"cannot write {self.path}: {self.clause(self.reason)}. Nothing was changed; choose another place."


class WouldOverwriteSource(StoreUptimeError):
    """A file is to be written that is also read, whatever it is called there; nothing was changed."""

    def __init__(self, path: str, source: str) -> None:
        super().__init__(path, source)
        self.path, self.source = path, source

    def __str__(self) -> str:
        return (
            f"cannot write {self.path}: it is {self.source}, which is read. Nothing was changed; choose another place."
        )


class RejectsNotWritten(StoreUptimeError):
    """Files were loaded, but the list of their rejected rows could not be put in its place."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return (
            f"the files were loaded, but their rejected rows could not be written to {self.path}: "
            f"{self.clause(self.reason)}. "
            "Load them once more with another --rejects: what is there already is not added again."
        )


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """What the system says of a file that is being written, as CannotWrite."""
    try:
        yield
    except OSError as error:
        raise CannotWrite(str(path), error.strerror or str(error)) from error
