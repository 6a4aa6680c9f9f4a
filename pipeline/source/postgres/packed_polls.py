"""Packed polls in, rows of `sql/valid_polls.sql`; one row per poll out.

valid_groups   which of the rows hold valid polls only
unpack_polls   the polls of such rows
"""

import sys
from array import array

import polars as pl
import pyarrow as pa

from store_uptime.pipeline.clean.ids import id_reasons
from store_uptime.pipeline.clean.reasons import first_reason
from store_uptime.pipeline.instants import EPOCH, instant_us

SINCE_2000_US = instant_us(EPOCH.replace(year=2000))
WIDTH = 8


def valid_groups(groups: pa.Table) -> pl.Series:
    """Which groups hold valid polls only (bool): their id is accepted, and their status is active or inactive."""
    heads = pl.DataFrame(groups.select(["store_id", "status"]))
    has_good_id = first_reason(*id_reasons(heads.schema)).is_null()
    return heads.select(has_good_id & pl.col("status").is_not_null()).to_series()


def unpack_polls(groups: pa.Table) -> pl.DataFrame:
    """store_id (categorical), poll_us (int64), active (bool), one row per poll, of groups with their concatenated
    `times`."""
    # A time is a big-endian int64, microseconds since 2000: the binary form of every server since PostgreSQL 10.
    of_group = pl.DataFrame(groups).select(
        pl.col("store_id").cast(pl.Categorical), active="status", polls=pl.col("times").bin.size() // WIDTH
    )
    times = array("q")
    for chunk in groups["times"].chunks:
        *_, content = chunk.buffers()  # the bytes of all groups, without a Python object for each
        times.frombytes(content)
    if sys.byteorder == "little":
        times.byteswap()
    since_2000 = pa.Array.from_buffers(pa.int64(), len(times), [None, pa.py_buffer(times)])
    return of_group.select(pl.col("store_id", "active").repeat_by("polls").explode()).select(
        "store_id", poll_us=pl.Series(since_2000) + SINCE_2000_US, active="active"
    )
