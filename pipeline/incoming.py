"""Files as rows on their way into PostgreSQL: judged, some at a time, and as COPY takes them.

judged_batches   the rows of a table's files, with a reason where they are rejected
copy_text        those of them that are kept, as CSV for COPY
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import polars as pl

from pipeline.clean import WITHOUT_STORE, judged_hours, judged_polls, judged_zones
from pipeline.errors import SourceMismatch
from pipeline.mapping import SourceMapping
from pipeline.options import HOUR_US, SECOND_US
from pipeline.source.connection import first_line
from pipeline.source.folder import scans
from pipeline.tables import Table

BATCH_ROWS = 100_000


def judged_batches(
    files: Sequence[Path], table: Table, mapping: SourceMapping
) -> Iterator[tuple[int, Path, pl.DataFrame]]:
    """The rows of a table's files, judged, some at a time, in their order: number of the file, the file, and rows.

    Raises SourceMismatch where a file is broken further down.
    """
    for number, file in enumerate(files):
        try:
            for raw in scans([file], table):
                for batch in judge(table, mapping)(raw).collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
                    yield number, file, batch
        except (pl.exceptions.PolarsError, OSError) as error:
            raise SourceMismatch(
                str(file), f"it cannot be read to its end ({first_line(error)})", "it must be CSV in UTF-8, or Parquet"
            ) from error


def judge(table: Table, mapping: SourceMapping) -> Callable[[pl.LazyFrame], pl.LazyFrame]:
    """What tells the good rows of a table from the bad."""
    match table:
        case "store_status":
            return partial(judged_polls, ahead_us=None, mapping=mapping)
        case "menu_hours":
            return partial(judged_hours, mapping=mapping)
        case "timezones":
            return judged_zones


def copy_text(batch: pl.DataFrame, table: Table, file_number: int) -> bytes:
    """The rows to keep as PostgreSQL's COPY takes them, the number of their file last."""
    numbered = kept_rows(batch, table).with_columns(pl.lit(file_number).alias("file_number"))
    return numbered.write_csv(include_header=False).encode()


def kept_rows(batch: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The rows to keep, their values as PostgreSQL reads them.

    A rejected row of hours is kept without its values: its store has hours, and nobody knows them.
    """
    attributed = ~pl.col("reason").is_in(WITHOUT_STORE).fill_null(False)
    good = pl.col("reason").is_null()
    match table:
        case "store_status":
            status = pl.when("active").then(pl.lit("active")).otherwise(pl.lit("inactive"))
            instant = pl.from_epoch("poll_us", "us").dt.strftime("%Y-%m-%d %H:%M:%S%.6f+00")
            return batch.filter(good).select("store_id", instant, status)
        case "menu_hours":
            values = (pl.col("weekday"), time_text(pl.col("start_us")), time_text(pl.col("end_us")))
            return batch.filter(attributed).select("store_id", *(pl.when(good).then(value) for value in values))
        case "timezones":
            # PostgreSQL cannot hold a NUL; with U+FFFD the zone is as unknown as before
            zone = pl.col("zone").str.replace_all("\0", "\ufffd", literal=True)
            return batch.filter(good).select("store_id", zone)


def time_text(us: pl.Expr) -> pl.Expr:
    """Microseconds since midnight as HH:MM:SS.ffffff, 24:00 included."""
    parts = (us // HOUR_US, us // (60 * SECOND_US) % 60, us // SECOND_US % 60)
    two_digits = (part.cast(pl.String).str.zfill(2) for part in parts)
    return pl.format("{}:{}:{}.{}", *two_digits, (us % SECOND_US).cast(pl.String).str.zfill(6))
