"""CSV or Parquet files into PostgreSQL: judged like any source, streamed as typed values, one transaction a file.

    load_files   every file of a folder, into tables that are made where there are none
    load_file    one file: judged in batches, copied to `incoming`, merged
    merged       polls are added, repeats ignored; hours and zones replace those of their stores

Statements are in `sql/load/`.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

import polars as pl
import psycopg
from psycopg.sql import SQL, Identifier

from pipeline.clean import WITHOUT_STORE, judged_hours, judged_polls, judged_zones
from pipeline.errors import LoadRefused, writing
from pipeline.intake import as_it_was
from pipeline.mapping import AS_NAMED, SourceMapping
from pipeline.options import EMBEDDED, HOUR_US, SECOND_US
from pipeline.source.connection import connected, first_line
from pipeline.source.discovery import found_files
from pipeline.source.files import DataFile
from pipeline.source.folder import read_error, scan
from pipeline.source.frames import READ_ERRORS
from pipeline.statements import statement
from pipeline.tables import COLUMNS, Table

BATCH_ROWS = 100_000
APPLICATION = "store-uptime load"

Read = Callable[[Path, int], None]
"""Is told how many rows of a file have been read so far."""


def unseen(file: Path, rows: int) -> None:
    """The progress that tells nobody."""


@dataclass(frozen=True)
class LoadedFile:
    """What became of a file: rows read = accepted + rejected; `added` rows are new in the table.

    Of polls, accepted - added rows were there already, or stood in the file more than once. replaced: how many rows
    of hours or zones gave way. rejects: the file with the rejected rows, None where there are none.
    """

    file: Path
    table: Table
    accepted: int
    rejected: dict[str, int]
    added: int
    replaced: int
    rejects: Path | None


def load_files(
    path: Path,
    address: str,
    rejects: Path = Path("rejects"),
    *,
    full: bool = False,
    progress: Read = unseen,
    mapping: SourceMapping = AS_NAMED,
) -> Iterator[LoadedFile]:
    """Load a folder, or one file, and say what became of each file once it is in.

    address: like a source's; full: hours and zones of all stores give way, not only of those in the file.
    mapping: what the files call columns and statuses; the tables have the usual names.
    Raises SourceMismatch or SourceMissing before anything is changed, LoadRefused, CannotWrite; a file that fails
    leaves its table as it was.
    """
    tables = found_files(path, mapping).tables
    with writable(address) as connection:
        prepare(connection)
        for table, files in tables.items():
            for file in files:
                yield load_file(connection, file, table, rejects, full, progress, mapping)


@contextmanager
def writable(address: str) -> Iterator[psycopg.Connection]:
    """A connection to the database at an address, the embedded one kept running meanwhile."""
    with ExitStack() as stack:
        if address == EMBEDDED:
            from pipeline.embedded import embedded_server

            address = stack.enter_context(embedded_server())
        yield stack.enter_context(connected(address, APPLICATION))


def prepare(connection: psycopg.Connection) -> None:
    """See to it that the three tables are there and are those that `load` makes. Raises LoadRefused."""
    with refusals(connection), connection.transaction():
        strangers = [row[0] for row in connection.execute(statement("load/strangers")).fetchall()]
        if strangers:
            raise LoadRefused(
                place(connection),
                f"{', '.join(strangers)} was not made by this command",
                "Load into another database or schema (options=-csearch_path=NAME), or rename that table; "
                "a report can read it as it is.",
            )
        connection.execute("select pg_advisory_xact_lock(hashtext('store-uptime load'))")
        connection.execute("set local client_min_messages = warning")
        connection.execute(statement("load/tables"))


def load_file(  # noqa: PLR0913, PLR0917
    connection: psycopg.Connection,
    file: DataFile,
    table: Table,
    rejects: Path,
    full: bool,
    progress: Read,
    mapping: SourceMapping,
) -> LoadedFile:
    """Load one file in one transaction."""
    names = {"table": Identifier(table), "columns": SQL(",").join(map(Identifier, COLUMNS[table]))}
    rejected = RejectFile(rejects / f"{file.path.name.split('.')[0]}.csv")
    with refusals(connection), rejected, connection.transaction():
        connection.execute(SQL(statement("load/incoming")).format(**names))
        copy = SQL("copy incoming ({columns}) from stdin (format csv)").format(**names)
        accepted = 0
        with connection.cursor().copy(copy) as incoming:
            for batch in judged_batches(file, table, mapping):
                incoming.write(wire(batch, table))
                rejected.add(as_it_was(batch.lazy().filter(pl.col("reason").is_not_null()), COLUMNS[table]).collect())
                accepted += batch["reason"].null_count()
                progress(file.path, accepted + rejected.counts.total())
        added, replaced = merged(connection, table, full)
        connection.execute(SQL("analyze {table}").format(**names))
        rejected.keep()
    return LoadedFile(
        file.path, table, accepted, dict(rejected.counts), added, replaced, rejected.path if rejected.counts else None
    )


def judged_batches(file: DataFile, table: Table, mapping: SourceMapping = AS_NAMED) -> Iterator[pl.DataFrame]:
    """A file's rows, judged, some at a time, in their order. Raises SourceMismatch where it is broken further down."""
    judges = {
        "store_status": partial(judged_polls, ahead_us=None, mapping=mapping),
        "menu_hours": partial(judged_hours, mapping=mapping),
        "timezones": judged_zones,
    }
    try:
        for raw in scan([file], table, mapping):
            yield from judges[table](raw).collect_batches(chunk_size=BATCH_ROWS, maintain_order=True)
    except READ_ERRORS as error:
        raise read_error(str(file.path), {table: [file]}, error, mapping) from error


