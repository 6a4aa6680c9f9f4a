"""The kinds of warnings about the data of a source: docs/semantics.md, "Warnings".

Each kind is a class: its fields are the facts, its text is the sentence for people, `code` the kind for programs.
`plausibility.py` and `table_plausibility.py` decide where there is one.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from store_uptime.pipeline.durations import SECOND_US, UNIT_US
from store_uptime.pipeline.instants import iso
from store_uptime.pipeline.mapping.mapping import mapping_line
from store_uptime.pipeline.mapping.mapping_rules import TimestampUnit
from store_uptime.pipeline.warning_text import BadValue, age_in_words, shortened, some_stores


@dataclass(frozen=True)
class DataWarning:
    """One of the kinds below; its text is a sentence for people."""

    code: ClassVar[str] = ""


@dataclass(frozen=True)
class UnlikelyTimes(DataWarning):
    """The polls are at an unlikely time: the unit of numbers in the mapping is probably wrong.

    unit: the one in the mapping. likely: the unit that would give likely times.
    """

    code = "unlikely-times"
    newest_us: int
    unit: TimestampUnit | None
    likely: TimestampUnit | None

    def __str__(self) -> str:
        found = f"The polls are hardly of the time that they seem to be of: the newest is {iso(self.newest_us)}."
        if self.unit is None or self.likely is None:
            return f"{found} Are the times of the source right?"
        meant_us = self.newest_us // UNIT_US[self.unit] * UNIT_US[self.likely]
        line = mapping_line("store_status", "timestamp_unit", self.likely)
        return f"{found} With the line {line} in the mapping it is {iso(meant_us)}."


@dataclass(frozen=True)
class OldData(DataWarning):
    """Now, where it was not given, is long before the machine's clock, or before the due time of a report."""

    code = "old-data"
    now_us: int
    age_us: int
    when: Literal["made", "due"]

    def __str__(self) -> str:
        age = age_in_words(self.age_us / SECOND_US)
        return (
            f"The data is old: when this report was {self.when}, its newest poll ({iso(self.now_us)}) was {age} old. "
            "What is down there was down when last seen."
        )


@dataclass(frozen=True)
class FewRecentPolls(DataWarning):
    """Fewer than half of the stores have a poll in the day before now."""

    code = "few-recent-polls"
    recent: int
    stores: int

    def __str__(self) -> str:
        return f"{self._share()} a poll in the day before now: is the feed complete?"

    def _share(self) -> str:
        if self.recent == 0:
            return "The only store does not have" if self.stores == 1 else f"None of the {self.stores:,} stores has"
        return f"Only {self.recent:,} of {self.stores:,} stores {'has' if self.recent == 1 else 'have'}"


@dataclass(frozen=True)
class NoPollInHorizon(DataWarning):
    """The only store of a report has polls, but none in the horizon."""

    code = "no-poll-in-horizon"
    store: str

    def __str__(self) -> str:
        return f"Store {self.store!r} has polls, but none in the horizon: it has no row."


@dataclass(frozen=True)
class NoPollInPeriod(DataWarning):
    """No poll lies in the periods of a report, or near enough to them. oldest_us, newest_us: of the source; None: not
    known."""

    code = "no-poll-in-period"
    start_us: int
    end_us: int
    oldest_us: int | None
    newest_us: int | None

    def __str__(self) -> str:
        found = (
            f"No poll lies between {iso(self.start_us)} and {iso(self.end_us)}, the time that these periods depend on: "
            "nothing is known of them."
        )
        if self.oldest_us is None or self.newest_us is None:
            return found
        return f"{found} The oldest poll is of {iso(self.oldest_us)}, the newest of {iso(self.newest_us)}."


@dataclass(frozen=True)
class RejectedRows(DataWarning):
    """Many or all rows of a table were rejected: the most frequent reason, how often, and one such value.

    remedy: what would make them acceptable, as sentences; empty where that is not known.
    """

    code = "rejected-rows"
    table: str
    rejected: int
    read: int
    reason: str
    times: int
    example: BadValue | None
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self._share()} rejected{self._why()}. {self.remedy}".rstrip()

    def _why(self) -> str:
        if self.rejected == 1:
            return f" for {self.reason}" + ("" if self.example is None else f": {self.example}")
        such = "" if self.example is None else f", such as {self.example}"
        return f", most often for {self.reason} ({self.times:,}){such}"

    def _share(self) -> str:
        if self.read == 1:
            return f"The only row of {self.table} was"
        which = f"All {self.read:,}" if self.rejected == self.read else f"{self.rejected:,} of {self.read:,}"
        return f"{which} rows of {self.table} {'was' if self.rejected == 1 else 'were'}"


