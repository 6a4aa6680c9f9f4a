"""CSV or Parquet files into PostgreSQL: judged like any source, streamed as typed values, all in one transaction.

    load_files   the files of a folder, into tables that are made where there are none
    load_table   those of a table: judged in batches, copied to `incoming`, merged

All files of a table are one set: what gives way to hours and zones is what was there before. Statements are in
`sql/load/`.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg.sql import SQL, Composed, Identifier

from store_uptime.pipeline.clean.columns import FILE
from store_uptime.pipeline.clean.reasons import only_rejected
from store_uptime.pipeline.clean.split import TableCounts, as_it_was
from store_uptime.pipeline.errors import LoadRefused
from store_uptime.pipeline.load.incoming import copy_text, judged_batches
from store_uptime.pipeline.load.load_warnings import Samples
from store_uptime.pipeline.load.rejects import RejectFiles
from store_uptime.pipeline.mapping.mapping import AS_NAMED, SourceMapping
from store_uptime.pipeline.options import EMBEDDED
from store_uptime.pipeline.panics import panics_as_errors
from store_uptime.pipeline.source.folder.data_file import DataFile
from store_uptime.pipeline.source.folder.discovery import found_files
from store_uptime.pipeline.source.postgres.connection import connect, first_line
from store_uptime.pipeline.source.postgres.patience import LOCK_S, NoAnswer
from store_uptime.pipeline.statements import statement
from store_uptime.pipeline.tables import COLUMNS, Table

APPLICATION = "store-uptime load"
LONGEST = timedelta(hours=6)  # of a statement, also where the server is stopped
MERGES: dict[Table, tuple[LiteralString, LiteralString]] = {
    "store_status": ("store_status", "store_status"),
    "menu_hours": ("whole", "corrected_menu_hours"),
    "timezones": ("whole", "corrected_timezones"),
}
"""How the files of a table are merged, and how those are that hold corrected rows."""

Read = Callable[[Path, int], None]
"""Is told how many rows of a file have been read so far."""


def unseen(file: Path, rows: int) -> None:
    """The progress that tells nobody."""


@dataclass(frozen=True)
class LoadedFile:
    """What became of a file: rows read = accepted + rejected; `added` rows are new in the table.

    Of polls, accepted - added rows were there already, or stood in an earlier file or line. replaced: how many rows of
    hours or zones gave way; those of a store that several files speak of count at the first of them, and those of
    stores that none speaks of at the first of all. name: the file below what was loaded, printable. rejects: the file
    with the rejected rows, None where there are none.
    """

    file: Path
    name: str
    table: Table
    accepted: int
    rejected: dict[str, int]
    added: int
    replaced: int
    rejects: Path | None


@dataclass(frozen=True)
class LoadedTable:
    """What became of all files of a table, as of one."""

    files: int
    accepted: int
    rejected: dict[str, int]
    added: int
    replaced: int


@dataclass(frozen=True)
class Loaded:
    """What a load has done, file by file, and what the user should know about it."""

    files: tuple[LoadedFile, ...]
    warnings: list[str]

    @property
    def tables(self) -> dict[Table, LoadedTable]:
        """The sums of each table that had files."""
        by_table: dict[Table, list[LoadedFile]] = {}
        for done in self.files:
            by_table.setdefault(done.table, []).append(done)
        return {table: added_up(files) for table, files in by_table.items()}


def table_counts(files: Sequence[LoadedFile]) -> dict[Table, TableCounts]:
    """How many rows of each table were accepted, and rejected for what."""
    return {table: TableCounts(sums.accepted, sums.rejected) for table, sums in Loaded(tuple(files), []).tables.items()}


def added_up(files: Sequence[LoadedFile]) -> LoadedTable:
    """The sums of some files."""
    rejected: Counter[str] = sum((Counter(done.rejected) for done in files), Counter())
    accepted, added, replaced = (
        sum(getattr(done, name) for done in files) for name in ("accepted", "added", "replaced")
    )
    return LoadedTable(len(files), accepted, dict(rejected), added, replaced)


@dataclass(frozen=True)
class Job:
    """What the steps of a load share."""

    connection: psycopg.Connection
    rejects: RejectFiles
    mapping: SourceMapping
    full: bool
    progress: Read
    samples: Samples


@dataclass
class Tally:
    """What has been read of a file."""

    file: Path
    accepted: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    def count(self, reason: str | None, rows: int) -> None:
        """Count further rows, all accepted (no reason) or rejected for one reason."""
        if reason is None:
            self.accepted += rows
        else:
            self.rejected[reason] += rows

    @property
    def read(self) -> int:
        """How many rows there were so far."""
        return self.accepted + self.rejected.total()


def load_files(
    path: Path,
    address: str,
    rejects: Path = Path("rejects"),
    *,
    full: bool = False,
    mapping: SourceMapping = AS_NAMED,
    progress: Read = unseen,
) -> Loaded:
    """Load a folder, or one file, in whole or not at all; it has been done when this returns.

    address: like a source's; rejects: a folder for the rejected rows; full: hours and zones of all stores give way, not
    only of those in the files; mapping: what the files call things. The rows of a rejects file of ours are added to
    those of their stores, and nothing else gives way to them.

    Raises SourceMismatch, SourceMissing, LoadRefused, CannotWrite, WouldOverwriteSource: then the tables and the
    folder of rejects are as they were; and RejectsNotWritten, where only the latter is.
    """
    found = found_files(path, mapping)
    files = [file for files in found.tables.values() for file in files]
    if full:
        refuse_corrections(files)
    with (
        panics_as_errors(found.source),
        RejectFiles(rejects, path, files) as reject_files,
        writable(address) as connection,
    ):
        job = Job(connection, reject_files, mapping, full, progress, Samples(mapping))
        with refusals(connection), connection.transaction():
            prepare(connection)
            done = [loaded for table, files in found.tables.items() for loaded in load_table(job, table, files)]
            reject_files.finish()
        reject_files.publish()
    return Loaded(tuple(done), [str(each) for each in (*job.samples.warnings(table_counts(done)), *found.remarks)])


def refuse_corrections(files: Sequence[DataFile]) -> None:
    """A rejects file holds some rows of some stores: with `full`, all others would be lost. Raises LoadRefused."""
    for file in files:
        if file.is_rejects:
            raise LoadRefused(
                "the tables", f"{file.name} is a rejects file, and holds only some rows", "Load it without --full."
            )


@contextmanager
def writable(address: str) -> Iterator[psycopg.Connection]:
    """A connection to the database at an address, the embedded one kept running meanwhile."""
    with ExitStack() as stack:
        if address == EMBEDDED:
            from store_uptime.pipeline.embedded.server import embedded_server

            address = stack.enter_context(embedded_server())
        yield stack.enter_context(connect(address, APPLICATION, LONGEST))


def prepare(connection: psycopg.Connection) -> None:
    """Wait for other loads, and see to it that the three tables are there and are ours. Raises LoadRefused."""
    connection.execute("select pg_advisory_xact_lock(hashtext('store-uptime load'))")
    connection.execute(
        statement(__package__, "lock_timeout"), [f"{LOCK_S:g}s"]
    )  # only now: another load may take its time
    strangers = [row[0] for row in connection.execute(statement(__package__, "strangers")).fetchall()]
    if strangers:
        found, renamed, read = "was", "that table", "it as it is"
        if len(strangers) > 1:
            found, renamed, read = "were", "those tables", "them as they are"
        raise LoadRefused(
            place(connection),
            f"{', '.join(strangers)} {found} not made by this command",
            f"Load into another database or schema (options=-csearch_path=NAME), or rename {renamed}; "
            f"a report can read {read}.",
        )
    connection.execute("set local client_min_messages = warning")
    connection.execute(statement(__package__, "tables"))


def load_table(job: Job, table: Table, files: Sequence[DataFile]) -> list[LoadedFile]:
    """Load the files of a table; those that hold corrected rows come last, for their stores keep what they have."""
    if not files:
        return []
    done = [
        loaded
        for is_rejects, merge in enumerate(MERGES[table])
        for loaded in load_set(job, table, [file for file in files if file.is_rejects == is_rejects], merge)
    ]
    job.connection.execute(in_table("analyze {table}", table))
    return done


def load_set(job: Job, table: Table, files: Sequence[DataFile], merge: LiteralString) -> list[LoadedFile]:
    """Load files that are one set, by one of the statements that merge `incoming`."""
    if not files:
        return []
    job.connection.execute(in_table(statement(__package__, "incoming"), table))
    tallies = copy_files(job, table, files)
    parameters = {"all_stores": job.full} if merge == "whole" else None
    moved = job.connection.execute(in_table(statement(__package__, merge), table), parameters).fetchall()
    job.connection.execute("drop table incoming")
    counts = {number: (came, went) for number, came, went in moved}
    return [
        LoadedFile(
            file.path,
            file.name,
            table,
            tallies[file.name].accepted,
            dict(tallies[file.name].rejected),
            *counts.get(number, (0, 0)),
            job.rejects.path(file.name),
        )
        for number, file in enumerate(files)
    ]


def copy_files(job: Job, table: Table, files: Sequence[DataFile]) -> dict[str, Tally]:
    """Copy what is kept of some files to `incoming`, and put the rest aside. Gives what was read of each, by name."""
    tallies = {file.name: Tally(file.path) for file in files}
    numbers = {file.name: number for number, file in enumerate(files)}
    copy = in_table("copy incoming ({columns}, file_number) from stdin (format csv)", table)
    with job.connection.cursor().copy(copy) as incoming:
        for batch in judged_batches(files, table, job.mapping):
            incoming.write(copy_text(batch, table, numbers))
            bad = as_it_was(only_rejected(batch.lazy()), COLUMNS[table]).collect()
            job.rejects.add(bad)
            job.samples.add(table, batch, bad)
            for name, reason, rows in batch.group_by(FILE, "reason", maintain_order=True).len().iter_rows():
                tallies[name].count(reason, rows)
                job.progress(tallies[name].file, tallies[name].read)
    return tallies


def in_table(text: LiteralString, table: Table) -> Composed:
    """A statement with the names of a table and its columns in their places."""
    return SQL(text).format(table=Identifier(table), columns=SQL(",").join(map(Identifier, COLUMNS[table])))


@contextmanager
def refusals(connection: psycopg.Connection) -> Iterator[None]:
    """What the server says no to, as an error of ours; the transaction has been undone by then."""
    try:
        yield
    except psycopg.Error as error:
        remedy = "Nothing was changed. A user who may create and write tables is needed, and disk space."
        if isinstance(error, psycopg.errors.LockNotAvailable):
            remedy = "Nothing was changed. Another session keeps its tables from being written; try again in a while."
        elif isinstance(error, NoAnswer):
            remedy = "It is not known whether anything was changed; load the same files once more, and it is done."
        raise LoadRefused(place(connection), first_line(error), remedy) from None


def place(connection: psycopg.Connection) -> str:
    """The database that is written to, for people."""
    return f"database {connection.info.dbname} of user {connection.info.user}"
