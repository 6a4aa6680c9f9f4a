"""How the usual polls travel: `sql/postgres/usual_polls.sql` in, one row a poll out."""

import sys
from array import array

import polars as pl
import pyarrow as pa

from pipeline.options import EPOCH, instant_us

SINCE_2000_US = instant_us(EPOCH.replace(year=2000))
WIDTH = 8


def one_by_one(groups: pa.Table) -> pl.DataFrame:
    """store_id (categorical), timestamp_utc, status, a row a poll, of groups with `times` end to end.

    A time is a big-endian int64, microseconds since 2000: the binary form that every server since PostgreSQL 10 sends.
    """
    of_group = pl.DataFrame(groups).select(
        pl.col("store_id").cast(pl.Categorical), "status", polls=pl.col("times").bin.size() // WIDTH
    )
    times = array("q")
    for chunk in groups["times"].chunks:
        *_, content = chunk.buffers()
        times.frombytes(content)
    if sys.byteorder == "little":
        times.byteswap()
    since_2000 = pa.Array.from_buffers(pa.int64(), len(times), [None, pa.py_buffer(times)])
    return of_group.select(pl.col("store_id", "status").repeat_by("polls").explode()).with_columns(
        timestamp_utc=(pl.Series(since_2000) + SINCE_2000_US).cast(pl.Datetime("us", "UTC"))
    )
