"""Files of the table `stores` in; its rows in PostgreSQL out: one of each store, and a column for each attribute.

load_stores      all files
load_listed      those whose stores give way, as those of hours do
load_corrected   rejects files, whose rows join those that are there
"""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl
import psycopg
from psycopg.sql import SQL, Identifier

from store_uptime.pipeline.clean.columns import FILE
from store_uptime.pipeline.clean.stores import JudgedStores, own_name, rejected_name, stores_of_rows
from store_uptime.pipeline.errors import SourceMismatch
from store_uptime.pipeline.load.context import FileCounts, LoadContext, loaded_files, tally_rows
from store_uptime.pipeline.load.judged_rows import numbered_rows
from store_uptime.pipeline.load.result import LoadedFile
from store_uptime.pipeline.load.tables import add_attributes, ensure_stores, stores_columns
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.source.folder.data_file import DataFile
from store_uptime.pipeline.source.folder.folder import read_error, scan
from store_uptime.pipeline.source.frames import READ_ERRORS
from store_uptime.pipeline.statements import statement
from store_uptime.pipeline.tables import ATTRIBUTE, Table, own_columns
from store_uptime.pipeline.warning_text import shortened

STORES: Table = "stores"
LONGEST_NAME = 63
OF_POSTGRES = ("tableoid", "xmin", "cmin", "xmax", "cmax", "ctid")
"""The columns that every table of PostgreSQL has already."""


def load_stores(load: LoadContext, files: Sequence[DataFile]) -> list[LoadedFile]:
    """Load the files of the table; those with corrected rows come last, for the stores that are there keep their rows.

    Raises SourceMismatch where a file is broken further down, or has an attribute whose name cannot be a column's.
    """
    if not files:
        return []
    check_names(files, load.mapping)
    ensure_stores(load.connection)
    loaded = load_listed(load, [file for file in files if not file.is_rejects])
    loaded += load_corrected(load, [file for file in files if file.is_rejects])
    load.connection.execute("analyze stores")
    return loaded


def load_listed(load: LoadContext, files: Sequence[DataFile]) -> list[LoadedFile]:
    """Load files whose stores give way."""
    if not files:
        return []
    found = judged_files(files, load.mapping, ())
    copy_rows(load, files, found.first)
    all_stores = {"all_stores": load.replaced_stores == "all"}
    replaced = load.connection.execute(statement(__package__, "replace_stores"), all_stores).fetchall()
    return add_rows(load, files, found, dict(replaced))


def load_corrected(load: LoadContext, files: Sequence[DataFile]) -> list[LoadedFile]:
    """Load rejects files: a store that is there has its row, and another one is rejected again."""
    if not files:
        return []
    found = judged_files(files, load.mapping, [present_rows(load.connection)])
    # What was there has no file.
    of_files = JudgedStores(*(rows.filter(pl.col(FILE).is_not_null()) for rows in found))
    copy_rows(load, files, of_files.first)
    return add_rows(load, files, of_files, {})


def check_names(files: Sequence[DataFile], mapping: SourceMapping) -> None:
    """Raises SourceMismatch where a file has an attribute whose name PostgreSQL would change or refuse."""
    for file in files:
        for name in file.columns(STORES, mapping) or ():
            for found, needed in faults(own_name(name)):
                raise SourceMismatch(file.place.printable_name, found, needed)


def faults(name: str) -> Iterator[tuple[str, str]]:
    """What keeps a name from being that of a column, and what to do."""
    if len(name.encode()) > LONGEST_NAME:
        found = f"the name of its column {shortened(name)} has {len(name.encode())} bytes"
        yield found, f"PostgreSQL keeps {LONGEST_NAME} of them: rename the column"
    if "\0" in name or name in OF_POSTGRES:
        yield f"its column is called {shortened(name)}", "no column of PostgreSQL can be called so: rename it"


def judged_files(files: Sequence[DataFile], mapping: SourceMapping, present: Sequence[pl.LazyFrame]) -> JudgedStores:
    """The rows of files, judged, after those that are present. Raises SourceMismatch where a file is broken."""
    try:
        return stores_of_rows([*present, *scan(files, STORES, mapping)])
    except READ_ERRORS as error:
        raise read_error(files[0].place.printable_name, {STORES: list(files)}, error, mapping) from error


def present_rows(connection: psycopg.Connection) -> pl.LazyFrame:
    """The rows of the table as it is."""
    names = stores_columns(connection)
    texts = SQL(",").join(SQL("{}::text").format(Identifier(name)) for name in names)
    rows = connection.execute(SQL("select {} from stores").format(texts)).fetchall()
    columns = [name if name in own_columns(STORES) else ATTRIBUTE + name for name in names]
    return pl.LazyFrame(rows, schema=dict.fromkeys(columns, pl.String()), orient="row")


def copy_rows(load: LoadContext, files: Sequence[DataFile], rows: pl.DataFrame) -> None:
    """Copy rows to `incoming`, whose columns are numbered: an attribute may be called `file_number`."""
    numbers = {file.name: number for number, file in enumerate(files)}
    described = described_columns(rows)
    columns = SQL(",").join(SQL("{} text").format(Identifier(name)) for name in incoming_columns(described))
    load.connection.execute(SQL(statement(__package__, "incoming_stores")).format(columns=columns))
    texts = rows.select("store_id", *described, FILE)
    with load.connection.cursor().copy("copy incoming from stdin (format csv)") as incoming:
        incoming.write(numbered_rows(texts, numbers))


def add_rows(
    load: LoadContext, files: Sequence[DataFile], found: JudgedStores, replaced: Mapping[int, int]
) -> list[LoadedFile]:
    """Add what is in `incoming`, with columns for attributes that are new. replaced: how many rows by file."""
    described = described_columns(found.first)
    names = [own_name(name) for name in described]
    add_attributes(load.connection, [name for name in names if name not in own_columns(STORES)])
    load.connection.execute(
        SQL("insert into stores (store_id, {}) select {} from incoming").format(
            SQL(",").join(map(Identifier, names)), SQL(",").join(map(Identifier, incoming_columns(described)))
        )
    )
    load.connection.execute("drop table incoming")
    added = dict(found.first.group_by(FILE).len().iter_rows())
    changed = [(number, added.get(file.name, 0), replaced.get(number, 0)) for number, file in enumerate(files)]
    return loaded_files(load, STORES, files, counted_rows(load, files, found), changed)


def counted_rows(load: LoadContext, files: Sequence[DataFile], found: JudgedStores) -> dict[str, FileCounts]:
    """The counts of files by their names; what is rejected goes to the rejects files."""
    counts = {file.name: FileCounts(file.place.path) for file in files}
    for rows in (found.accepted, found.rejected):
        tally_rows(counts, rows, load.progress)
    rejected = found.rejected.rename(rejected_name)
    load.rejects.add(rejected)
    load.samples.add(STORES, found.accepted, rejected)
    return counts


def described_columns(rows: pl.DataFrame) -> list[str]:
    """The columns that say something about a store: its name and its attributes."""
    return [name for name in rows.columns if name == "name" or name.startswith(ATTRIBUTE)]


def incoming_columns(described: Sequence[str]) -> list[str]:
    return ["store_id", *(f"value_{number}" for number in range(len(described)))]
