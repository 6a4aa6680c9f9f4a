"""Files of a table in; their rows, judged, in batches, and as CSV for COPY out.

judged_batches   the rows of a table's files, with a reason where they are rejected
rejected_rows    the rows that are rejected, as they were
copy_text        the rows that are loaded, as CSV for COPY
"""

from collections.abc import Iterator, Sequence

import polars as pl

from store_uptime.pipeline.clean.columns import FILE, storable
from store_uptime.pipeline.clean.raw import POLL_COLUMNS
from store_uptime.pipeline.clean.reasons import WITHOUT_STORE, only_rejected
from store_uptime.pipeline.clean.rules import JUDGES, POLL_REASON, trimmed
from store_uptime.pipeline.clean.split import DAYS, as_it_was, raw_columns
from store_uptime.pipeline.durations import HOUR_US, SECOND_US
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.source.folder.data_file import DataFile
from store_uptime.pipeline.source.folder.folder import read_error, scan
from store_uptime.pipeline.source.folder.small_files import in_batches
from store_uptime.pipeline.source.frames import READ_ERRORS
from store_uptime.pipeline.tables import Table


def judged_batches(files: Sequence[DataFile], table: Table, mapping: SourceMapping) -> Iterator[pl.DataFrame]:
    """The rows of a table's files, judged, some at a time; those of a file in their order, with its name in `file`.

    Raises SourceMismatch where a file is broken further down.
    """
    try:
        for raw in scan(files, table, mapping):
            yield from in_batches(JUDGES[table](raw, mapping))
    except READ_ERRORS as error:
        raise read_error(files[0].place.printable_name, {table: list(files)}, error, mapping) from error


def rejected_rows(batch: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The rows that are rejected, as they were."""
    # Of polls `reason` is why they are rejected: the reason that the source gives has no place beside it.
    columns = POLL_COLUMNS if table == "store_status" else raw_columns(table, [batch.lazy()])
    return as_it_was(only_rejected(batch.lazy()), columns).collect()


def copy_text(batch: pl.DataFrame, table: Table, numbers: dict[str, int]) -> bytes:
    """The rows to keep as PostgreSQL's COPY takes them, the number of their file last."""
    return numbered_rows(kept_rows(batch, table), numbers)


def numbered_rows(rows: pl.DataFrame, numbers: dict[str, int]) -> bytes:
    """Rows with the name of their file as COPY takes them, with its number instead."""
    number = pl.col(FILE).replace_strict(numbers, return_dtype=pl.Int32)
    return rows.with_columns(number).write_csv(include_header=False).encode()


def kept_rows(batch: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The rows of polls, hours or zones to keep, as PostgreSQL reads their values, and the name of their file last."""
    attributed = ~pl.col("reason").is_in(WITHOUT_STORE).fill_null(False)
    good = pl.col("reason").is_null()
    dates = tuple(pl.col(name).cast(pl.Date).cast(pl.String) for name in DAYS)
    match table:
        case "store_status":
            status = pl.when("active").then(pl.lit("active")).otherwise(pl.lit("inactive"))
            instant = pl.from_epoch("poll_us", "us").dt.strftime("%Y-%m-%d %H:%M:%S%.6f+00")
            return batch.filter(good).select("store_id", instant, status, poll_reason(batch.schema), FILE)
        case "menu_hours":
            # A rejected row is kept without its values: its store has hours, and nobody knows them. Without the row the
            # store would have none, and count as always open.
            values = (pl.col("weekday"), time_text(pl.col("start_us")), time_text(pl.col("end_us")), *dates)
            return batch.filter(attributed).select("store_id", *(pl.when(good).then(value) for value in values), FILE)
        case "timezones":
            # With U+FFFD a zone is as unknown as before.
            return batch.filter(good).select("store_id", storable(pl.col("zone")), *dates, FILE)
        case "stores":
            raise ValueError("of a store one row is kept: see load_stores")


def poll_reason(kinds: pl.Schema) -> pl.Expr:
    if POLL_REASON not in kinds:
        return pl.lit(None, pl.String).alias(POLL_REASON)
    return trimmed(pl.col(POLL_REASON))


def time_text(us: pl.Expr) -> pl.Expr:
    parts = (us // HOUR_US, us // (60 * SECOND_US) % 60, us // SECOND_US % 60)
    two_digits = (part.cast(pl.String).str.zfill(2) for part in parts)
    return pl.format("{}:{}:{}.{}", *two_digits, (us % SECOND_US).cast(pl.String).str.zfill(6))
