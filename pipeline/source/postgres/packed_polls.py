"""Packed polls in, rows of `sql/valid_polls.sql`; polls on the line out.

valid_groups   which of the rows hold valid polls only
PackedGroups   the polls of such rows
"""

import sys
from array import array

import polars as pl
import pyarrow as pa

from store_uptime.pipeline.clean.ids import id_reasons
from store_uptime.pipeline.clean.raw import PackedRows
from store_uptime.pipeline.clean.reasons import first_reason
from store_uptime.pipeline.instants import EPOCH, instant_us
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.packing import PollKeys, StoreCodes

SINCE_2000_US = instant_us(EPOCH.replace(year=2000))
WIDTH = 8


def valid_groups(groups: pa.Table) -> pl.Series:
    """Which groups hold valid polls only (bool): their id is accepted, and their status is active or inactive."""
    heads = pl.DataFrame(groups.select(["store_id", "status"]))
    has_good_id = first_reason(*id_reasons(heads.schema)).is_null()
    return heads.select(has_good_id & pl.col("status").is_not_null()).to_series()


class PackedGroups:
    """The polls of a horizon in groups of one store and status, with concatenated `times`. It is a `PollRows`."""

    def __init__(self, groups: pa.Table, codes: StoreCodes) -> None:
        self._groups, self._codes = groups, codes

    def read(self, keys: PollKeys, horizon: Horizon) -> PackedRows:
        """See `PollRows`. All of them are accepted."""
        # What the polls of a group have in common is computed once: the rest is twice the time, as it travels.
        code, begin = pl.col("code"), 2 * (horizon.start_us - SINCE_2000_US)
        polls = (
            pl.DataFrame(self._groups)
            .select(
                self._codes.of(pl.col("store_id")).alias("code"),
                active="status",
                polls=pl.col("times").bin.size() // WIDTH,
            )
            .select("code", (keys.first_position(code) + pl.col("active") - begin).repeat_by("polls").alias("head"))
            .explode("head")
            .with_columns(poll=pl.col("head") + 2 * self._since_2000_us())
        )
        return PackedRows(polls.filter(keys.has(code)).select("poll"))

    def height(self) -> int:
        """See `PollRows`."""
        return len(self._since_2000_us())

    def _since_2000_us(self) -> pl.Series:
        # A time is a big-endian int64, microseconds since 2000: the binary form of every server since PostgreSQL 10.
        times = array("q")
        for chunk in self._groups["times"].chunks:
            *_, content = chunk.buffers()  # the bytes of all groups, without a Python object for each
            times.frombytes(content)
        if sys.byteorder == "little":
            times.byteswap()
        return pl.Series(pa.Array.from_buffers(pa.int64(), len(times), [None, pa.py_buffer(times)]))
