"""The stretches of time that figures are computed for.

Windows     any number of them: for all stores, for the stores of a clock, or for one store
last_week   the default: the last hour, day and week
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import polars as pl

from store_uptime.pipeline.options import WINDOWS, Horizon
from store_uptime.pipeline.packing import StoreCodes

STRETCH = {"window_id": pl.UInt32(), "from_us": pl.Int64(), "until_us": pl.Int64()}


@dataclass(frozen=True)
class Windows:
    """Windows, by number; one may have several stretches of time, and they may overlap: an instant counts once in each.

    stretches: window_id (uint32), from_us, until_us (int64, half-open, since 1970 UTC), and where they differ by
    clock or store a column of that name: clock, store_id (text). What lies outside the horizon does not count.
    """

    by: Literal["clock", "store_id", "code"] | None
    stretches: pl.DataFrame

    @classmethod
    def for_all(cls, stretches: Sequence[tuple[int, int]]) -> Self:
        """The same windows for all stores, numbered from 0 on: (from_us, until_us) each."""
        rows = [(number, *stretch) for number, stretch in enumerate(stretches)]
        return cls(None, pl.DataFrame(rows, schema=STRETCH, orient="row"))

    @classmethod
    def for_clocks(cls, stretches: pl.DataFrame) -> Self:
        """Windows by clock: clock (text, see `zones_at`), window_id, from_us, until_us."""
        return cls("clock", stretches)

    @classmethod
    def for_stores(cls, stretches: pl.DataFrame) -> Self:
        """Windows by store: store_id, window_id, from_us, until_us."""
        return cls("store_id", stretches)

    def coded(self, codes: StoreCodes) -> "Windows":
        """The same, with the codes of a run instead of the ids of stores."""
        if self.by != "store_id":
            return self
        return Windows("code", self.stretches.with_columns(code=codes.of(pl.col("store_id"))).drop("store_id"))

    def by_scope(self, stores: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """code, scope (uint32) of some stores, and the stretches with their scope: one scope has the same windows.

        stores: code, clock.
        """
        if self.by is None:
            everywhere = pl.lit(0, pl.UInt32).alias("scope")
            return stores.select("code", everywhere), self.stretches.with_columns(everywhere)
        scopes = stores.select(pl.col(self.by).unique()).with_row_index("scope")
        own = stores.join(scopes, on=self.by).select("code", "scope")
        return own, self.stretches.join(scopes, on=self.by).drop(self.by)


def last_week(horizon: Horizon) -> Windows:
    """The windows of a report: those of `WINDOWS`, in that order, and behind them the last microsecond before now."""
    # A poll at now is evidence of each, so they end just behind it; no time after now is counted.
    lengths = (*WINDOWS.values(), 1)
    return Windows.for_all([(horizon.now_us - length, horizon.now_us + 1) for length in lengths])
