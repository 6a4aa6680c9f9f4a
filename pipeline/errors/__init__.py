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
    │   ├── NoPollsInHorizon      there are accepted polls, all of them before or after the horizon
    │   └── AllPollsRejected      there are polls, and none of them can be read
    │       ├── NewestPollsRejected   none of the newest polls can be read, and no others were looked at
    │       └── OnlyPollRejected      there is one poll, and it cannot be read
    ├── HorizonOutOfRange     the time asked about leaves the calendar
    │   └── NowTooLate            now is so late that no lookback would help
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

A class declares its facts as annotations, in the order in which they are given, and its sentence as a template. What
one module alone tells another is not here: PullFailed, CannotUnpack, TablesReplaced and NoAnswer stand where they are
raised, and become one of these before a user sees them.
"""

from store_uptime.pipeline.errors.base import (
    Clause,
    StoreUptimeError,
)
from store_uptime.pipeline.errors.files import (
    CannotWrite,
    CellFull,
    LoadRefused,
    RejectsNotWritten,
    ReportDamaged,
    SheetFull,
    WouldOverwriteSource,
    writing,
)
from store_uptime.pipeline.errors.polls import (
    CHOOSE_NOW,
    EXPORT_POLLS,
    LATEST_NOW,
    LOAD_POLLS,
    AllPollsRejected,
    HorizonOutOfRange,
    NewestPollsRejected,
    NoPolls,
    NoPollsInHorizon,
    NowTooLate,
    OnlyPollRejected,
    UnknownStore,
)
from store_uptime.pipeline.errors.sources import (
    AddressNotUnderstood,
    BadMapping,
    EmbeddedUnavailable,
    LibraryPanicked,
    SourceBusy,
    SourceMismatch,
    SourceMissing,
    SourceRefused,
    SourceUnreachable,
)
