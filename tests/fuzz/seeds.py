"""What is mutated: small valid inputs, made anew in each process."""

import gzip
import io
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from store_uptime.pipeline import Options, archive, build_report_with_lanes, open_source, write_sample
from store_uptime.pipeline.sample.sample import END

TABLES = ("store_status", "menu_hours", "timezones")
MAPPING = b"""[store_status]
table = "shop.polls"
store_id = "id"
timestamp_utc = "t"
status = "s"
active = ["online", 1, true]
inactive = ["offline", 0]
timestamp_unit = "ms"

[menu_hours]
day_of_week = "weekday"
monday = 1

[timezones]
timezone_str = "zone"
"""
BODIES = (
    b'{"store_id": "a", "now": "2026-03-09T12:00:00.5+01:00", "columns": "extended", "max_gap": "2h"}',
    b'{"name": "daily", "cron": "15 6 * * 1-5", "zone": "Europe/Berlin", "store_id": 17, "deliver_to": ["a", "b"], '
    b'"format": "xlsx", "retention": "90d", "webhook": "https://example.org/hook"}',
    b'{"to": "bucket", "format": "csv", "columns": null}',
)
DURATIONS = (b"90m", b"2h", b"1d12h", b"0h", b"999999999d", b"1d2h3m4s")
INSTANTS = (
    b"2026-03-09",
    b"2026-03-09T12:00",
    b"2026-03-09T12:00:00.5+01:00",
    b"0001-01-01T00:00+14:00",
    b"9999-12-31",
)
CRONS = (
    b"15 6 * * 1-5",
    b"*/5 * * * *",
    b"0 0 29 2 *",
    b"30 2 L * *",
    b"0 12 * JAN MON#2",
    b"@daily",
    b"0 0 1-31/2 * 0,6",
)
ADDRESSES = (
    b"postgresql://me:secret@localhost:5432/shop?sslmode=require&application_name=x",
    b"host=localhost port=5432 dbname=shop user=me password='it''s'",
    b"postgres://[::1]:5432,localhost/shop?options=-csearch_path%3Dx",
    b"embedded:",
    b"service=shop",
    b"mysql://localhost/x",
    b"./feed",
)


@cache
def csv_files() -> dict[str, bytes]:
    """A sample of three stores as CSV, by table."""
    with TemporaryDirectory() as folder:
        write_sample(Path(folder), stores=3, days=2)
        return {table: Path(folder, f"{table}.csv").read_bytes() for table in TABLES}


@cache
def tables() -> dict[str, pa.Table]:
    """The same as typed tables."""
    with TemporaryDirectory() as folder:
        write_sample(Path(folder), stores=3, days=2, file_format="parquet")
        return {table: pq.read_table(Path(folder, f"{table}.parquet")) for table in TABLES}


@cache
def parquet_files() -> tuple[dict[str, bytes], ...]:
    """The same as Parquet of several kinds, each by table."""
    return (
        written(version="1.0", compression="none", use_dictionary=False),
        written(compression="snappy"),
        written(compression="zstd", data_page_version="2.0", row_group_size=40),
        written(compression="gzip", use_dictionary=False, write_page_index=True),
        {table: with_twins(rows) for table, rows in tables().items()},
        {table: by_polars(pl.DataFrame(rows)) for table, rows in tables().items()},
        {table: by_polars(pl.DataFrame(rows).cast(pl.String)) for table, rows in tables().items()},
    )


def written(**options: object) -> dict[str, bytes]:
    """The tables as pyarrow writes them."""
    files = {}
    for table, rows in tables().items():
        buffer = io.BytesIO()
        pq.write_table(rows, buffer, **options)
        files[table] = buffer.getvalue()
    return files


def with_twins(rows: pa.Table) -> bytes:
    """A table with two further columns of one name, which Polars does not read."""
    buffer = io.BytesIO()
    further = pa.array([1] * rows.num_rows)
    pq.write_table(rows.append_column("more", further).append_column("more", further), buffer, row_group_size=50)
    return buffer.getvalue()


def by_polars(frame: pl.DataFrame) -> bytes:
    """A table as Polars writes it, with its lists of pages."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, statistics="full", row_group_size=50)
    return buffer.getvalue()


def packed(random: Random, data: bytes) -> bytes:
    """Compressed by gzip or zstd, in one stream or several, or twice."""
    if random.random() < 0.3:
        cut = random.randint(0, len(data))
        return packed(random, data[:cut]) + packed(random, data[cut:])
    if random.random() < 0.05:
        return packed(random, packed(random, data))
    if random.random() < 0.5:
        return gzip.compress(data, random.choice((0, 1, 9)), mtime=0)
    parameters = zstandard.ZstdCompressionParameters(
        window_log=random.choice((10, 17, 27, 30)),
        write_content_size=random.random() < 0.5,
        write_checksum=random.random() < 0.5,
    )
    return zstandard.ZstdCompressor(compression_params=parameters).compress(data)


@cache
def reports() -> dict[str, bytes]:
    """A report in each format, and as it is kept: figures, plan, rejects, lanes."""
    with TemporaryDirectory() as folder:
        write_sample(Path(folder), stores=3, days=2)
        report = build_report_with_lanes(open_source(folder), Options(now=END))
    kept = archive(report)
    return {
        "report.csv": report.csv(),
        "report.json": report.json("extended"),
        "report.parquet": report.parquet("extended"),
        "report.xlsx": report.xlsx(),
        "figures": kept.figures,
        "plan": kept.plan,
        "rejects": kept.rejects,
        "lanes": kept.lanes or b"",
    }
