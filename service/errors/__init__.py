"""What can go wrong in the service, beside what can go wrong in a report.

    StoreUptimeError                 of pipeline: its text is one sentence for people
    ├── ServiceError                     has the HTTP status that it is answered with
    │   ├── UnknownReport            404  there has never been a report with this id
    │   ├── ReportRemoved            410  it was deleted, or is older than what is kept
    │   ├── ReportNotFinished        409  the request needs the result, and there is none yet
    │   ├── ReportFailed             409  the report failed, and has none
    │   ├── NotByPeriods             409  the report is of the three windows, the request needs one by periods
    │   ├── NotOfWindows             409  the report is by periods, the request needs one of the three windows
    │   ├── ReportTooOld             409  an earlier version made the report, and kept too little for this
    │   ├── TablesNotEmpty           409  sample data would be mixed with the data that is there
    │   ├── CannotLoadSample         409  the database of the tables takes no sample data from this server
    │   ├── ReportEncrypted          409  it is encrypted, and there is no key here
    │   │   ├── ReportEncryptedToOthers    409  the keys that are here do not open it
    │   │   └── EncryptedReportDamaged     409  a key that is here opens it, and what it holds is damaged
    │   ├── UnknownSchedule          404  there is no schedule of this name
    │   ├── ScheduleExists           409  there is one of this name already
    │   ├── UnknownDestination       422  this server does not deliver there
    │   ├── PrivateWebhook           422  this server announces nothing there
    │   ├── IdempotencyKeyReused     422  the idempotency key stands for another request
    │   ├── QueueFull                503  too many reports wait already
    │   ├── RegistryUnreachable      503  the database of the service does not answer
    │   ├── RegistryRefused          503  it refuses this server
    │   ├── WorkerLost               503  the process that was to answer has ended
    │   ├── SourceOverloaded         503  there are more lookups in the tables than can run at once
    │   ├── AnswerTooLate            503  there was no answer in time
    │   ├── NeedsMoreMemory          503  it does not fit into what a worker may use
    │   ├── TookTooLong              503  the answer was not there in time, and its process was ended
    │   ├── SourceTooSlow            503  the source was not read in time
    │   ├── ServerBusy               503  too much of that kind waits already
    │   ├── TooManyWaiting           429  too much of this client waits already
    │   ├── ClientGone               503  nobody waits for the answer any more
    │   ├── KeyNeeded               401  no key, or one that opens nothing
    │   ├── UnknownHost              403  it was made under a name that the server does not have
    │   ├── CrossSiteRequest         403  a page of another site made it
    │   ├── NoCsrfToken              403  it has a session's cookie, and not the token that goes with it
    │   └── RoleNeeded               403  the key may do less than that
    ├── CommandError                     ends a command, or keeps the server from starting; answers no request
    │   ├── BadKeyName               an API key cannot have this name
    │   ├── UnknownKey               there is no API key of this name that could be revoked
    │   ├── KeyExists                there is an API key of this name already
    │   ├── NoKey                    what was given as a recipient or an identity is none
    │   ├── CannotMakeKey            the file of a new key cannot be made
    │   ├── CannotRead               a file that is to be decrypted cannot be read
    │   ├── NothingToEncryptTo       no recipient was given
    │   ├── NoDestination            what was given as a destination is none
    │   ├── NoNetwork                what was given as a network is none
    │   ├── NoProxy                  what was given as a proxy is none
    │   ├── TooLittleMemory          there is less memory than the server and its workers need
    │   ├── ProcessLimitTooLow       a worker may not ask for as much memory as it needs
    │   ├── CannotListen             the address is taken, or is not one of this machine
    │   ├── CannotEncrypt            the certificate or its key is missing, or not what it should be
    │   ├── CannotServe              the server had to give up
    │   ├── CannotPrint              stdout takes nothing
    │   ├── NotForTerminals          a terminal was to show what is not text
    │   ├── NotServing               the server has ended before it was ready, or takes too long
    │   ├── ReportNotMade            a report that a test has triggered has ended without figures
    │   └── NoBrowser                there is no Chromium on the search path
    └── NotDelivered                     a file or an announcement has not arrived; it is tried again
        └── NeverDelivered                   and will not arrive: it is not tried again

`WrongMember` is a ValueError, as a value that was given cannot be. Errors between two modules are not here:
NewerSchema, NoAnswer, NoThread and Unportable are defined where they are raised, and become one of these before a user
sees them.
"""

from store_uptime.service.errors.access import (
    CrossSiteRequest,
    KeyNeeded,
    NoCsrfToken,
    RoleNeeded,
    UnknownHost,
)
from store_uptime.service.errors.base import THE_SOURCE, UNREADABLE, CommandError, ServiceError, public_message
from store_uptime.service.errors.capacity import (
    AnswerTooLate,
    ClientGone,
    NeedsMoreMemory,
    QueueFull,
    ServerBusy,
    SourceOverloaded,
    SourceTooSlow,
    TookTooLong,
    TooManyWaiting,
    WorkerLost,
)
from store_uptime.service.errors.causes import Cause, cause_of_state
from store_uptime.service.errors.commands import (
    BadKeyName,
    CannotEncrypt,
    CannotListen,
    CannotMakeKey,
    CannotPrint,
    CannotRead,
    CannotServe,
    KeyExists,
    NoBrowser,
    NoDestination,
    NoKey,
    NoNetwork,
    NoProxy,
    NotForTerminals,
    NothingToEncryptTo,
    NotServing,
    ProcessLimitTooLow,
    ReportNotMade,
    TooLittleMemory,
    UnknownKey,
)
from store_uptime.service.errors.members import WrongMember
from store_uptime.service.errors.reports import (
    CannotLoadSample,
    EncryptedReportDamaged,
    IdempotencyKeyReused,
    NotByPeriods,
    NotOfWindows,
    ReportEncrypted,
    ReportEncryptedToOthers,
    ReportFailed,
    ReportNotFinished,
    ReportRemoved,
    ReportTooOld,
    TablesNotEmpty,
    UnknownReport,
)
from store_uptime.service.errors.schedules import (
    NeverDelivered,
    NotDelivered,
    PrivateWebhook,
    ScheduleExists,
    UnknownDestination,
    UnknownSchedule,
)
from store_uptime.service.errors.stored import RegistryRefused, RegistryUnreachable
