"""Files of a table in; their rows, judged, in batches, and as CSV for COPY out.

judged_batches   the rows of a table's files, with a reason where they are rejected
copy_text        the rows that are loaded, as CSV for COPY
"""

from collections.abc import Iterator, Sequence

import polars as pl

from store_uptime.pipeline.clean.columns import FILE
from store_uptime.pipeline.clean.reasons import WITHOUT_STORE
from store_uptime.pipeline.clean.rules import JUDGES, trimmed
from store_uptime.pipeline.durations import HOUR_US, SECOND_US
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.source.folder.data_file import DataFile
from store_uptime.pipeline.source.folder.folder import read_error, scan
from store_uptime.pipeline.source.folder.small_files import in_batches
from store_uptime.pipeline.source.frames import READ_ERRORS
from store_uptime.pipeline.tables import ATTRIBUTE, Table


def judged_batches(files: Sequence[DataFile], table: Table, mapping: SourceMapping) -> Iterator[pl.DataFrame]:
    """The rows of a table's files, judged, some at a time; those of a file in their order, with its name in `file`.

    Raises SourceMismatch where a file is broken further down.
    """
    try:
        for raw in scan(files, table, mapping):
            yield from in_batches(JUDGES[table](raw, mapping))
    except READ_ERRORS as error:
        raise read_error(files[0].place.printable_name, {table: list(files)}, error, mapping) from error


def copy_text(batch: pl.DataFrame, table: Table, numbers: dict[str, int]) -> bytes:
    """The rows to keep as PostgreSQL's COPY takes them, the number of their file last."""
    return (
        kept_rows(batch, table)
        .with_columns(pl.col(FILE).replace_strict(numbers, return_dtype=pl.Int32))
        .write_csv(include_header=False)
        .encode()
    )


def kept_rows(batch: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The rows to keep, their values as PostgreSQL reads them, and the name of their file last."""
    attributed = ~pl.col("reason").is_in(WITHOUT_STORE).fill_null(False)
    good = pl.col("reason").is_null()
    match table:
        case "store_status":
            status = pl.when("active").then(pl.lit("active")).otherwise(pl.lit("inactive"))
            instant = pl.from_epoch("poll_us", "us").dt.strftime("%Y-%m-%d %H:%M:%S%.6f+00")
            return batch.filter(good).select("store_id", instant, status, FILE)
        case "menu_hours":
            # A rejected row is kept without its values: its store has hours, and nobody knows them. Without the row the
            # store would have none, and count as always open.
            values = (pl.col("weekday"), time_text(pl.col("start_us")), time_text(pl.col("end_us")))
            return batch.filter(attributed).select("store_id", *(pl.when(good).then(value) for value in values), FILE)
        case "timezones":
            # PostgreSQL cannot hold a NUL; with U+FFFD the zone is as unknown as before
            zone = pl.col("zone").str.replace_all("\0", "\ufffd", literal=True)
            return batch.filter(good).select("store_id", zone, FILE)
        case "stores":
            described = [name for name in batch.columns if name == "name" or name.startswith(ATTRIBUTE)]
            return batch.filter(good).select("store_id", *(trimmed(pl.col(name)) for name in described), FILE)


def time_text(us: pl.Expr) -> pl.Expr:
    parts = (us // HOUR_US, us // (60 * SECOND_US) % 60, us // SECOND_US % 60)
    two_digits = (part.cast(pl.String).str.zfill(2) for part in parts)
    return pl.format("{}:{}:{}.{}", *two_digits, (us % SECOND_US).cast(pl.String).str.zfill(6))