def wire(batch: pl.DataFrame, table: Table) -> bytes:
    """The rows to keep as PostgreSQL's COPY takes them.

    A rejected row of hours is kept without its values: its store has hours, and nobody knows them.
    """
    attributed = ~pl.col("reason").is_in(WITHOUT_STORE).fill_null(False)
    good = pl.col("reason").is_null()
    match table:
        case "store_status":
            status = pl.when("active").then(pl.lit("active")).otherwise(pl.lit("inactive"))
            instant = pl.from_epoch("poll_us", "us").dt.strftime("%Y-%m-%d %H:%M:%S%.6f+00")
            rows = batch.filter(good).select("store_id", instant, status)
        case "menu_hours":
            values = (pl.col("weekday"), time_text(pl.col("start_us")), time_text(pl.col("end_us")))
            rows = batch.filter(attributed).select("store_id", *(pl.when(good).then(value) for value in values))
        case "timezones":
            # PostgreSQL cannot hold a NUL; with U+FFFD the zone is as unknown as before
            rows = batch.filter(good).select("store_id", pl.col("zone").str.replace_all("\0", "\ufffd", literal=True))
    return rows.write_csv(include_header=False).encode()


def time_text(us: pl.Expr) -> pl.Expr:
    """Microseconds since midnight as HH:MM:SS.ffffff, 24:00 included."""
    parts = (us // HOUR_US, us // (60 * SECOND_US) % 60, us // SECOND_US % 60)
    two_digits = (part.cast(pl.String).str.zfill(2) for part in parts)
    return pl.format("{}:{}:{}.{}", *two_digits, (us % SECOND_US).cast(pl.String).str.zfill(6))


def merged(connection: psycopg.Connection, table: Table, full: bool) -> tuple[int, int]:
    """How many rows of `incoming` were added to a table, and how many gave way to them."""
    if table == "store_status":
        return connection.execute(statement("load/store_status")).rowcount, 0
    replaced = connection.execute(SQL(statement("load/replaced")).format(table=Identifier(table)), {"all_stores": full})
    added = connection.execute(SQL("insert into {table} table incoming").format(table=Identifier(table)))
    return added.rowcount, replaced.rowcount


class RejectFile:
    """A CSV file of rejected rows that appears when it is kept; one of an earlier load gives way to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counts: Counter[str] = Counter()
        self._part = path.with_name(f".{path.name}.part")
        self._file: IO[bytes] | None = None

    def __enter__(self) -> "RejectFile":
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with suppress(OSError):  # on a full disk it fails once more
                self._file.close()
            self._part.unlink(missing_ok=True)

    def add(self, rows: pl.DataFrame) -> None:
        """Append rows: line, reason, and the row as it was. Raises CannotWrite."""
        if rows.is_empty():
            return
        self.counts.update(dict(rows.group_by("reason").len().iter_rows()))
        with writing(self.path):
            first = self._file is None
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._part.open("wb")
            rows.write_csv(self._file, include_header=first, line_terminator="\r\n")

    def keep(self) -> None:
        """Let the file appear, or an old one disappear where nothing was rejected. Raises CannotWrite."""
        with writing(self.path):
            if self._file is None:
                self.path.unlink(missing_ok=True)
            else:
                self._file.flush()
                self._part.replace(self.path)


@contextmanager
def refusals(connection: psycopg.Connection) -> Iterator[None]:
    """What the server says no to, as an error of ours; the transaction has been undone by then."""
    try:
        yield
    except psycopg.Error as error:
        remedy = "Nothing was changed by this file. A user who may create and write tables is needed, and disk space."
        raise LoadRefused(place(connection), first_line(error), remedy) from None


def place(connection: psycopg.Connection) -> str:
    """The database that is written to, for people."""
    return f"database {connection.info.dbname} of user {connection.info.user}"