@dataclass(frozen=True)
class NoHours(DataWarning):
    """There is no row of hours, and an earlier report of the same source had some."""

    code = "no-hours"

    def __str__(self) -> str:
        return (
            "The hours have no rows, and had some in an earlier report: every store is taken as always open. "
            "Was the table being filled anew?"
        )


@dataclass(frozen=True)
class NoZones(DataWarning):
    """There is no row of zones, and an earlier report of the same source had some."""

    code = "no-zones"

    def __str__(self) -> str:
        return (
            "The zones have no rows, and had some in an earlier report: every store is taken as in America/Chicago. "
            "Was the table being filled anew?"
        )


@dataclass(frozen=True)
class UnknownHours(DataWarning):
    """Many stores have no readable row of hours, and so no figures."""

    code = "unknown-hours"
    stores: int
    of: int
    example: str

    def __str__(self) -> str:
        if self.stores == 1:
            return (
                f"{some_stores(1, self.of)}, {self.example!r}, has unknown hours, and so no figures: "
                "all its rows of hours were rejected."
            )
        return (
            f"{some_stores(self.stores, self.of)} have unknown hours, and so no figures, such as {self.example!r}: "
            "all their rows of hours were rejected."
        )


@dataclass(frozen=True)
class UnknownZones(DataWarning):
    """Many stores have a zone that tzdata does not have."""

    code = "unknown-zones"
    stores: int
    of: int
    example: str

    def __str__(self) -> str:
        found, taken = ("has an unknown zone,", "is") if self.stores == 1 else ("have an unknown zone, such as", "are")
        return (
            f"{some_stores(self.stores, self.of)} {found} {shortened(self.example)}, and {taken} taken as in "
            "America/Chicago: zones have IANA names, such as America/New_York."
        )


@dataclass(frozen=True)
class WeekdaysFromOne(DataWarning):
    """Weekday 7 occurs among the hours, and 0 does not."""

    code = "weekdays-from-one"

    def __str__(self) -> str:
        return (
            "Weekday 7 occurs among the hours and 0 does not: they are probably counted from 1 = Monday, and then all "
            f"hours are a day off. The line {mapping_line('menu_hours', 'monday', 1)} in a mapping says so."
        )


@dataclass(frozen=True)
class ForeignIds(DataWarning):
    """Most ids of a table have no poll; form: the difference in writing that explains it, if one does."""

    code = "foreign-ids"
    table: str
    observed: int
    ids: int
    form: str | None
    example: str | None
    polled: str | None

    def __str__(self) -> str:
        how = "are they written alike (case, padding)?"
        if self.form is not None:
            how = f"they differ in {self.form}, {self.example!r} against {self.polled!r} in the polls."
        return f"{self._share()} of a polled store: {how}"

    def _share(self) -> str:
        if self.ids == 1:
            return f"The only store id in {self.table} is not that"
        if self.observed == 0:
            return f"None of the {self.ids:,} store ids in {self.table} is that"
        only = f"Only {self.observed:,} of the {self.ids:,} store ids in {self.table}"
        return f"{only} is that" if self.observed == 1 else f"{only} are those"


@dataclass(frozen=True)
class SpreadsheetIds(DataWarning):
    """Ids look as if a spreadsheet had changed them."""

    code = "spreadsheet-ids"
    tables: tuple[str, ...]
    ids: int
    example: str

    def __str__(self) -> str:
        where = ", ".join(self.tables)
        found = f"{self.ids:,} store ids in {where} look as a spreadsheet leaves them, such as {self.example!r}"
        if self.ids == 1:
            found = f"1 store id in {where} looks as a spreadsheet leaves it, {self.example!r}"
        return f"{found}: digits may be lost, and different stores have become one. Export ids as text."


@dataclass(frozen=True)
class SourceRemark(DataWarning):
    """A remark on how a database was read, with a change that its owner may want to make."""

    code = "source-remark"
    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class FilesPassedOver(DataWarning):
    """Files of the source were not read: how many, and the first few with their reasons."""

    code = "files-passed-over"
    files: int
    named: tuple[str, ...]

    def __str__(self) -> str:
        counted = "1 file was" if self.files == 1 else f"{self.files:,} files were"
        more = [f"and {self.files - len(self.named):,} more"] if self.files > len(self.named) else []
        return f"{counted} passed over: {', '.join([*self.named, *more])}."


KINDS: tuple[type[DataWarning], ...] = (
    UnlikelyTimes,
    OldData,
    FewRecentPolls,
    NoPollInHorizon,
    NoPollInPeriod,
    RejectedRows,
    NoHours,
    NoZones,
    UnknownHours,
    UnknownZones,
    WeekdaysFromOne,
    ForeignIds,
    SpreadsheetIds,
    FilesPassedOver,
    SourceRemark,
)
"""In the order in which reports list them."""

WARNING_CODES = tuple(kind.code for kind in KINDS)
