"""The errors of a run: every cause that a user can do something about.

    StoreUptimeError
    ├── SourceUnreachable     the database does not answer
    ├── SourceMissing         the folder or file does not exist, or may not be read
    ├── AddressNotUnderstood  an address is not valid
    ├── SourceBusy            the database cannot be read at the moment: a lock, a reload, a time limit
    ├── SourceRefused         the database refuses: password, right, encryption
    ├── SourceMismatch        a table, a column or a file is not what a report needs
    ├── BadMapping            the file of a mapping is not valid
    ├── ClusterNeedsFiles     a report on a cluster was asked of tables that are no files
    ├── ExchangeMissing       a cluster has no place for what lies between the two passes
    ├── ExchangeNotShared     a worker of a cluster has another place for it than the run
    ├── NoPolls               there is no accepted poll to report on
    │   ├── NoPollsInHorizon      there are accepted polls, all of them before or after the horizon
    │   └── AllPollsRejected      there are polls, and none of them can be read
    │       ├── NewestPollsRejected   none of the newest polls can be read; the older ones were not examined
    │       └── OnlyPollRejected      there is one poll, and it cannot be read
    ├── HorizonOutOfRange     the horizon is not within the years 1 to 9999
    │   └── NowTooLate            now is so late that no lookback would help
    ├── BadPeriod             a period that was asked for is none
    ├── PeriodOutOfRange      a period is not within the years 1 to 9999
    ├── NoSuchZone            a zone that was given is not known
    ├── UnknownStore          no poll has ever had this store id
    ├── UnknownAttribute      stores have no attribute of this name
    ├── UnknownValue          no store has this value of an attribute
    ├── PartMissing           a report by periods was made without its profile or its outages
    ├── EmbeddedUnavailable   the server that comes with this package cannot run here
    ├── LoadRefused           files cannot be loaded into the existing tables
    ├── LibraryPanicked       a library has failed internally
    ├── ReportDamaged         an archived report cannot be read any more
    ├── SheetFull             a report has more stores, periods or outages than a sheet of XLSX has rows
    ├── CellFull              a report has ids that are longer than a cell of XLSX can hold
    ├── CannotWrite           a file could not be written; an earlier file of that name is unchanged
    ├── WouldOverwriteSource  a file to be written is one of the files that are read
    ├── RejectsNotWritten     files were loaded, but their rejected rows could not be written
    ├── ClusterUnreachable    no cluster answers at the address, or not to us
    │   └── NoWorkers             a scheduler answers, and no worker has joined it
    ├── CertificatesUnusable  the certificates for a cluster are missing, or not what they should be
    ├── ClusterLost           the scheduler of a cluster was lost during a run
    ├── WorkersLost           workers of a cluster died again and again over one task
    ├── WorkerMismatch        a worker of a cluster has other versions than this process
    └── ExtraMissing          a function needs an extra of the package that is not installed

A class declares its facts as annotations, in the order of its arguments, and its sentence as a template. Errors between
two modules are not here: PullFailed, CannotUnpack, TablesReplaced and NoAnswer are defined where they are raised, and
become one of these before a user sees them.
"""

from store_uptime.pipeline.errors.base import (
    Clause,
    ExtraMissing,
    StoreUptimeError,
)
from store_uptime.pipeline.errors.choices import (
    PartMissing,
    UnknownAttribute,
    UnknownValue,
)
from store_uptime.pipeline.errors.cluster import (
    CertificatesUnusable,
    ClusterLost,
    ClusterNeedsFiles,
    ClusterUnreachable,
    ExchangeMissing,
    ExchangeNotShared,
    NoWorkers,
    WorkerMismatch,
    WorkersLost,
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
    BadPeriod,
    HorizonOutOfRange,
    NewestPollsRejected,
    NoPolls,
    NoPollsInHorizon,
    NoSuchZone,
    NowTooLate,
    OnlyPollRejected,
    PeriodOutOfRange,
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
