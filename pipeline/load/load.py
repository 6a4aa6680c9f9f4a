"""CSV or Parquet files in, rows in PostgreSQL out: judged like any source, all in one transaction.

    load_files   the files of a folder, into tables that are created where they are missing
    load_table   those of a table: judged in batches, copied to the temporary table `incoming`, merged
    load_stores  those of the table `stores`, in stores.py

All files of a table are one set: they replace hours, zones and stores of before the load only. Statements are in
`sql/`.
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import LiteralString

from store_uptime.pipeline.errors import LoadRefused
from store_uptime.pipeline.load.context import (
    FileCounts,
    LoadContext,
    Progress,
    ReplacedStores,
    loaded_files,
    tally_rows,
)
from store_uptime.pipeline.load.judged_rows import copy_text, judged_batches, rejected_rows
from store_uptime.pipeline.load.reject_files import RejectFiles
from store_uptime.pipeline.load.result import Loaded, LoadedFile, table_counts
from store_uptime.pipeline.load.row_samples import RowSamples
from store_uptime.pipeline.load.stores import load_stores
from store_uptime.pipeline.load.tables import ensure_tables, errors_as_refusals, in_table, open_database
from store_uptime.pipeline.logs import logger_of
from store_uptime.pipeline.mapping.mapping import AS_NAMED, SourceMapping
from store_uptime.pipeline.panics import panics_as_errors
from store_uptime.pipeline.source.folder.data_file import DataFile
from store_uptime.pipeline.source.folder.discovery import found_files
from store_uptime.pipeline.source.folder.fetched import still_stored
from store_uptime.pipeline.statements import statement
from store_uptime.pipeline.storage.addresses import ObjectAddress, files_at
from store_uptime.pipeline.tables import COLUMNS, Table

log = logger_of(__name__)
REPLACE_ROWS = "replace_rows"
# The statement that merges files of a table, and the one that merges rejects files whose rows were corrected.
MERGES: dict[Table, tuple[LiteralString, LiteralString]] = {
    "store_status": ("add_polls", "add_polls"),
    "menu_hours": (REPLACE_ROWS, "add_corrected_hours"),
    "timezones": (REPLACE_ROWS, "add_corrected_zones"),
}


def load_files(
    path: Path | str | ObjectAddress,
    address: str,
    rejects: Path | str = Path("rejects"),
    *,
    replaced_stores: ReplacedStores = "listed",
    mapping: SourceMapping = AS_NAMED,
    progress: Progress | None = None,
) -> Loaded:
    """Load a folder, or one file, completely or not at all. path: also the address of objects, such as `s3://…`.

    address: like a source's; rejects: a folder for the rejected rows; replaced_stores: those whose rows are replaced,
    those of the stores listed in the files, or of all stores; mapping: what the files call things. The rows of a
    rejects file of ours are added to those of their stores, and replace nothing else.

    Raises SourceMismatch, SourceMissing, LoadRefused, CannotWrite, WouldOverwriteSource: then the tables and the
    folder of rejects are unchanged; and RejectsNotWritten, where only the folder is.
    """
    place, rejects = files_at(path), Path(rejects)
    found = found_files(place, mapping)
    root = place.absolute() if isinstance(place, Path) else PurePosixPath(place.key)
    files = [file for files in found.tables.values() for file in files]
    if replaced_stores == "all":
        refuse_rejects_files(files)
    with (
        panics_as_errors(found.source),
        RejectFiles(rejects, root, files) as reject_files,
        open_database(address) as connection,
    ):
        load = LoadContext(connection, reject_files, mapping, replaced_stores, progress, RowSamples(mapping))
        with errors_as_refusals(connection), connection.transaction():
            ensure_tables(connection)
            loaded = [file for table in COLUMNS for file in load_table(load, table, found.tables[table])]
            loaded += load_stores(load, found.tables["stores"])
            still_stored(files)
            # Before the commit: what is in the way of the rejects files must keep the rows from being loaded.
            reject_files.finish()
        reject_files.publish()
    warnings = (*load.samples.warnings(table_counts(loaded)), *found.warnings)
    accepted = sum(file.accepted for file in loaded)
    log.info("loaded %s: files: %d, accepted rows: %d", found.source, len(loaded), accepted)
    for warning in warnings:
        log.warning("%s: %s", found.source, warning)
    return Loaded(tuple(loaded), [str(warning) for warning in warnings])


def refuse_rejects_files(files: Sequence[DataFile]) -> None:
    # A rejects file holds some rows of some stores: the hours and zones of all other stores would be lost.
    for file in files:
        if file.is_rejects:
            raise LoadRefused(
                "the tables", f"{file.name} is a rejects file, and holds only some rows", "Load it without --full."
            )


def load_table(load: LoadContext, table: Table, files: Sequence[DataFile]) -> list[LoadedFile]:
    """Load the files of a table; those with corrected rows come last, for their stores keep what they have."""
    if not files:
        return []
    whole, corrected = MERGES[table]
    loaded = merge_files(load, table, [file for file in files if not file.is_rejects], whole)
    loaded += merge_files(load, table, [file for file in files if file.is_rejects], corrected)
    # Autovacuum would do it after a minute; until then the first report plans by the counts of an empty table.
    load.connection.execute(in_table("analyze {table}", table))
    return loaded


def merge_files(load: LoadContext, table: Table, files: Sequence[DataFile], merge: LiteralString) -> list[LoadedFile]:
    """Load files that are one set, by one of the statements that merge `incoming`."""
    if not files:
        return []
    load.connection.execute(in_table(statement(__package__, "incoming"), table))
    counts = copy_files(load, table, files)
    parameters = {"all_stores": load.replaced_stores == "all"} if merge == REPLACE_ROWS else None
    changed = load.connection.execute(in_table(statement(__package__, merge), table), parameters).fetchall()
    load.connection.execute("drop table incoming")
    return loaded_files(load, table, files, counts, changed)


def copy_files(load: LoadContext, table: Table, files: Sequence[DataFile]) -> dict[str, FileCounts]:
    """Copy the accepted rows of some files to `incoming`, and the rest to the rejects files. The counts, by name."""
    counts = {file.name: FileCounts(file.place.path) for file in files}
    numbers = {file.name: number for number, file in enumerate(files)}
    copy = in_table("copy incoming ({columns}, file_number) from stdin (format csv)", table)
    with load.connection.cursor().copy(copy) as incoming:
        for batch in judged_batches(files, table, load.mapping):
            incoming.write(copy_text(batch, table, numbers))
            rejected = rejected_rows(batch, table)
            load.rejects.add(rejected)
            load.samples.add(table, batch, rejected)
            tally_rows(counts, batch, load.progress)
    return counts
